"""A store with a random past, and everything that its tables hold."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tests.query.values import RESTS, value
from tests.server.support import CALL, batch, scalar
from vxdata.schemas.catalog.builtin import COMMIT_FIELDS, DELETED
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import StateConflict
from vxdata.schemas.fields import NumberMap, TextMap
from vxdata.schemas.wire import WriteCommand
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vxdata.schemas.fields import Field
    from vxdata.schemas.wire import Verb
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

TYPES: Final = ("datasource", "patient", "imagingstudy", "volume", "artefact", "benchmarking")
"""Types that have data; between them they have fields of every kind."""

NAMES: Final = tuple(f"{prefix}/{rest}" for prefix in TYPES for rest in RESTS)
CHANGES: Final = 60
LICENSES: Final = ("CC BY 4.0", "cc by 4.0", "")
DTYPES: Final[dict[str, Any]] = {
    "Text": pl.String(),
    "Enum": pl.String(),
    "BlobUrl": pl.String(),
    "Integer": pl.Int64(),
    "Float": pl.Float64(),
    "Boolean": pl.Boolean(),
    "Date": pl.Date(),
    "Timestamp": pl.Datetime("us", "UTC"),
    "TextList": pl.List(pl.String()),
    "TextMap": pl.List(pl.Struct({"key": pl.String(), "value": pl.String()})),
    "NumberMap": pl.List(pl.Struct({"key": pl.String(), "value": pl.Float64()})),
}
"""Field type -> Polars type."""


@dataclass(frozen=True)
class Dump:
    """Everything that was ever written.

    Args:
        versions: All versions of each type, `deleted` among the columns.
        commits: The commit log.
        instants: Each commit's stamp, what lies just before, and what lies between.
    """

    versions: dict[str, pl.DataFrame]
    commits: pl.DataFrame
    instants: tuple[datetime, ...]


def fill(database: ConnectionPool, writes: WriteService, seed: object) -> None:
    """Write a random past: creates, updates, moves, deletes and restores, some of them refused."""
    Past(database, writes, Random(str(seed))).happen()


class Past:
    """One random past.

    Attributes:
        acknowledged: The instant of the last commit that was acknowledged; None before the first.
    """

    def __init__(self, database: ConnectionPool, writes: WriteService, random: Random) -> None:
        """Begin with nothing."""
        self._database = database
        self._writes = writes
        self._random = random
        self._live: list[str] = []
        self._deleted: list[str] = []
        self.acknowledged: datetime | None = None

    def happen(self) -> None:
        """Write all of it."""
        self._create([f"datasource/{rest}" for rest in RESTS[:4]])
        for _ in range(3):
            self._create_some(12)
        for _ in range(CHANGES):
            self.go_on()

    def go_on(self) -> None:
        """Write something more; it may be refused."""
        verbs = (self._create_some, self._update, self._move, self._delete, self._restore)
        (verb,) = self._random.choices(verbs, weights=(2, 4, 8, 4, 4))
        with suppress(StateConflict):
            verb()

    def _create_some(self, count: int = 2) -> None:
        absent = [name for name in NAMES if name not in (*self._live, *self._deleted)]
        self._create(self._random.sample(absent, k=min(len(absent), count)))

    def _create(self, names: Sequence[str]) -> None:
        rows = {name: self._row(name) for name in names}
        for name, row in rows.items():
            row["license"] = self._random.choice(LICENSES)
            row["parent_identifier"] = self._parent(name)
        self._write("create", rows)

    def _update(self) -> None:
        self._write("update", {name: self._row(name) for name in self._some(self._live)})

    def _move(self) -> None:
        moved = {name: {"parent_identifier": self._parent(name)} for name in self._some(self._live)[:1]}
        self._write("update", moved)

    def _delete(self) -> None:
        names = self._some(self._live)
        self._write("delete", {name: {} for name in names}, cascade=self._random.random() < 0.25)

    def _restore(self) -> None:
        names = self._some(self._deleted)
        self._write("restore", {name: {} for name in names}, cascade=self._random.random() < 0.5)

    def _some(self, names: list[str]) -> list[str]:
        return self._random.sample(names, k=min(len(names), self._random.choice((1, 1, 2))))

    def _parent(self, name: str) -> str | None:
        """Often one of the same type, so that there are chains of each; sometimes none where that may be."""
        payload_type = registry().get(name.partition("/")[0])
        if not payload_type.parent_required and (not self._live or self._random.random() < 0.4):
            return None
        same = [other for other in self._live if other.startswith(payload_type.prefix)]
        if same and self._random.random() < 0.5:
            return self._random.choice(same)
        return self._random.choice(self._live or NAMES)  # all may be deleted: then it is refused

    def _row(self, name: str) -> dict[str, Any]:
        fields = registry().get(name.partition("/")[0]).fields
        return {field.name: value(field, NAMES, self._random) for field in fields}

    def _write(self, verb: Verb, rows: dict[str, dict[str, Any]], *, cascade: bool = False) -> None:
        sections = [
            Section(prefix, batch(prefix, [{"identifier": name, **row}]))
            for name, row in rows.items()
            for prefix in [name.partition("/")[0]]
        ]
        command = WriteCommand(verb=verb, cascade=cascade, client={"": "'", "ä": self._random.choice(RESTS)})
        self.acknowledged = self._writes.write(command, iter([*sections, len(rows)]), CALL).as_of
        self._look()

    def _look(self) -> None:
        tables = [f'SELECT identifier, tombstone FROM vxdata."{prefix}"' for prefix in TYPES]
        with self._database.connection() as connection:
            found = connection.rows(f"{' UNION ALL '.join(tables)} ORDER BY identifier")
        self._live = [row["identifier"] for row in found if not row["tombstone"]]
        self._deleted = [row["identifier"] for row in found if row["tombstone"]]


def dump(database: ConnectionPool) -> Dump:
    """Read every table as it is, by SQL of our own."""
    versions = {prefix: _versions(database, prefix) for prefix in registry().by_prefix}
    with database.connection() as connection:
        log = connection.rows(
            "SELECT version, stamp AS as_of, verb, counts::text, client::text, principal, idempotency_key "
            "FROM vxdata.commit_log"
        )
    commits = _frame(COMMIT_FIELDS, log)
    stamps: list[datetime] = commits["as_of"].sort().to_list()
    early = [stamp - timedelta(microseconds=1) for stamp in stamps]
    between = [first + (second - first) / 2 for first, second in pairwise(stamps)]
    now = scalar(database, "SELECT clock_timestamp() AS now")
    return Dump(versions, commits, (*stamps, *early, *between, now))


def _versions(database: ConnectionPool, prefix: str) -> pl.DataFrame:
    fields = registry().get(prefix).response_fields
    columns = ", ".join(
        f'"{field.name}"::text' if isinstance(field.type, TextMap | NumberMap) else f'"{field.name}"'
        for field in fields
    )
    tables = (f'vxdata."{prefix}"', f'vxdata."{prefix}_history"')
    selects = [f"SELECT {columns}, tombstone AS deleted FROM {table}" for table in tables]
    with database.connection() as connection:
        return _frame((*fields, DELETED), connection.rows(" UNION ALL ".join(selects)))


def _frame(fields: Sequence[Field], rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    columns = {
        field.name: pl.Series(
            field.name, [_read(field, row[field.name]) for row in rows], DTYPES[type(field.type).__name__]
        )
        for field in fields
    }
    return pl.DataFrame(columns)


def _read(field: Field, stored: Any) -> Any:
    if stored is None or not isinstance(field.type, TextMap | NumberMap):
        return stored
    read_number = float if isinstance(field.type, NumberMap) else str
    return [
        {"key": key, "value": read_number(entry)}
        for key, entry in json.loads(stored, parse_int=float).items()
    ]
