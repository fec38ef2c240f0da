"""Prepared statements: queries whose plan PostgreSQL remembers on one connection, for a while."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from itertools import count
from typing import TYPE_CHECKING, Final, Protocol

from vxdata.server.database_errors import DatabaseError, StatementCancelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

MOST_PREPARED: Final = 16
"""Statements of a connection. PostgreSQL keeps 150 to 500 KB for each, by the columns and tables it reads."""

PREPARED_SECONDS: Final = 60.0
"""How long a plan is remembered.

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


class Runs(Protocol):
    """A connection."""

    def execute(self, *statements: str) -> int:
        """Run statements that return no rows."""

    def table(self, sql: str) -> pa.Table:
        """Run a query, and hold its result in memory."""


class Prepared:
    """The statements that one connection has prepared, by their SQL.

    ADBC has none with parameters that outlive an execution, so SQL's own PREPARE and EXECUTE do it.

    Args:
        connection: Runs them.
    """

    def __init__(self, connection: Runs) -> None:
        """Begin with none."""
        self._connection = connection
        self._numbers = count()
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._forgotten: deque[str] = deque()

    def table(self, sql: str, literals: Sequence[str]) -> pa.Table:
        """Run a statement, which is prepared unless it was not long ago.

        Args:
            sql: A query, which may have the parameters ``$1``, ``$2`` and so on.
            literals: Their values, as SQL.

        Returns:
            All rows.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke; also where the statement has to be
                prepared anew, but stands in a transaction, which has failed with it.
        """
        try:
            return self._run(sql, literals)
        except DatabaseError as error:
            if error.sqlstate not in RENEWED:
                raise
            try:
                return self._run(sql, literals)
            except DatabaseError as second:
                raise (error if second.sqlstate == IN_FAILED_TRANSACTION else second) from None

    def _run(self, sql: str, literals: Sequence[str]) -> pa.Table:
        name = self._name_of(sql) or self._prepare(sql)
        try:
            return self._connection.table(
                f"EXECUTE {name}" + (f"({', '.join(literals)})" if literals else "")
            )
        except StatementCancelled:
            raise
        except DatabaseError as error:
            self._forget(sql, is_gone=error.sqlstate == GONE)  # what it was planned for may have changed
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
        while self._forgotten:  # each is dropped once PostgreSQL has forgotten it, too
            self._deallocate(self._forgotten[0])
            self._forgotten.popleft()
        name = f"prepared_{next(self._numbers)}"
        self._connection.execute(f"PREPARE {name} AS {sql}")
        self._known[sql] = (name, time.monotonic())
        if len(self._known) > MOST_PREPARED:  # the one that was run the longest ago gives way
            self._forget(next(iter(self._known)))
        return name

    def _deallocate(self, name: str) -> None:
        try:
            self._connection.execute(f"DEALLOCATE {name}")
        except DatabaseError as error:
            if error.sqlstate != GONE:
                raise

    def _forget(self, sql: str, *, is_gone: bool = False) -> None:
        name, _ = self._known.pop(sql)
        if not is_gone:
            self._forgotten.append(name)
