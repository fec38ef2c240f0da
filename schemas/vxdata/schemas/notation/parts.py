"""Parts of values: the year and the month of a date, the number of items of a list, and each item."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.notation.reference import Reference
from vxdata.schemas.notation.show_names import bin_name, show_bins
from vxdata.schemas.plan import GroupKey

if TYPE_CHECKING:
    from vxdata.schemas.plan import Part


class Bin:
    """The number of the bin of a value, as a key of groups.

    Args:
        value: The value, as a reference.
        width: How wide a bin is.
        origin: Where bin 0 begins.
    """

    __slots__ = ("origin", "value", "width")

    def __init__(self, value: Reference, width: float, origin: float) -> None:
        """Refuse bins that have no width.

        Raises:
            ValueError: The width is not above zero, or a number is not finite.
        """
        self.value, self.width, self.origin = value, float(width), float(origin)
        if not (0 < self.width < math.inf and math.isfinite(self.origin)):
            msg = f"{self!r}: the width of bins is a finite number above zero, and their origin a finite one."
            raise ValueError(msg)

    def key(self, name: str | None = None) -> GroupKey:
        """Write it as a node of plans.

        Args:
            name: Name of its column; by default made of the field.

        Returns:
            The node.
        """
        place = self.value.place
        return GroupKey(**place, width=self.width, origin=self.origin, name=name or bin_name(**place))

    def __repr__(self) -> str:
        """Show the key as it is written."""
        return f"{self.value!r}{show_bins(self.width, self.origin)}"


class Divisible(Reference):
    """The parts of a value, which stand in conditions, orders, aggregates and keys of groups as fields do."""

    __slots__ = ()

    def year(self) -> Self:
        """Take the year of a date, or of an instant in UTC.

        Returns:
            A whole number; null for a null.

        Example:
            >>> from vxdata.sdk import F
            >>> F.study_date.year() >= 2020
            F.study_date.year() >= 2020
        """
        return self._part("year")

    def month(self) -> Self:
        """Take the month within the year of a date, or of an instant in UTC.

        Returns:
            A whole number from 1 to 12; null for a null.

        Example:
            >>> from vxdata.sdk import F
            >>> F.study_date.month().is_in([6, 7, 8])
            F.study_date.month().is_in([6, 7, 8])
        """
        return self._part("month")

    def n_items(self) -> Self:
        """Count the items of a list, repeated ones as well.

        Returns:
            A whole number, 0 for an empty list; null for a null.

        Example:
            >>> from vxdata.sdk import F
            >>> F.modalities.n_items() > 1
            F.modalities.n_items() > 1
        """
        return self._part("n_items")

    def each_item(self) -> Self:
        """Take the items of a list, or the keys of a mapping, one by one, as a key of groups.

        A resource belongs to as many groups as there are items, to none if the value is empty or null.

        Returns:
            A key for `group_by`, and for nothing else.

        Example:
            >>> from vxdata.sdk import F
            >>> F.modalities.each_item()
            F.modalities.each_item()
        """
        return self._part("item")

    def bin(self, width: float, origin: float = 0) -> Bin:
        """Divide numbers into bins of equal width, as a key of groups.

        Args:
            width: How wide a bin is; above zero.
            origin: Where bin 0 begins.

        Returns:
            A key for `group_by`, and for nothing else: the number of a value's bin, as a double, which is
            ``floor((x - origin) / width)``; null for a null. Bin `n` begins at ``origin + n * width``.

        Raises:
            ValueError: The width is not above zero, or a number is not finite.

        Example:
            >>> from vxdata.sdk import F
            >>> F.slice_thickness.bin(0.5)
            F.slice_thickness.bin(0.5)
        """
        return Bin(self, width, origin)

    def _part(self, part: Part) -> Self:
        if self.part is not None:
            msg = f"{self!r} is a part of a value, and has no parts itself."
            raise FieldTypeMismatch(msg, field=self.label)
        return type(self)(self.name, self.key, part)
