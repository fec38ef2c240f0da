"""References that take values from frames and columns of any library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vxdata.schemas.notation.reference import Reference
from vxdata.sdk._tabular_input import column_of, is_table


class TakesTables(Reference):
    """A reference whose lists of values may be frames and columns."""

    __slots__ = ()

    def listed(self, values: object) -> list[Any] | None:
        """Take values from what holds several of them, frames and columns of any library included.

        Args:
            values: What a user gave as a collection.

        Returns:
            The values; None if it is no collection.
        """
        is_list = isinstance(values, Iterable) and getattr(values, "ndim", 1) == 1
        return column_of(values) if is_list or is_table(values) else None
