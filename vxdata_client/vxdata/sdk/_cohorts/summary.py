"""The summary of a cohort, as frames."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from vxdata.schemas.cohorts.model import DATA_SOURCE, ENDPOINTS, SOURCE_PREFIX
from vxdata.schemas.errors import ColumnNotFound
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.html import card, table
from vxdata.sdk._cohorts.values import series_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vxdata.schemas.cohorts import CohortModel

SUFFIX: Final = "_summary"
MEASURES: Final = ("min", "max", "mean", "median", "lower_quartile", "upper_quartile")
EXCLUSIVE: Final = "_exclusive"


class CohortSummary:
    """The summary of a cohort: how many entities there are, and a frame for each column.

    Columns of words have a frame with each value and, as `count`, its number of entities (as `count_result`
    where the column itself is called `count`); those of numbers have one row with minimum, maximum, mean,
    median and quartiles.

    Args:
        endpoint: The table of the entities.
        content: The summary as the server tells it.
        model: The columns of the catalog.
    """

    def __init__(self, endpoint: str, content: Mapping[str, Any], model: CohortModel) -> None:
        """Make the frames."""
        self._endpoint = endpoint
        (self._other,) = (name for name in ENDPOINTS if name != endpoint)
        self.total: int = content["total_count"]
        self.linked: int = content[f"{self._other}_count"]
        self.columns: dict[str, pl.DataFrame] = {
            key.removesuffix(SUFFIX): _frame(key.removesuffix(SUFFIX), found, model)
            for key, found in content.items()
            if key.endswith(SUFFIX)
        }
        self.sources: dict[str, pl.DataFrame] = {
            table: _sources(content[key], model, table) for key, table in _source_keys(content, endpoint)
        }

    def __getitem__(self, column: str) -> pl.DataFrame:
        """The frame of a column, by its public name.

        Raises:
            ColumnNotFound: The summary has no such column.
        """
        try:
            return self.columns[column]
        except KeyError:
            hint = did_you_mean(str(column), list(self.columns))
            msg = f"The summary has no column {column!r:.80}. {hint}"
            raise ColumnNotFound(msg, column=str(column)[:200]) from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the columns."""
        return iter(self.columns)

    def __len__(self) -> int:
        """The number of columns."""
        return len(self.columns)

    def __repr__(self) -> str:
        """Show the numbers and the columns."""
        return f"<{self._numbers()}: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """Show the frames in a notebook."""
        parts = [
            table((f"{name}: {frame.columns[0]}", *frame.columns[1:]), frame.rows())
            if frame.columns[0] != name
            else table(frame.columns, frame.rows())
            for name, frame in self.columns.items()
        ]
        parts += [table((f"sources of {name}", "count"), each.rows()) for name, each in self.sources.items()]
        return card(self._numbers(), "", *parts)

    def _numbers(self) -> str:
        return f"{self.total:,} {self._endpoint}s, {self.linked:,} {self._other}s"


def _frame(name: str, found: list[dict[str, Any]] | None, model: CohortModel) -> pl.DataFrame:
    """The frame of a column: its values and their numbers, or one row of measures."""
    rows = found or []
    if model.columns[name].summary == "numeric":
        kept = {measure: [row[measure] for row in rows] for measure in MEASURES}
        return pl.DataFrame([series_of(measure, kept[measure], model.columns[name]) for measure in MEASURES])
    # A frame cannot have two columns of one name, and a column of a catalog can have any.
    counted = "count" if name != "count" else "count_result"
    counts = pl.Series(counted, [row["count_result"] for row in rows], pl.Int64)
    return pl.DataFrame([series_of(name, [row[name] for row in rows], model.columns[name]), counts])


def _source_keys(content: Mapping[str, Any], endpoint: str) -> Iterator[tuple[str, str]]:
    """Keys of numbers by data source, with the tables that they are about."""
    for key in content:
        if key == DATA_SOURCE:
            yield key, endpoint
        elif key.endswith(f"_{DATA_SOURCE}"):
            yield key, key.removesuffix(f"_{DATA_SOURCE}")


def _sources(counts: Mapping[str, int], model: CohortModel, table_name: str) -> pl.DataFrame:
    """The numbers of rows that exactly so many sources have."""
    columns = [each for each in model.columns_of(table_name) if each.process == DATA_SOURCE]
    names = sorted(each.own_name.removeprefix(SOURCE_PREFIX) for each in columns if not each.is_virtual)
    groups = [each for size in range(1, len(names) + 1) for each in combinations(names, size)]
    keys = ["_".join(each) + (EXCLUSIVE if len(each) < len(names) else "") for each in groups]
    rows = [(list(each), counts[key]) for each, key in zip(groups, keys, strict=True)]
    return pl.DataFrame(rows, schema={"sources": pl.List(pl.String), "count": pl.Int64}, orient="row")
