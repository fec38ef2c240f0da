"""Prepared statements: queries whose plan PostgreSQL remembers on one connection, for a while."""

from __future__ import annotations

import secrets
import time
import weakref
from collections import OrderedDict
from itertools import count
from typing import TYPE_CHECKING, Final, Protocol

from vxdata.server.database.errors import DatabaseError, StatementCancelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

MAX_PREPARED: Final = 16
"""Statements of a connection. PostgreSQL keeps 150 to 500 KB for each, by the columns and tables it reads."""

PREPARED_SECONDS: Final = 60.0
"""Seconds for which a plan is kept.

PostgreSQL makes another by itself only once it has analysed a table anew; until then, what was planned for a
few rows would be run for the millions that came since.
"""

GONE: Final = "26000"
"""SQLSTATE of a statement that the connection does not have: something discarded it."""

RENEWED: Final = frozenset({GONE, "0A000"})
"""SQLSTATEs after which a statement is prepared anew and run once more.

The second is that of many features that PostgreSQL lacks, and of a statement whose columns are no more what
they were: https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/cache/plancache.c
"""

IN_FAILED_TRANSACTION: Final = "25P02"


class StatementRunner(Protocol):
    """The methods of a connection that prepared statements need."""

    def execute(self, *statements: str) -> int:
        """Run statements that return no rows, in one round trip."""

    def table(self, sql: str) -> pa.Table:
        """Run a query, and hold its result in memory."""


class PreparedStatements:
    """The statements that one connection has prepared, by their SQL.

    ADBC has none with parameters that outlive an execution, so SQL's own PREPARE and EXECUTE do it. No two
    connections have a name in common: were they exchanged, a statement would be missing, never another one.

    Args:
        connection: Runs them.
    """

    def __init__(self, connection: StatementRunner) -> None:
        """Begin with none."""
        self._connection: StatementRunner = weakref.proxy(connection)  # it holds this
        self._names = map(f"prepared_{secrets.token_hex(6)}_{{}}".format, count())
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._obsolete: list[str] = []
        """Statements that make PostgreSQL forget what is not needed any more."""

    def table(self, sql: str, literals: Sequence[str]) -> pa.Table:
        """Run a statement; prepare it first, unless this connection did within `PREPARED_SECONDS`.

        Args:
            sql: A query, which may have the parameters ``$1``, ``$2`` and so on.
            literals: Their values, as SQL.

        Returns:
            All rows.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke; also where the statement has to be
                prepared anew, but stands in a transaction, which the failure has aborted.
        """
        return self._run_renewed("EXECUTE", sql, literals)

    def explain(self, sql: str, literals: Sequence[str]) -> str:
        """PostgreSQL's plan for a statement as `table` would run it.

        Args:
            sql: As for `table`.
            literals: As for `table`.

        Returns:
            What EXPLAIN prints.

        Raises:
            DatabaseError: As from `table`.
        """
        rows = self._run_renewed("EXPLAIN EXECUTE", sql, literals)
        return "\n".join(rows["QUERY PLAN"].to_pylist())

    def _run_renewed(self, verb: str, sql: str, literals: Sequence[str]) -> pa.Table:
        try:
            return self._run(verb, sql, literals)
        except DatabaseError as error:
            if error.sqlstate not in RENEWED:
                raise
            try:
                return self._run(verb, sql, literals)
            except DatabaseError as second:
                raise (error if second.sqlstate == IN_FAILED_TRANSACTION else second) from None

    def _run(self, verb: str, sql: str, literals: Sequence[str]) -> pa.Table:
        try:
            name = self._name_of(sql) or self._prepare(sql)
            return self._connection.table(f"{verb} {name}" + (f"({', '.join(literals)})" if literals else ""))
        except StatementCancelled:
            raise
        except DatabaseError as error:
            if error.sqlstate == GONE:  # and with it all others, for all that is known
                self._known.clear()
                self._obsolete = ["DEALLOCATE ALL"]
            elif sql in self._known:
                self._forget(sql)  # what it was planned for may have changed
            raise

    def _name_of(self, sql: str) -> str | None:
        """The name of a statement that can be run, if it was prepared and not too long ago."""
        name, prepared = self._known.get(sql, (None, 0.0))
        if name is not None and time.monotonic() - prepared > PREPARED_SECONDS:
            self._forget(sql)
            return None
        if name is not None:
            self._known.move_to_end(sql)
        return name

    def _prepare(self, sql: str) -> str:
        name = next(self._names)
        self._connection.execute(*self._obsolete, f"PREPARE {name} AS {sql}")
        self._obsolete.clear()
        self._known[sql] = (name, time.monotonic())
        if len(self._known) > MAX_PREPARED:  # the one that was run the longest ago gives way
            self._forget(next(iter(self._known)))
        return name

    def _forget(self, sql: str) -> None:
        name, _ = self._known.pop(sql)
        self._obsolete.append(f"DEALLOCATE {name}")
