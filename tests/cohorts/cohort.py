"""Sections 4 and 5 of the contract: which entities a request finds, and which rows hang on them.

A tuple is one entity of the endpoint with one entity of each other table that the filters need, or with null
where the entity has none. Each condition marks the tuples for which a row of its own table holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.cohorts.comparisons import check, holds
from tests.cohorts.names import UPSTREAM, Anchor
from tests.cohorts.refusals import Refused

if TYPE_CHECKING:
    from tests.cohorts.database import Database
    from tests.cohorts.names import Column, Names
    from tests.cohorts.requests import Filter, Request

Key = int
Row = dict[str, Any]


@dataclass(frozen=True)
class Needed:
    """The rows that a condition looks for.

    Args:
        column: The column that it names.
        anchor: What the rows hang on.
        keys: Keys of the entities on which a row hangs for which it holds.
    """

    column: Column
    anchor: Anchor
    keys: list[Key]


class Cohort:
    """The entities that a request finds.

    Args:
        database: The database.
        names: Its names.
        endpoint: `subject` or `file`.
        request: The request.

    Attributes:
        found: Their keys, in order.
        filter_columns: The columns that the filters name, in their order.

    Raises:
        Refused: A filter names no column, or does not fit it.
    """

    def __init__(self, database: Database, names: Names, endpoint: str, request: Request) -> None:
        """Find them."""
        self._database = database
        self._names = names
        self.endpoint = endpoint
        self._indexes: dict[tuple[str, str], dict[Key, list[Row]]] = {}
        match_all = list(map(self._needed, request.match_all))
        match_some = list(map(self._needed, request.match_some))
        needed = [*match_all, *match_some]
        self.filter_columns = [one.column for one in needed]
        tuples = self._tuples({one.anchor.entity for one in needed})
        self._matching = tuples.filter(_all_and_some(match_all, match_some))
        self.found: list[Key] = sorted(self._matching[endpoint].unique())

    def _needed(self, conditions: Filter) -> Needed:
        """Find the entities on which rows hang for which a filter holds; both ends of a range, on one row."""
        column = self._names.column(conditions[0].column)
        for condition in conditions:
            check(condition, column.kind)
        if conditions[0].asks_for_no_value_at_all:
            return self._needed_nulls(column)
        return self._where(
            column,
            column.table,
            lambda row: all(holds(condition, column.kind, row[column.name]) for condition in conditions),
        )

    def _needed_nulls(self, column: Column) -> Needed:
        """Section 5: entities without any value."""
        if column.table == "project":
            what = f'"{column.public} =/is/== null" is not valid'
            raise Refused(
                "RelationshipError", f'Cannot properly filter "project" columns as being null: {what}'
            )
        if column.is_virtual and self._names.has_table(f"{column.table}_nulls"):
            return self._where(column, f"{column.table}_nulls", lambda _: True)
        if (null := self._names.null_column(column)) is not None:
            return self._where(column, null.table, lambda row: row[null.name] is True)
        return self._where(column, column.table, lambda row: row[column.name] is None)

    def _where(self, column: Column, table: str, is_meant: Any) -> Needed:
        anchor = self._names.anchor(self.endpoint, table)
        rows = [row for row in self._rows(table) if is_meant(row)]
        return Needed(column, anchor, sorted({row[anchor.column] for row in rows}))

    def _rows(self, table: str) -> list[Row]:
        """Rows of a table; of identifiers upstream, those of the endpoint."""
        rows = self._database.rows(table)
        return [row for row in rows if row["cda_table"] == self.endpoint] if table == UPSTREAM else rows

    def _tuples(self, entities: set[str]) -> pl.DataFrame:
        """Join the endpoint with what the filters need, keeping entities that have none of it."""
        key = self._names.key(self.endpoint)
        tuples = self._database.frames[self.endpoint].select(pl.col(key).alias(self.endpoint))
        for entity in sorted(entities - {self.endpoint}):
            tuples = tuples.join(self._linked(entity), on=self.endpoint, how="left")
        return tuples

    def _linked(self, entity: str) -> pl.DataFrame:
        link = self._names.link(self.endpoint, entity)
        frame = self._database.frames[link.table]
        return frame.select(
            pl.col(link.near).alias(self.endpoint), pl.col(link.far).alias(entity)
        ).drop_nulls()

    def entities(self, entity: str) -> dict[Key, list[Key]]:
        """Tell which entities of a table belong to each one found.

        A table that filters use shows only what is in matching tuples; all others show everything.
        """
        if entity == self.endpoint:
            return {key: [key] for key in self.found}
        if entity in self._matching.columns:
            pairs = self._matching.select(self.endpoint, entity).drop_nulls().unique()
        else:
            pairs = self._linked(entity).unique()
        held: dict[Key, list[Key]] = {key: [] for key in self.found}
        for key, other in sorted(pairs.iter_rows()):
            if key in held:
                held[key].append(other)
        return held

    def rows_of(self, table: str) -> dict[Key, list[Row]]:
        """Tell which rows of a table each entity found shows."""
        anchor = self._names.anchor(self.endpoint, table)
        by_entity = self._by(anchor.column, table)
        return {
            key: [row for other in others for row in by_entity.get(other, [])]
            for key, others in self.entities(anchor.entity).items()
        }

    def virtual_rows(self, key: Key, column: Column) -> list[Row]:
        """Tell which rows hold the values that one entity has in a virtual column."""
        reference = self._names.anchor(column.home, column.table).column
        return self._by(reference, column.table).get(key, [])

    def _by(self, column: str, table: str) -> dict[Key, list[Row]]:
        """Rows of a table by one of its columns."""
        if (column, table) not in self._indexes:
            index = self._indexes.setdefault((column, table), {})
            for row in self._rows(table):
                index.setdefault(row[column], []).append(row)
        return self._indexes[column, table]


def _all_and_some(match_all: list[Needed], match_some: list[Needed]) -> pl.Expr:
    """Every filter of the one list, and one of the other if it has any."""

    def is_met(one: Needed) -> pl.Expr:
        return pl.col(one.anchor.entity).is_in(one.keys)

    every = pl.all_horizontal([pl.lit(value=True), *map(is_met, match_all)])
    some = pl.any_horizontal(list(map(is_met, match_some)) or [pl.lit(value=True)])
    return every & some
