"""Values: each field's constraints, as masks over whole columns.

A rule takes a field type and a column without looking at rows, and yields (mask, problem) pairs; a
mask is true where the column is wrong. Cheap bounds over the whole column come first, so that a good
column costs one pass.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from vxdata.schemas.fields import (
    CONTROL_CHARACTERS,
    MAX_ITEMS,
    MAX_TEXT_LENGTH,
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.types.object_url import NO_URL, problems_of
from vxdata.server.ingest.nested import with_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.server.ingest.validation.violations import Violations

    Problems = Iterator[tuple[pa.Array, str]]

FIRST_PRINTABLE = 0x20
DELETE = 0x7F
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


def check_values(
    payload_type: PayloadType,
    batch: pa.RecordBatch,
    first_row: int,
    violations: Violations,
    verb: Verb = "create",  # noqa: ARG001 - one shape for all checks
) -> None:
    """Check every column of the batch against its field."""
    for field in payload_type.create_fields:
        if field.name not in batch.schema.names:
            continue
        column = batch.column(field.name)
        if field.required and column.null_count:
            violations.add(
                payload_type, batch, first_row, field.name, column.is_null(), "is required, but null"
            )
        if column.null_count == len(column):
            continue
        for mask, problem in RULES[type(field.type)](field.type, column):
            violations.add(payload_type, batch, first_row, field.name, mask, problem)


def _text(text: Text, column: pa.Array) -> Problems:
    if _may_hold_controls(column):
        yield pc.match_substring_regex(column, CONTROL_CHARACTERS), "holds a control character, such as NUL"
    if pc.max(pc.binary_length(column)).as_py() > text.max_length:
        yield (
            pc.greater(pc.utf8_length(column), text.max_length),
            f"is longer than {text.max_length} characters",
        )
    if text.pattern is not None:
        yield _mismatch(column, text.pattern), f"does not match {text.pattern}"


def _blob_url(_: BlobUrl, column: pa.Array) -> Problems:
    problems = problems_of(column)
    if problems.null_count == len(problems):
        return
    for problem in pc.unique(problems.drop_null()).to_pylist():
        why = "" if problem == NO_URL else f": {problem}"
        yield pc.equal(problems, problem), f"is not an s3://bucket/key URL{why}"


def _enum(enum: Enum, column: pa.Array) -> Problems:
    known = pc.is_in(column, value_set=pa.array(enum.values, column.type))
    yield (
        pc.and_(pc.invert(known), column.is_valid()),
        f"is none of {', '.join(enum.values)}{_meanings(enum)}",
    )


def _meanings(enum: Enum) -> str:
    """Say what synonyms are to be written as."""
    meant = "".join(f", {word!r} as {value!r}" for word, value in enum.synonyms)
    return f" (write {meant[2:]})" if meant else ""


def _integer(integer: Integer, column: pa.Array) -> Problems:
    yield from _bounds(column, pc.less, integer.ge, "less than")
    yield from _bounds(column, pc.greater, integer.le, "greater than")


def _float(number: Float, column: pa.Array) -> Problems:
    yield pc.invert(pc.is_finite(column)), "is not a finite number"
    yield from _bounds(column, pc.less, number.ge, "less than")
    yield from _bounds(column, pc.greater, number.le, "greater than")
    yield from _bounds(column, pc.less_equal, number.gt, "not above")


def _date(day: Date, column: pa.Array) -> Problems:
    yield from _bounds(column, pc.less, day.ge or date.min, "before")
    yield from _bounds(column, pc.greater, day.le or date.max, "after")


def _timestamp(_: Timestamp, column: pa.Array) -> Problems:
    """Arrow reaches further than Python's calendar, in which every stored value must be readable."""
    yield from _bounds(column, pc.less, FIRST_INSTANT, "before")
    yield from _bounds(column, pc.greater, LAST_INSTANT, "after")


def _any_value(_: Boolean, __: pa.Array) -> Problems:
    """Every value of the Arrow type is valid."""
    yield from ()


def _text_list(texts: TextList, column: pa.Array) -> Problems:
    yield pc.greater(pc.list_value_length(column), MAX_ITEMS), f"has more than {MAX_ITEMS} items"
    items, rows = pc.list_flatten(column), _parents(column)
    item_type = BlobUrl() if texts.blobs else Text(pattern=texts.pattern)
    yield from _of_items(item_type, items, rows, len(column), "has an item that")


def _mapping(mapping: TextMap | NumberMap, column: pa.Array) -> Problems:
    keys_of_rows = with_values(column, column.keys)
    yield pc.greater(pc.list_value_length(keys_of_rows), MAX_ITEMS), f"has more than {MAX_ITEMS} items"
    rows = _parents(keys_of_rows)
    keys, values = pc.list_flatten(keys_of_rows), pc.list_flatten(with_values(column, column.items))
    yield _rows(_repeated(rows, keys), rows, len(column)), "has a key twice"
    yield from _of_items(Text(max_length=MAX_TEXT_LENGTH), keys, rows, len(column), "has a key that")
    value_type = Float() if isinstance(mapping, NumberMap) else BlobUrl() if mapping.blobs else Text()
    yield from _of_items(value_type, values, rows, len(column), "has a value that")


def _parents(column: pa.Array) -> pa.Array:
    """The row of each item; values hidden under a null row are no items."""
    rows = pc.list_parent_indices(column)
    return rows.filter(column.is_valid().take(rows)) if column.null_count else rows


def _of_items(
    item_type: Text | BlobUrl | Float, items: pa.Array, rows: pa.Array, size: int, what: str
) -> Problems:
    """Apply a rule to the items of nested values, and report the rows that hold them."""
    if items.null_count:
        yield _rows(items.is_null(), rows, size), f"{what} is null"
    if items.null_count < len(items):
        for mask, problem in RULES[type(item_type)](item_type, items):
            yield _rows(mask, rows, size), f"{what} {problem}"


def _rows(mask: pa.Array, rows: pa.Array, size: int) -> pa.Array:
    """Turn a mask over items into one over the rows that they belong to."""
    wrong = pc.unique(rows.filter(mask))
    return (
        pc.is_in(pa.array(range(size), rows.type), value_set=wrong)
        if len(wrong)
        else pa.array([False] * size, pa.bool_())
    )


def _repeated(rows: pa.Array, keys: pa.Array) -> pa.Array:
    """Mark the entries whose key occurs more than once in their row."""
    entries = pa.table({"row": rows, "key": keys})
    counts = entries.group_by(["row", "key"]).aggregate([([], "count_all")])
    repeated = pc.unique(counts.filter(pc.greater(counts["count_all"], 1))["row"].combine_chunks())
    return pc.is_in(rows, value_set=repeated)


def _bounds(column: pa.Array, breaks: Callable[..., Any], bound: object, words: str) -> Problems:
    if bound is not None:
        yield breaks(column, pa.scalar(bound, column.type)), f"is {words} {bound}"


def _mismatch(column: pa.Array, pattern: str) -> pa.Array:
    return pc.invert(pc.match_substring_regex(column, pattern))


def _may_hold_controls(column: pa.Array) -> bool:
    """Whether any byte of the column's text is a control character that text may not hold.

    Looks at the bytes as numbers: in UTF-8 the values below 0x80 stand for themselves alone.
    """
    data = column.buffers()[2]
    if data is None or not data.size:
        return False
    extremes = pc.min_max(pa.Array.from_buffers(pa.uint8(), data.size, [None, data]))
    if extremes["min"].as_py() < FIRST_PRINTABLE:
        return True
    # Only what is not all ASCII is looked through for it.
    return extremes["max"].as_py() >= DELETE and DELETE.to_bytes() in data.to_pybytes()


RULES: dict[type, Callable[[Any, pa.Array], Problems]] = {
    Text: _text,
    BlobUrl: _blob_url,
    Enum: _enum,
    Integer: _integer,
    Float: _float,
    Boolean: _any_value,
    Date: _date,
    Timestamp: _timestamp,
    TextList: _text_list,
    TextMap: _mapping,
    NumberMap: _mapping,
}
