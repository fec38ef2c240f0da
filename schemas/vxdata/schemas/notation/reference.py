"""The base of all references to a field, with errors for operators that Python would misread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from vxdata.schemas.notation.predicates import PARENTHESES
from vxdata.schemas.notation.show_names import show_field

if TYPE_CHECKING:
    from vxdata.schemas.plan import Part


class Reference:
    """A field by name, or with ``key`` one entry of a mapping field, or with ``part`` a part of its value.

    Args:
        name: Name of the field.
        key: Key of the entry.
        part: What is computed of the value.
    """

    __slots__ = ("key", "name", "part")
    # Numpy scalars on the left of an operator leave it to the reference on the right.
    __array_ufunc__: ClassVar[None] = None
    # References to entries are made with brackets, which alone would make Python try to iterate.
    __iter__: ClassVar[None] = None

    def __init__(self, name: str, key: str | None = None, part: Part | None = None) -> None:
        """Name a field."""
        self.name = name
        self.key = key
        self.part = part

    @property
    def place(self) -> dict[str, Any]:
        """The field, the key and the part, as nodes of plans name them."""
        return {"field": self.name, "key": self.key, "part": self.part}

    @property
    def label(self) -> str:
        """The field as the details of errors name it."""
        whole = self.name if self.key is None else f"{self.name}[{self.key!r}]"
        return whole if self.part is None else f"{self.part} of {whole}"

    def listed(self, values: object) -> list[Any] | None:
        """Take values from what holds several of them.

        Args:
            values: What a user gave as a collection.

        Returns:
            The values; None if it is no collection.
        """
        return list(values) if isinstance(values, Iterable) else None

    def __bool__(self) -> NoReturn:
        """Refuse: in `F.x and F.y == 1` Python would drop the first part.

        Raises:
            TypeError: Always.
        """
        msg = f"{self!r} has no truth value of its own. {PARENTHESES}"
        raise TypeError(msg)

    def __and__(self, other: object) -> NoReturn:
        """Refuse: this is a comparison without its parentheses.

        Raises:
            TypeError: Always.
        """
        msg = f"{self!r} is a field, not a predicate. {PARENTHESES}"
        raise TypeError(msg)

    __rand__ = __or__ = __ror__ = __and__

    def __invert__(self) -> NoReturn:
        """Refuse: only predicates are negated.

        Raises:
            TypeError: Always.
        """
        msg = f"{self!r} is a field, not a predicate; for a boolean field, write {self!r} == False."
        raise TypeError(msg)

    def __contains__(self, item: object) -> NoReturn:
        """Refuse: `in` always gives a truth value.

        Raises:
            TypeError: Always.
        """
        msg = (
            f"`in` makes no predicate; write {self!r}.has(item) for lists, {self!r}.contains(text) for texts."
        )
        raise TypeError(msg)

    def __repr__(self) -> str:
        """Show the reference as it is written."""
        return show_field(self.name, self.key, self.part)
