"""S3 URLs inside of a frame: which columns hold them, and what takes their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import polars as pl

from vxdata.schemas.errors import InvalidRequest, UnknownField
from vxdata.schemas.types.object_url import SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vxdata.schemas.catalog.registry import Registry


def find_urls(
    registry: Registry, frame: pl.DataFrame, columns: Sequence[str] | None = None
) -> dict[str, list[str]]:
    """Find the S3 URLs of a frame.

    Args:
        registry: The payload types.
        frame: Any rows.
        columns: Columns to look at. By default those named like a blob field of some payload type, and those
            whose texts are all S3 URLs.

    Returns:
        The URLs of each column that has any, each URL once.

    Raises:
        InvalidRequest: It is no data frame.
        UnknownField: The frame has no such column.
    """
    if not isinstance(frame, pl.DataFrame):
        msg = (
            f"materialize takes a polars.DataFrame, not {type(frame).__name__}; collect or convert it first."
        )
        raise InvalidRequest(msg)
    missing = [name for name in columns or () if name not in frame.columns]
    if missing:
        raise UnknownField.from_names("The frame", missing, frame.columns)
    blob_fields = {
        field.name for payload in registry for field in payload.response_fields if field.holds_blobs
    }
    found = {}
    for series in frame.get_columns() if columns is None else map(frame.get_column, columns):
        mixed = columns is not None or series.name in blob_fields
        urls = [url for texts in _texts(series) for url in _urls(texts, mixed=mixed)]
        if urls:
            found[series.name] = list(dict.fromkeys(urls))
    return found


def _texts(series: pl.Series) -> Iterator[pl.Series]:
    """The texts in a column, at any depth: those of each field of a structure apart."""
    plain = _plain(series.dtype)
    match plain:
        case pl.String():
            yield series.cast(plain)
        case pl.List():
            yield from _texts(series.cast(plain).explode())
        case pl.Struct():
            for field in series.struct.fields:
                yield from _texts(series.struct.field(field))
        case _:
            return


def _urls(texts: pl.Series, *, mixed: bool) -> list[str]:
    """The S3 URLs among texts; none if other texts are among them, unless they may be mixed."""
    present = texts.drop_nulls().unique(maintain_order=True)
    urls = present.filter(present.str.starts_with(SCHEME))
    return urls.to_list() if mixed or len(urls) == len(present) else []


def replaced(frame: pl.DataFrame, columns: Sequence[str], paths: Mapping[str, str]) -> pl.DataFrame:
    """Put paths in the place of URLs.

    Args:
        frame: The rows.
        columns: The columns that hold URLs.
        paths: The path for each URL; other texts stay as they are.

    Returns:
        The rows, with the same columns in the same order.
    """
    return frame.with_columns(_replacing(pl.col(name), frame.schema[name], paths) for name in columns)


def _replacing(values: pl.Expr, dtype: pl.DataType, paths: Mapping[str, str]) -> pl.Expr:
    plain = _plain(dtype)
    match plain:
        case pl.String():  # no category any more, since these are fixed for some types
            return values.cast(plain).replace(list(paths), list(paths.values()))
        case pl.List(inner=inner) if isinstance(inner, pl.DataType):
            lists = values.cast(plain).list.eval(_replacing(pl.element(), inner, paths))
            if isinstance(
                dtype, pl.Array
            ):  # by its length: what is in it need not be of the same type any more
                return lists.list.to_array(dtype.size)
            return lists if plain == dtype else lists.cast(dtype)
        case pl.Struct(fields=fields):
            return values.struct.with_fields(
                _replacing(pl.field(field.name), field.dtype, paths)
                for field in fields
                if isinstance(field.dtype, pl.DataType)
            )
        case _:
            return values


def _plain(dtype: Any) -> pl.DataType:
    """Return the storage type: text for a category, a list for an array and for a mapping."""
    match dtype:
        case pl.Categorical() | pl.Enum():
            return pl.String()
        case pl.Array():
            return pl.List(dtype.inner)
        case _ if type(dtype).__name__ == "Map":  # not in older Polars, where mappings are such lists
            return pl.List(pl.Struct({"key": dtype.key, "value": dtype.value}))
        case _:
            return cast("pl.DataType", dtype)
