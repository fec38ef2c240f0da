"""Violations: what is wrong with which row, collected over a whole upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from vxdata.schemas.errors import ValidationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.schemas.payload_type import PayloadType

MAX_KEPT: Final = 10_000
"""Violations described one by one; further ones are only counted."""

SHOWN_VALUE_LENGTH: Final = 200

STEP: Final = 16_384
"""Rows of a mask that are looked through at a time."""


@dataclass
class Violations:
    """Collects violations; the first `MAX_KEPT` in full."""

    found: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    _orders: list[int] = field(default_factory=list)

    def add(
        self,
        payload_type: PayloadType,
        batch: pa.RecordBatch,
        first_row: int,
        name: str,
        mask: pa.Array,
        problem: str,
    ) -> None:
        """Record the rows that a mask marks.

        Args:
            payload_type: Type of the rows.
            batch: The rows.
            first_row: Number of the batch's first row within the upload.
            name: The field.
            mask: Boolean array, true where the field is wrong; null counts as right.
            problem: What is wrong, as the end of a sentence about the field.
        """
        self.count += mask.true_count
        for index in islice(_marked(mask), MAX_KEPT - len(self.found)):
            self.found.append(
                {
                    "resource_type": payload_type.prefix,
                    "row": first_row + index,
                    "identifier": _value(batch, "identifier", index),
                    "field": name,
                    "problem": problem,
                    "value": _value(batch, name, index),
                }
            )

    def take_over(self, others: Violations, origin_of: Callable[[int], tuple[int, int]]) -> None:
        """Record what was found in rows that were put together from several batches.

        Args:
            others: What was found, by the number of the row among those.
            origin_of: Tells the number of a row's batch in the upload, and its own number there.
        """
        self.count += others.count
        for violation in others.found[: MAX_KEPT - len(self.found)]:
            order, row = origin_of(violation["row"])
            self._orders.append(order)
            self.found.append(violation | {"row": row})

    def raise_if_any(self) -> None:
        """Raise what was collected, in the order in which the rows were sent.

        Raises:
            ValidationFailed: At least one violation was added.
        """
        if self.count:
            orders = self._orders or [0] * len(self.found)
            in_order = sorted(zip(orders, self.found, strict=True), key=itemgetter(0))
            raise ValidationFailed.from_violations([violation for _, violation in in_order], self.count)


def _marked(mask: pa.Array) -> Iterator[int]:
    """The places where a mask is true, found part by part: there may be millions, and few are needed."""
    for start in range(0, len(mask), STEP):
        yield from (start + index for index in pc.indices_nonzero(mask[start : start + STEP]).to_pylist())


def _value(batch: pa.RecordBatch, name: str, index: int) -> str | None:
    """A value as abridged text, or None where it or its column is missing."""
    if name not in batch.schema.names:
        return None
    column = batch.column(name)[index : index + 1]
    # Days and instants may lie beyond Python's calendar; Arrow has words for them.
    value = (column.cast(pa.string()) if pa.types.is_temporal(column.type) else column)[0].as_py()
    return None if value is None else str(value)[:SHOWN_VALUE_LENGTH]
