"""The root of the errors: what they carry, and how they travel."""

from __future__ import annotations

from typing import Any, ClassVar


class VxDataError(Exception):
    """Root of every error that VxData raises on purpose.

    Args:
        message: One or two sentences: what was wrong, what was there, what to try.
        details: JSON-compatible data, complete where the message is abridged.
    """

    code: ClassVar[str] = "ERROR"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **details: Any) -> None:
        """Keep the message and the details."""
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Derive the wire code from the class name: `ResourceNotFound` -> `RESOURCE_NOT_FOUND`."""
        super().__init_subclass__(**kwargs)
        stem = "".join(f"_{letter}" if letter.isupper() else letter for letter in cls.__name__)
        cls.code = stem.lstrip("_").upper()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by message and details, so that errors cross process pools whole."""
        return _rebuild, (type(self), self.message, self.details)

    def _render_traceback_(self) -> list[str]:
        """Write the error for IPython, without the frames inside VxData; `traceback` shows all of them."""
        from vxdata.schemas.errors.notebook import brief_traceback  # noqa: PLC0415 - for notebooks alone

        return brief_traceback(self)

    def to_wire(self) -> dict[str, Any]:
        """Describe the error as JSON-compatible data.

        Returns:
            A dictionary with `code`, `message`, `details` and `retryable`.
        """
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "retryable": self.retryable,
        }

    @staticmethod
    def from_wire(wire: dict[str, Any]) -> VxDataError:
        """Rebuild an error from `to_wire`; an unknown code becomes an `InternalError` that names it.

        Args:
            wire: What `to_wire` returned on the other side.

        Returns:
            An error of the class that was raised there.
        """
        code = str(wire.get("code"))
        details = dict(wire.get("details") or {})
        classes = _by_code(VxDataError)
        error_class = classes.get(code)
        if error_class is None:
            return classes["INTERNAL_ERROR"](f"{code}: {wire.get('message')}", **details)
        return _rebuild(error_class, str(wire.get("message")), details)


def _rebuild(error_class: type[VxDataError], message: str, details: dict[str, Any]) -> VxDataError:
    """Make an error from its parts; `details` may hold a key named `message`."""
    error = error_class(message)
    error.details = details
    return error


def _by_code(root: type[VxDataError]) -> dict[str, type[VxDataError]]:
    """Map every code of the tree below `root`, itself included, to its class."""
    below = {code: found for child in root.__subclasses__() for code, found in _by_code(child).items()}
    return below | {root.code: root}
