"""What is written to see how writes grow: rows that are right, wrong in one place or in all, deep or wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.catalog.registry import registry
from vxdata.sdk._conversion.frames import table_from_frame
from vxdata.sdk._resources.upload import WriteRequest

if TYPE_CHECKING:
    from vxdata.schemas.wire import Verb

Tables = list[tuple[str, pl.DataFrame]]

SOURCE: Final = "datasource/growth"
MISSING: Final = "datasource/missing"
METADATA: Final = ("identifier", "parent_identifier", "license")
VALUES: Final = {"Text": "x", "Float": 1.0, "NumberMap": [{"key": "dice", "value": 0.5}]}
"""Kind of a field to a value of it."""


def names(prefix: str, tag: str, count: int) -> pl.Series:
    """Identifiers of resources."""
    numbers = pl.int_range(count, eager=True).cast(pl.String).str.zfill(8)
    return (f"{prefix}/{tag}-" + numbers).alias("identifier")


def volumes(tag: str, count: int, parents: pl.Series | str = SOURCE) -> pl.DataFrame:
    """Volumes below some parents, or all below one."""
    index = pl.int_range(count, eager=True)
    return pl.DataFrame({"identifier": names("volume", tag, count)}).with_columns(
        parent_identifier=pl.lit(parents) if isinstance(parents, str) else parents,
        license=pl.lit("CC0"),
        modality=pl.lit("MR"),
        b_value=(index % 20 * 50).cast(pl.Float64),
        series_number=index % 30,
        series_description="axial, series " + (index % 1000).cast(pl.String),
    )


def with_first(frame: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    """A frame with another value in its first row."""
    is_first = pl.int_range(frame.height, eager=True) == 0
    changed = pl.when(is_first).then(pl.lit(value, frame.schema[column])).otherwise(pl.col(column))
    return frame.with_columns(changed.alias(column))


def chain(tag: str, count: int) -> pl.DataFrame:
    """Volumes, each below the one before it."""
    above = pl.concat([pl.Series([SOURCE]), names("volume", tag, count).head(count - 1)])
    return volumes(tag, count, above.alias("parent_identifier"))


def with_parents(tag: str, count: int) -> Tables:
    """Studies and ten times as many volumes below them, which come first."""
    studies = max(count // 10, 1)
    study_names = names("imagingstudy", tag, studies)
    below = study_names.gather(pl.int_range(count, eager=True) % studies)
    return [
        ("volume", volumes(tag, count, below.alias("parent_identifier"))),
        ("imagingstudy", plain("imagingstudy", tag, studies)),
    ]


def wide(tag: str, count: int) -> Tables:
    """As many rows over all types, each type with the same number of them."""
    types = [payload_type.prefix for payload_type in registry()]
    return [(prefix, plain(prefix, tag, max(count // len(types), 1))) for prefix in types]


def plain(prefix: str, tag: str, count: int) -> pl.DataFrame:
    """Resources of a type with what these must have."""
    fields = registry().get(prefix).create_fields
    required = {field.name: type(field.type).__name__ for field in fields if field.required}
    given: dict[str, object] = {name: VALUES[kind] for name, kind in required.items() if name not in METADATA}
    metadata = {"parent_identifier": SOURCE, "license": "CC0"}
    values = [pl.lit(value).alias(name) for name, value in (metadata | given).items()]
    return pl.DataFrame({"identifier": names(prefix, tag, count)}).with_columns(values)


def named(tables: Tables) -> Tables:
    """The identifiers alone."""
    return [(prefix, frame.select("identifier")) for prefix, frame in tables]


def changed(tables: Tables) -> Tables:
    """Identifiers with another licence."""
    return [(prefix, frame.select("identifier", license=pl.lit("CC BY 4.0"))) for prefix, frame in tables]


def request(verb: Verb, tables: Tables, *, cascade: bool = False) -> WriteRequest:
    """A write of some tables, in one commit."""
    known = registry()
    arrow = [(prefix, table_from_frame(known, known.get(prefix), frame, verb)) for prefix, frame in tables]
    return WriteRequest(verb, arrow, cascade=cascade)
