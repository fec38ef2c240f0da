"""The rows that a summary counts: of the endpoint, and of other tables once a row or once an entity.

Each is selected once, with all columns that are summarised, and then read by the parts of the summary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.cohorts.bound import BoundMatch
from vxdata.schemas.cohorts.model import ENDPOINTS
from vxdata.sql.cohorts.lists import LINKS, ROWS, gathered_rows
from vxdata.sql.cohorts.matching import narrowing
from vxdata.sql.cohorts.parts import ENTITY, KEY, alias, all_of, among, column_of, common, every, table
from vxdata.sql.cohorts.preselect import PRESELECT, preselect
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.cohorts.bound import BoundSummary
    from vxdata.schemas.cohorts.model import CohortColumn
    from vxdata.schemas.cohorts.paths import Path

ONCE: Final = "_rows"
"""Suffix of the rows of a table, each once however many entities share it."""

PAIRED: Final = "_pairs"
"""Suffix of the rows of a table, each with the key of every entity that it says something of."""


@dataclass(frozen=True)
class SummaryRows:
    """The common table expressions of a summary, and which of them has the rows of a column.

    Args:
        summary: The summary.
    """

    summary: BoundSummary

    def source_of(self, column_: CohortColumn, path: Path) -> str:
        """Name of the expression that has the rows by which a column is counted.

        Numbers are taken of rows, and so is everything of entities; all else is counted by pairs of an
        entity and a value.
        """
        if column_.table == self.summary.endpoint.table:
            return PRESELECT
        counts_rows = column_.summary == "numeric" or column_.table in ENDPOINTS
        return column_.table + (ONCE if counts_rows and path.link is not None else PAIRED)

    def expressions(self) -> list[exp.CTE]:
        """The expressions, the endpoint's first."""
        wanted: dict[str, tuple[Path, dict[str, CohortColumn]]] = {}
        for found, path in self._columns():
            source = wanted.setdefault(self.source_of(found, path), (path, {}))
            source[1][found.name] = found
        own = wanted.pop(PRESELECT, (None, {}))[1].values()
        written = [alias(column_of(item, ENTITY), item.name) for item in own]
        first = preselect(self.summary.entities, self.summary.endpoint, written)
        made = [common(PRESELECT, first, kept=True)]
        for name, (path, columns) in wanted.items():
            rows = (
                self._once(path, columns.values())
                if name.endswith(ONCE)
                else self._paired(path, columns.values())
            )
            made.append(common(name, rows, kept=True))
        return made

    def others(self) -> exp.Select:
        """The keys of the other entities, such as the files of subjects, from the mapping table."""
        path = self.summary.other
        assert path.link is not None  # noqa: S101 - entities of two tables are linked by a third one
        found = column(path.link.entity_column, LINKS)
        return self._links(path).select(alias(found, KEY), copy=False).distinct(copy=False)

    def _columns(self) -> list[tuple[CohortColumn, Path]]:
        found = [(item.column, item.path) for item in self.summary.columns]
        return found + [(item, group.path) for group in self.summary.sources for item in group.columns]

    def _once(self, path: Path, columns: Iterable[CohortColumn]) -> exp.Select:
        """Rows that hang on an entity which stands in a matching tuple."""
        assert path.link is not None  # noqa: S101 - rows without a mapping table are paired
        linked = self._links(path).select(column(path.link.entity_column, LINKS), copy=False)
        rows = exp.select(*[alias(column_of(item, ROWS), item.name) for item in columns])
        rows = rows.from_(table(self.summary.endpoint.schema, path.table, ROWS), copy=False)
        return rows.where(among(column(path.column, ROWS), linked), copy=False)

    def _paired(self, path: Path, columns: Iterable[CohortColumn]) -> exp.Select:
        entities = self.summary.entities
        found = None if self._is_everything else all_of(PRESELECT)
        rows, key = gathered_rows(self.summary.endpoint, entities, path, found)
        written = [alias(column_of(item, ROWS), item.name) for item in columns]
        return rows.select(alias(key, KEY), *written, copy=False)

    def _links(self, path: Path) -> exp.Select:
        """The rows of a mapping table that link the entities that are found to others."""
        assert path.link is not None  # noqa: S101 - asked of linked tables alone
        key = column(path.link.endpoint_column, LINKS)
        terms = [narrowing(self.summary.entities, self.summary.endpoint, path, LINKS)]
        if not self._is_everything:
            terms.append(all_of(PRESELECT)(key))
        links = exp.Select().from_(table(self.summary.endpoint.schema, path.link.table, LINKS))
        return links.where(every(terms), copy=False)

    @property
    def _is_everything(self) -> bool:
        entities = self.summary.entities
        return isinstance(entities, BoundMatch) and entities.is_everything
