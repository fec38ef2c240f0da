"""Nested columns: other children under the same offsets and nulls, without a copy."""

from __future__ import annotations

import pyarrow as pa


def with_values(column: pa.Array, values: pa.Array) -> pa.Array:
    """Put a list of other values in the place of a list or mapping.

    `ListArray.from_arrays` takes no nulls beside the offsets of a slice; the buffers themselves fit always.

    Args:
        column: A list or mapping array, possibly a slice.
        values: As long as its values.

    Returns:
        A list array with the length and nulls of `column`.

    Example:
        >>> mapping = pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64()))
        >>> with_values(mapping, mapping.keys).to_pylist()
        [['a'], None]
    """
    return _rebuilt(pa.list_(values.type), column, values)


def as_map(column: pa.Array, map_type: pa.MapType) -> pa.Array:
    """Read a list of (key, value) structs as a mapping.

    Args:
        column: A list array of structs of two, possibly a slice.
        map_type: The Arrow type of the mapping.

    Returns:
        The same buffers as a map array.
    """
    keys, items = column.values.flatten()
    entries = pa.StructArray.from_arrays([keys, items], fields=[map_type.key_field, map_type.item_field])
    return _rebuilt(map_type, column, entries)


def _rebuilt(to: pa.DataType, column: pa.Array, values: pa.Array) -> pa.Array:
    buffers = column.buffers()[:2]
    return pa.Array.from_buffers(to, len(column), buffers, column.null_count, column.offset, [values])
