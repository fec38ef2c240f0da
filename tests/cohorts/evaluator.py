"""The answers that the contract demands, worked out from the tables alone: a second opinion on what it says.

It knows nothing of SQL and is in no hurry. Sections 6 and 7 are here; `filters`, `comparisons`, `names`,
`cohort` and `summaries` hold the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.cohorts.cohort import Cohort
from tests.cohorts.names import METADATA, Names
from tests.cohorts.refusals import Refused
from tests.cohorts.requests import REFERENCES, read
from tests.cohorts.summaries import Summary, column_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.cohorts.cohort import Key, Row
    from tests.cohorts.database import Database
    from tests.cohorts.names import Column
    from tests.cohorts.requests import Request


@dataclass(frozen=True)
class Page:
    """An answer in pages.

    Args:
        rows: The rows of this page.
        total: The number of all rows.
        has_next: Whether more follow.
    """

    rows: list[Row]
    total: int
    has_next: bool


class Evaluator:
    """Answers requests about a database.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        """Take the names of the database."""
        self._database = database
        self.names = Names(database)

    def data(self, endpoint: str, body: Mapping[str, Any], limit: int = 100, offset: int = 0) -> Page:
        """Answer `/data/…`.

        Raises:
            Refused: The request has no answer.
        """
        request = read(body)
        cohort = Cohort(self._database, self.names, endpoint, request)
        columns = self._columns(request, cohort)
        if not columns:
            raise Refused("EmptyQueryError", "No columns are left to return")
        rows = _rows(self.names, cohort, columns, request)
        return _page(rows, limit, offset)

    def summary(self, endpoint: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `/summary/…`.

        Raises:
            Refused: The request has no answer.
        """
        request = read(body, is_summary=True)
        cohort = Cohort(self._database, self.names, endpoint, request)
        return Summary(self.names, cohort, self._columns(request, cohort, is_summary=True)).answer()

    def column_values(
        self, column: str, data_source: str = "", limit: int | None = None, offset: int = 0
    ) -> Page:
        """Answer `/column_values/…`.

        Raises:
            Refused: There is no such column or source.
        """
        rows = column_values(self._database, self.names, column, data_source)
        return _page(rows, limit, offset)

    def columns(self) -> list[Row]:
        """Answer `/columns/`."""
        return [
            {
                "table": table,
                "column": column.public,
                "data_type": column.data_type,
                "nullable": column.is_nullable,
                "description": column.comment or "",
            }
            for table in self.names.data_tables
            for column in self.names.columns_of(table)
            if column.is_returned and column.table not in METADATA
        ]

    def release_metadata(self) -> list[Row]:
        """Answer `/release_metadata/`."""
        return self._database.rows("release_metadata")

    def _columns(self, request: Request, cohort: Cohort, *, is_summary: bool = False) -> list[Column]:
        """The columns of a row: those of the endpoint, of filters, and added ones, without excluded ones."""
        of_endpoint = [
            column
            for column in self.names.columns_of(cohort.endpoint)
            if (column.metadata.get("summary_returns") if is_summary else column.is_returned)
        ]
        added = [column for text in request.add for column in self.names.chosen(text)]
        excluded = {column for text in request.exclude for column in map(_name, self.names.chosen(text))}
        if request.references:
            self.names.link(cohort.endpoint, REFERENCES)
            added += [
                one for one in self.names.by_public_name.values() if one.process == f"{REFERENCES}_metadata"
            ]
        every = {column.public: column for column in (*of_endpoint, *cohort.filter_columns, *added)}
        return [column for name, column in every.items() if name not in excluded]


def _name(column: Column) -> str:
    return column.public


def _page(rows: list[Row], limit: int | None, offset: int) -> Page:
    if offset < 0 or (limit or 0) < 0:
        raise Refused("greater_than_equal", status=422)
    end = len(rows) if limit is None else offset + limit
    # A page of no rows has none behind it: `next_url` always advances.
    return Page(rows[offset:end], len(rows), offset < end < len(rows))


def _rows(names: Names, cohort: Cohort, columns: Sequence[Column], request: Request) -> list[Row]:
    """Section 6: one row for each entity found."""
    own = {
        row[names.key(cohort.endpoint)]: row
        for rows in cohort.rows_of(cohort.endpoint).values()
        for row in rows
    }
    answer: dict[Key, Row] = {key: {} for key in cohort.found}
    collated: dict[str, list[Column]] = {}
    for column in columns:
        if column.table == cohort.endpoint:
            for key, row in answer.items():
                row[column.public] = own[key][column.name]
        elif column.home != cohort.endpoint and request.nests(column.home):
            collated.setdefault(column.home, []).append(column)
        else:
            for key, rows in cohort.rows_of(column.table).items():
                answer[key][column.public] = _values(rows, column)
    for table, inside in collated.items():
        for key, rows in cohort.rows_of(table).items():
            objects = [_object(names, cohort, row, inside) for row in rows]
            answer[key][f"{table}_columns"] = objects or None
    return list(answer.values())


def _values(rows: Sequence[Row], column: Column) -> list[Any]:
    """A list: distinct, without nulls, sorted."""
    return sorted({row[column.name] for row in rows} - {None})


def _object(names: Names, cohort: Cohort, row: Row, columns: Sequence[Column]) -> Row:
    """A foreign row; its virtual columns are lists."""
    return {
        column.public: _values(cohort.virtual_rows(row[names.key(column.home)], column), column)
        if column.is_virtual
        else row[column.name]
        for column in columns
    }
