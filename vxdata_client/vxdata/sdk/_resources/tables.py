"""Frames as tables to send: whole ones are checked before anything is sent, streams as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.sdk._conversion.frames import table_from_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.sdk._resources.upload import TypedTable
    from vxdata.sdk._tabular_input import Frames


@dataclass(frozen=True)
class Tables:
    """Tables to send.

    Args:
        tables: Each with its resource type; an iterator gives them once.
        rows: How many rows there are in all, where that is known.
    """

    tables: Iterable[TypedTable]
    rows: int | None = None


def tables_of(registry: Registry, by_type: Sequence[tuple[PayloadType, Frames]], verb: Verb) -> Tables:
    """Turn frames into tables.

    Args:
        registry: All payload types.
        by_type: The frames of each type.
        verb: What the rows are for.

    Returns:
        The tables. Where a frame comes only once, all are made while they are sent.

    Raises:
        VxDataError: As of `table_from_frame`; here or, for those that are made later, while they are sent.
    """
    tables = _converted(registry, by_type, verb)
    rows = [frames.rows for _, frames in by_type]
    total = None if None in rows else sum(filter(None, rows))
    if all(frames.is_repeatable for _, frames in by_type):
        return Tables(list(tables), total)
    return Tables(tables, total)


def _converted(
    registry: Registry, by_type: Sequence[tuple[PayloadType, Frames]], verb: Verb
) -> Iterator[TypedTable]:
    for payload_type, frames in by_type:
        first_row = 0
        for frame in frames.source:
            yield payload_type.prefix, table_from_frame(registry, payload_type, frame, verb, first_row)
            first_row += frame.height
