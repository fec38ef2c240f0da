"""Parts of values: the year and the month of a date, the number of items of a list, and each item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.notation.reference import Reference

if TYPE_CHECKING:
    from vxdata.schemas.plan import Part


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
        """Take the items of a list one by one, as a key of groups.

        A resource belongs to as many groups as its list has items, to none if the list is empty or null.

        Returns:
            A key for `group_by`, and for nothing else.

        Example:
            >>> from vxdata.sdk import F
            >>> F.modalities.each_item()
            F.modalities.each_item()
        """
        return self._part("item")

    def _part(self, part: Part) -> Self:
        if self.part is not None:
            msg = f"{self!r} is a part of a value, and has no parts itself."
            raise FieldTypeMismatch(msg, field=self.label)
        return type(self)(self.name, self.key, part)
