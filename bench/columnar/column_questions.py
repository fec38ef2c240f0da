"""The questions of the columnar benchmarks, each as a query of the SDK and as SQL for PostgreSQL and DuckDB.

The constants fit Imaging Data Commons as well as the synthetic volumes of `bench.growth.synthetic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bench.data import VOLUMES
from vxdata.sdk import F, count

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vxdata.sdk import Client, Query

LARGE_MB: Final = 50
PULLED: Final = "pull of 4 columns"
"""The question whose time alone has a goal: its answer has 20,717 rows in Imaging Data Commons."""


@dataclass(frozen=True)
class ColumnQuestion:
    """One question about volumes.

    Args:
        name: What a reader calls it.
        query: Makes the query of it, from one of all volumes.
        sql: The same by hand; `{volumes}` stands for the table, `{live}` for what keeps its live rows.
        is_counted: Whether the rows are counted instead of fetched.
        is_ordered: Whether the order of the rows is part of the answer.
    """

    name: str
    query: Callable[[Query[Any]], Query[Any]]
    sql: str
    is_counted: bool = False
    is_ordered: bool = False

    def ask(self, client: Client, as_of: datetime | None = None) -> pl.DataFrame:
        """Ask it through our client.

        Args:
            client: The client.
            as_of: An instant of the past; the present if None.

        Returns:
            The answer; a count is one row of one column.
        """
        return self.ask_of(client.volumes.query(), as_of)

    def ask_of(self, volumes: Query[Any], as_of: datetime | None = None) -> pl.DataFrame:
        """Ask it of a part of the volumes.

        Args:
            volumes: A query for them.
            as_of: An instant of the past; the present if None.

        Returns:
            The answer; a count is one row of one column.
        """
        query = self.query(volumes)
        query = query if as_of is None else query.as_of(as_of)
        return pl.DataFrame({"rows": [query.count()]}) if self.is_counted else query.collect()

    def sql_of(self, volumes: str, live: str) -> str:
        """The statement over some table."""
        return self.sql.format(volumes=volumes, live=live)


COLUMN_QUESTIONS: Final = (
    ColumnQuestion(
        "count by a number",
        lambda volumes: volumes.filter(F.size_mb > LARGE_MB),
        f"SELECT count(*) FROM {{volumes}} WHERE {{live}} AND size_mb > {LARGE_MB}",
        is_counted=True,
    ),
    ColumnQuestion(
        "count of two equalities",
        lambda volumes: volumes.filter(F.modality == "MR", F.manufacturer == "SIEMENS"),
        "SELECT count(*) FROM {volumes} WHERE {live} AND modality = 'MR' AND manufacturer = 'SIEMENS'",
        is_counted=True,
    ),
    ColumnQuestion(
        "text contains",
        lambda volumes: volumes.filter(F.series_description.contains("t2")),
        "SELECT count(*) FROM {volumes} WHERE {live} AND series_description LIKE '%t2%'",
        is_counted=True,
    ),
    ColumnQuestion(
        "text contains, any case",
        lambda volumes: volumes.filter(F.series_description.contains("prostate", ignore_case=True)),
        "SELECT count(*) FROM {volumes} WHERE {live} AND series_description ILIKE '%prostate%'",
        is_counted=True,
    ),
    ColumnQuestion(
        "group by, count and sums",
        lambda volumes: volumes.group_by("modality").agg(count(), F.instance_count.sum(), F.size_mb.sum()),
        "SELECT modality, count(*), CAST(sum(instance_count) AS bigint) AS instances, sum(size_mb) AS size "
        "FROM {volumes} WHERE {live} GROUP BY modality",
    ),
    ColumnQuestion(
        "distinct patients by group",
        lambda volumes: volumes.group_by("modality").agg(F.patient_id.n_unique()),
        "SELECT modality, count(DISTINCT patient_id) FROM {volumes} WHERE {live} GROUP BY modality",
    ),
    ColumnQuestion(
        "median by group",
        lambda volumes: volumes.group_by("manufacturer").agg(F.size_mb.quantile(0.5)),
        "SELECT manufacturer, percentile_cont(0.5) WITHIN GROUP (ORDER BY size_mb) "
        "FROM {volumes} WHERE {live} GROUP BY manufacturer",
    ),
    ColumnQuestion(
        "order and limit, all columns",
        lambda volumes: volumes.order_by(F.size_mb.desc()).limit(10),
        f"SELECT {', '.join(VOLUMES)} FROM {{volumes}} WHERE {{live}} "
        "ORDER BY size_mb DESC NULLS LAST, identifier LIMIT 10",
        is_ordered=True,
    ),
    ColumnQuestion(
        "is in a subquery",
        lambda volumes: volumes.filter(
            F.patient_id.is_in(volumes.filter(F.modality == "SEG").select("patient_id"))
        ),
        "SELECT count(*) FROM {volumes} WHERE {live} AND patient_id IN "
        "(SELECT patient_id FROM {volumes} WHERE {live} AND modality = 'SEG')",
        is_counted=True,
    ),
    ColumnQuestion(
        PULLED,
        lambda volumes: volumes.filter(F.modality == "MR", F.body_part_examined == "PROSTATE").select(
            "identifier", "series_description", "size_mb", "path_dicom"
        ),
        "SELECT identifier, series_description, size_mb, path_dicom FROM {volumes} "
        "WHERE {live} AND modality = 'MR' AND body_part_examined = 'PROSTATE'",
    ),
)
"""All of them, in the order that they are asked and reported in."""


def at_present(question: ColumnQuestion) -> str:
    """The statement over the rows of our table of the present."""
    return question.sql_of("vxdata.volume", "NOT tombstone")


def at_past(question: ColumnQuestion, as_of: datetime) -> str:
    """The statement over the versions that could be seen at an instant, written by hand.

    Args:
        question: What is asked.
        as_of: The instant.

    Returns:
        SQL for PostgreSQL.
    """
    instant = f"TIMESTAMPTZ '{as_of.isoformat()}'"
    columns = ", ".join(
        "CAST(NULL AS timestamptz) AS valid_to" if name == "valid_to" else name for name in VOLUMES
    )
    versions = (
        f"(SELECT {columns}, tombstone FROM vxdata.volume WHERE valid_from <= {instant} UNION ALL "
        f"SELECT {columns}, tombstone FROM vxdata.volume_history "
        f"WHERE valid_from <= {instant} AND valid_to > {instant}) AS versions"
    )
    return question.sql_of(versions, "NOT tombstone")


def question_named(name: str) -> ColumnQuestion:
    """The question of a name."""
    return next(question for question in COLUMN_QUESTIONS if question.name == name)
