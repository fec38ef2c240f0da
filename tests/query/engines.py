"""Both engines: an answer that may come from the copies is PostgreSQL's, as of the same instant."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from tests.query.compare import difference, plain
from tests.server.support import CALL
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.plan import decode, encode
from vxdata.schemas.wire import AS_OF_KEY
from vxdata.server.listeners.errors import translate
from vxdata.server.services.copy_reads import CopyReads
from vxdata.server.services.read import ReadService
from vxdata.sql.dialect.duckdb import DUCKDB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vxdata.schemas.plan import Plan
    from vxdata.server.copies import Copies
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

    Row = tuple[Any, ...]


class BothEngines:
    """Asks a server with copies, and one without.

    Args:
        database: What both answer from.
        copies: The copies of it.
        monitor: Cancels queries.
    """

    def __init__(self, database: ConnectionPool, copies: Copies, monitor: CancellationMonitor) -> None:
        """Begin with no answer."""
        copy_reads = CopyReads(copies, database, monitor)
        self._with_copies = ReadService(database, default_catalog(), monitor, copy_reads=copy_reads)
        self._without = ReadService(database, default_catalog(), monitor)

    @property
    def from_copies(self) -> int:
        """Answers of the copies so far."""
        return self._with_copies.answers().get(DUCKDB.name, 0)

    def check(self, plan: Plan, acknowledged: datetime | None = None) -> pa.Table | InvalidPlan:
        """Ask both.

        Args:
            plan: What to ask.
            acknowledged: Instant of a commit that the answer must show, or a later state.

        Returns:
            The answer of the server with copies. A refusal does not tell of which state it is.

        Raises:
            AssertionError: The answers differ, or that of the copies is older than the commit.
        """
        found = ask(self._with_copies, plan)
        if isinstance(found, InvalidPlan):
            return found
        as_of = datetime.fromisoformat(found.schema.metadata[AS_OF_KEY].decode())
        if plan.as_of is not None:
            assert as_of == plan.as_of
        elif acknowledged is not None:
            assert as_of >= acknowledged, f"stale: read as of {as_of}, after a commit of {acknowledged}"
        wanted = ask(self._without, plan.model_copy(update={"as_of": as_of}))
        assert isinstance(wanted, pa.Table), f"PostgreSQL refuses as of {as_of}: {wanted}"
        assert found.schema.equals(wanted.schema, check_metadata=True)
        is_ordered = bool(plan.order_by) or plan.limit is not None or plan.offset > 0
        rows, others = (_rows(table, is_ordered=is_ordered) for table in (found, wanted))
        assert rows == others, f"as of {as_of}: {difference(rows, others)}"
        return found


def ask(reads: ReadService, plan: Plan) -> pa.Table | InvalidPlan:
    """What a server says to the bytes of a plan; no refusal but that of a sum is expected."""
    try:
        result = reads.run(decode(encode(plan)), CALL)
        return pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)
    except Exception as error:
        told = translate(error)
        if isinstance(told, InvalidPlan):
            return told
        raise


def _rows(table: pa.Table, *, is_ordered: bool) -> list[Row]:
    """Rows that are equal only if they are to the last bit; entries of mappings in their order."""
    rows = [tuple(map(_in_bits, row.values())) for row in table.to_pylist()]
    return rows if is_ordered else sorted(rows, key=repr)


def _in_bits(value: Any) -> Any:
    return repr(value) if isinstance(value, list) else plain(value)


@contextmanager
def noted(text: str) -> Iterator[None]:
    """Say with a failure what was asked."""
    try:
        yield
    except AssertionError as error:
        error.add_note(text)
        raise
