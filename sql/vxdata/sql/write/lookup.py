"""How the rows of a request find stored ones: by their known number, never by what PostgreSQL estimates.

What PostgreSQL knows of a table may be old, and of what this transaction has written it knows nothing. If it
takes a million rows for one, it compares each of them with each staged row, which never ends; and all writers
wait. So up to `MAX_LOOKED_UP` rows look stored ones up one by one: `OFFSET 0` leaves no plan but that, and
the primary key no plan but an index. More rows are joined with the whole table, and temporary tables with
each other: there `HASH_JOINS` leaves no plan that compares each with each. Either takes time in proportion to
the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LOOKED_UP: Final = 100_000
"""Rows that look stored ones up one by one at most; for more, the whole tables are read.

Among 168,506 studies PostgreSQL found the parents of 9,000 volumes one by one in 8 to 12 ms, and those of
100,000 in 110; by reading all studies in 169. The 150,544 parents of 1,000,000 took 1.3 and 0.5 s.
"""

HASH_JOINS: Final = "SET LOCAL enable_nestloop = off"
"""From the first temporary table on, join tables at once; what looks rows up one by one still does."""

INDEXES_ONLY: Final = ("SET LOCAL enable_seqscan = off", "SET LOCAL work_mem = '16MB'")
"""Before a recursion: each of its steps finds rows by an index, and it takes memory for what it has found."""

INDEXES_NO_MORE: Final = ("SET LOCAL enable_seqscan TO DEFAULT", "SET LOCAL work_mem TO DEFAULT")
"""After a recursion."""


def are_many(rows: int | None) -> bool:
    """Whether rows find stored ones by reading whole tables; None stands for the few in a statement."""
    return rows is not None and rows > MAX_LOOKED_UP


def stored_row(table: str, key: str, rows: int | None, *, outer: bool = False) -> str:
    """Join each row with the stored one that an expression names, called `r`.

    Args:
        table: A table whose primary key is the identifier.
        key: The expression.
        rows: How many rows there are at most, None for the few in a statement.
        outer: Whether rows stay for which there is none.

    Returns:
        A clause to follow the relation of the rows.
    """
    kind = "LEFT JOIN" if outer else "JOIN"
    if are_many(rows):
        return f" {kind} {table} AS r ON r.identifier = {key}"
    return f" {kind} {each(f'SELECT r.* FROM {table} AS r WHERE r.identifier = {key}')} AS r ON true"


def each(*queries: str) -> str:
    """A subquery that is run for each row that it refers to."""
    return f"LATERAL ({' UNION ALL '.join(queries)} OFFSET 0)"


def any_of(tables: Iterable[str], columns: str, key: str) -> str:
    """Look the row that an expression names up in each of some tables, in which it is once at most.

    Args:
        tables: Tables whose primary key is the identifier.
        columns: Columns of the rows, called `r`.
        key: The expression.

    Returns:
        A subquery for the columns.
    """
    return each(*(f"SELECT {columns} FROM {table} AS r WHERE r.identifier = {key}" for table in tables))
