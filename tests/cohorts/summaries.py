"""Section 8 of the contract: summaries, and the values of a column."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.names import ENDPOINTS
from tests.cohorts.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.cohorts.cohort import Cohort, Key, Row
    from tests.cohorts.database import Database
    from tests.cohorts.names import Column, Names

SOURCE: Final = "data_at_"
QUANTILES: Final = {
    "median": Fraction(1, 2),
    "lower_quartile": Fraction(1, 4),
    "upper_quartile": Fraction(3, 4),
}


class Summary:
    """The summary of a cohort.

    Args:
        names: Names of the database.
        cohort: The cohort.
        columns: What is to be summarised, so far as it can be.
    """

    def __init__(self, names: Names, cohort: Cohort, columns: Sequence[Column]) -> None:
        """Note the columns that summaries show."""
        self._names = names
        self._cohort = cohort
        self._columns = [column for column in columns if column.metadata.get("summary_returns")]

    def answer(self) -> dict[str, Any]:
        """Work out the object."""
        endpoint = self._cohort.endpoint
        other = next(name for name in ENDPOINTS if name != endpoint)
        others = set(chain.from_iterable(self._cohort.entities(other).values()))
        answer: dict[str, Any] = {"total_count": len(self._cohort.found), f"{other}_count": len(others)}
        sources = {endpoint: "data_source"}
        for column in self._columns:
            if column.process == "data_source":
                sources.setdefault(column.table, f"{column.table}_data_source")
            elif column.metadata["column_type"] == "categorical":
                answer[f"{column.public}_summary"] = self._categories(column)
            elif column.metadata["column_type"] == "numeric":
                answer[f"{column.public}_summary"] = [self._numbers(column)]
        return answer | {name: self._sources(table) for table, name in sources.items()}

    def _counted(self, table: str) -> list[tuple[Key, Row]]:
        """The rows of a table with the entity that shows them: of the two local tables, each row once."""
        pairs = [(key, row) for key, rows in self._cohort.rows_of(table).items() for row in rows]
        return _each_once(pairs, self._names.key(table)) if table in ENDPOINTS else pairs

    def _categories(self, column: Column) -> list[Row] | None:
        rows = self._counted(column.table)
        if column.table in ENDPOINTS:
            counts = Counter(row[column.name] for _, row in rows)
        else:
            pairs = {(key, row[column.name]) for key, row in rows}
            with_value = {key for key, value in pairs if value is not None}
            counts = Counter(value for key, value in pairs if value is not None or key not in with_value)
        return [{column.public: value, "count_result": n} for value, n in counts.items()] or None

    def _numbers(self, column: Column) -> Row:
        """Over rows, each once, however many entities show it."""
        rows = {id(row): row for _, row in self._counted(column.table)}
        values = sorted(row[column.name] for row in rows.values() if row[column.name] is not None)
        if not values:
            return dict.fromkeys(("min", "max", "mean", *QUANTILES))
        quantiles = {name: values[math.ceil(share * len(values)) - 1] for name, share in QUANTILES.items()}
        mean = Fraction(sum(values)) / len(values)
        return {"min": values[0], "max": values[-1], "mean": _rounded(mean), **quantiles}

    def _sources(self, table: str) -> dict[str, int]:
        """How many have exactly each combination of sources."""
        columns = [column for column in self._names.columns_of(table) if column.process == "data_source"]
        names = sorted(column.name.removeprefix(SOURCE) for column in columns)
        rows = self._counted(table)
        held = [(key, frozenset(name for name in names if row[SOURCE + name])) for key, row in rows]
        counts = Counter(found for _, found in (held if table in ENDPOINTS else set(held)))
        every = chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))
        return {
            "_".join(some) + ("" if len(some) == len(names) else "_exclusive"): counts[frozenset(some)]
            for some in every
        }


def _each_once(pairs: Iterable[tuple[Key, Row]], key: str) -> list[tuple[Key, Row]]:
    return list({row[key]: (entity, row) for entity, row in pairs}.values())


def _rounded(value: Fraction) -> int:
    """Round to a whole number, halves away from zero."""
    return math.floor(value + Fraction(1, 2)) if value >= 0 else math.ceil(value - Fraction(1, 2))


def column_values(database: Database, names: Names, public: str, data_source: str) -> list[Row]:
    """Count the rows with each value of a column, by value, null last.

    Raises:
        Refused: There is no such column or source.
    """
    column = names.column(public)
    rows = database.rows(column.table)
    for system in filter(None, (part.strip() for part in data_source.split(","))):
        mark = f"{SOURCE}{system.lower()}"
        if not any(one.name == mark for one in names.columns_of(column.home)):
            raise Refused("SystemNotFound", f"system: {system} - not found")
        if column.is_virtual:
            reference = names.anchor(column.home, column.table).column
            held = {row[names.key(column.home)] for row in database.rows(column.home) if row[mark]}
            rows = [row for row in rows if row[reference] in held]
        else:
            rows = [row for row in rows if row[mark]]
    counts = Counter(row[column.name] for row in rows)
    ordered = sorted(value for value in counts if value is not None)
    return [{public: value, "value_count": counts[value]} for value in [*ordered, *({None} & set(counts))]]
