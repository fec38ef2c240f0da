"""What the tests of the verbs share: a store that takes rows of any types and tells what became of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.support import CALL, batch, scalar, state
from vxdata.schemas.wire import WriteCommand
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.errors import VxDataError
    from vxdata.schemas.wire import CommitReceipt, Verb
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

Row = dict[str, Any]

LINEAGE = ("parent_identifier", "datasource_id", "patient_id", "study_id")


@dataclass(frozen=True)
class Store:
    """A write service and the database behind it.

    Args:
        service: Applies the verbs.
        database: Where to look.
    """

    service: WriteService
    database: ConnectionPool

    def plant(self, parents: dict[str, str | None]) -> CommitReceipt:
        """Create resources, given the parent of each."""
        rows = [
            {"identifier": name, "parent_identifier": parent, "license": "x"}
            for name, parent in parents.items()
        ]
        return self.send("create", *rows)

    def send(self, verb: Verb, *rows: Row, cascade: bool = False) -> CommitReceipt:
        """Send rows of any types, a section for each run of rows of one type and one set of columns."""
        parts = [
            Section(prefix, _batch(prefix, list(part))) for (prefix, _), part in groupby(rows, key=_shape)
        ]
        upload: Iterator[Section | int] = iter([*parts, len(rows)])
        return self.service.write(WriteCommand(verb=verb, cascade=cascade), upload, CALL)

    def name(self, verb: Verb, *identifiers: str, cascade: bool = False) -> CommitReceipt:
        """Send identifiers alone."""
        return self.send(verb, *({"identifier": name} for name in identifiers), cascade=cascade)

    def move(self, parents: dict[str, str | None]) -> CommitReceipt:
        """Give resources other parents, in one batch."""
        rows = [{"identifier": name, "parent_identifier": parent} for name, parent in parents.items()]
        return self.send("update", *rows)

    def latest(self, identifier: str) -> Row:
        """The latest version of a resource."""
        with self.database.connection() as connection:
            (row,) = connection.rows(
                f"SELECT * FROM vxdata.\"{identifier.partition('/')[0]}\" WHERE identifier = '{identifier}'"
            )
        return row

    def lineage(self, identifier: str) -> tuple[str | None, ...]:
        """Parent, data source, patient and study of a resource."""
        row = self.latest(identifier)
        return tuple(row[name] for name in LINEAGE)

    def is_live(self, identifier: str) -> bool:
        """Whether the latest version is no tombstone."""
        return not self.latest(identifier)["tombstone"]

    def count(self, identifier: str) -> int:
        """How many versions of a resource there are."""
        table, where = identifier.partition("/")[0], f"identifier = '{identifier}'"
        return sum(
            scalar(self.database, f'SELECT count(*) AS n FROM vxdata."{name}" WHERE {where}')
            for name in (table, f"{table}_history")
        )

    @contextmanager
    def refuses(self, error: type[VxDataError]) -> Iterator[pytest.ExceptionInfo[VxDataError]]:
        """Expect an error, and that nothing at all was written."""
        before = state(self.database)
        with pytest.raises(error) as caught:
            yield caught
        assert state(self.database) == before


def _shape(row: Row) -> tuple[str, list[str]]:
    return _prefix(row), list(row)


def _prefix(row: Row) -> str:
    return str(row["identifier"]).partition("/")[0]


def _batch(prefix: str, rows: list[Row]) -> pa.RecordBatch:
    """Rows as a batch; an expected version is no field of a create."""
    expected = [row.get("expected_version") for row in rows]
    stated = [{name: value for name, value in row.items() if name != "expected_version"} for row in rows]
    made = batch(prefix, stated)
    if expected == [None] * len(rows):
        return made
    return made.append_column("expected_version", pa.array(expected, pa.int64()))
