"""Pydantic's errors in the words of our own tree, so that users meet one tree only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import ValidationFailed, VxDataError
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.types.pydantic import CONTROL_FREE_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

MAX_VIOLATIONS: Final = 100
"""At most this many violations are carried; the error counts all of them."""

SHOWN_OF_VALUE: Final = 80
"""At most this many characters of an offending value are shown."""


def said_of(detail: ErrorDetails) -> str:
    """Say what pydantic found, without the class of the exception that a validator raised.

    Args:
        detail: One of its errors.

    Returns:
        A phrase for people.

    Example:
        >>> said_of({"type": "value_error", "loc": (), "msg": "Value error, set both", "input": None})
        'set both'
    """
    return detail["msg"].removeprefix("Value error, ")


def _no_words(_: str) -> Mapping[str, str]:
    """Find no vocabulary."""
    return {}


def error_from_pydantic(
    error: ValidationError,
    resource_type: str,
    identifier: object,
    known: Iterable[str],
    derived: Container[str] = (),
    words: Callable[[str], Mapping[str, str]] = _no_words,
) -> VxDataError:
    """Translate what pydantic found in one model.

    Args:
        error: What pydantic raised.
        resource_type: The payload type of the model.
        identifier: What was given as the model's identifier, if anything.
        known: The fields that the model has.
        derived: Fields of stored resources that no caller states.
        words: Finds what is understood for a field of a closed vocabulary, with what it means.

    Returns:
        The error of our tree that a validator raised, such as `UnexpectedPayload`, or else a
        `ValidationFailed` with every violation.
    """
    found = error.errors(include_url=False)
    for detail in found:
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, VxDataError):
            return cause
    known = list(known)
    violations = [
        {
            "resource_type": resource_type,
            "row": 0,
            "identifier": identifier if isinstance(identifier, str) else None,
            "field": str(detail["loc"][0]) if detail["loc"] else "",
            "problem": _problem(detail, known, derived, words),
            "value": abridged_value(detail["input"]) if detail["type"] != "missing" else None,
        }
        for detail in found[:MAX_VIOLATIONS]
    ]
    return ValidationFailed.from_violations(violations, count=len(found))


def abridged_value(value: object) -> str:
    """Show a value in an error, at most `SHOWN_OF_VALUE` characters of it.

    Args:
        value: The offending value.

    Returns:
        Its representation, cut where it is long.

    Example:
        >>> abridged_value("T9")
        "'T9'"
    """
    # Cut before the representation is made: a mistaken file content must not be written out in full.
    shown = repr(value[: SHOWN_OF_VALUE + 1] if isinstance(value, str | bytes | list) else value)
    return shown if len(shown) <= SHOWN_OF_VALUE else f"{shown[:SHOWN_OF_VALUE]}…"


def _problem(
    detail: ErrorDetails,
    known: list[str],
    derived: Container[str],
    words: Callable[[str], Mapping[str, str]],
) -> str:
    """Say in one phrase what is wrong, and where inside a list or mapping."""
    field, *inside = detail["loc"] or ("",)
    if detail["type"] == "extra_forbidden" and field in derived:
        return "is derived by the server; leave it out"
    if detail["type"] == "extra_forbidden":
        return f"there is no such field. {did_you_mean(str(field), known).removesuffix('.')}"
    context: dict[str, Any] = detail.get("ctx", {})
    problem = said_of(detail)
    if detail["input"] is None:
        problem = "null is not allowed"
    elif context.get("pattern") == CONTROL_FREE_PATTERN:
        problem = "Text should hold no control characters besides tab and line breaks"
    elif detail["type"] == "literal_error" and isinstance(detail["input"], str):
        hint = did_you_mean(detail["input"], words(str(field)))
        # Else the message of pydantic lists the words already.
        problem += f". {hint.removesuffix('.')}" if hint.startswith("Did you mean") else ""
    path = "".join(f"[{step!r}]" for step in inside)
    return f"at {path}: {problem}" if path else problem
