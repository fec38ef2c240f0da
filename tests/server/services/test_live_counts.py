"""The number of live resources that is kept with each commit: exact, or not used."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import CALL, batch, create, resources, scalar
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ResourceAlreadyExists
from vxdata.schemas.plan import Aggregate, Plan
from vxdata.schemas.wire import WriteCommand
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.services.read import ReadService
from vxdata.server.services.write import Section, WriteService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pydantic import SecretStr

    from vxdata.schemas.wire import Verb
    from vxdata.server.database.monitor import CancellationMonitor


class Store:
    """A store of its own, whose resources are counted in both ways."""

    def __init__(self, database: ConnectionPool, monitor: CancellationMonitor) -> None:
        """Begin with nothing."""
        self.database = database
        self.writes = WriteService(database, registry(), monitor, allow_purge=True)
        self.reads = ReadService(database, default_catalog(), monitor)

    def create(self, *names: str) -> datetime:
        """Create data sources, or patients of the first of them."""
        sections: dict[str, list[dict[str, str]]] = {}
        for name in names:
            prefix = name.partition("/")[0]
            parent = {} if prefix == "datasource" else {"parent_identifier": "datasource/a"}
            sections.setdefault(prefix, []).append({"identifier": name, **parent})
        receipt = create(self.writes, *(resources(prefix, *rows) for prefix, rows in sections.items()))
        return receipt.as_of

    def write(self, verb: Verb, *names: str, **options: Any) -> datetime:
        """Apply a verb to resources that are there."""
        sections = [
            Section(name.partition("/")[0], batch(name.partition("/")[0], [{"identifier": name}]))
            for name in names
        ]
        command = WriteCommand(verb=verb, **options)
        return self.writes.write(command, iter([*sections, len(names)]), CALL).as_of

    def count(self, relation: str = "patient", as_of: datetime | None = None) -> int:
        """Ask the server."""
        counting = Aggregate(function="count", name="n")
        plan = Plan(relation=relation, group_by=(), aggregates=(counting,), as_of=as_of)
        (part,) = self.reads.run(plan, CALL).batches
        number: int = part.column("n")[0].as_py()
        return number

    def kept(self, prefix: str = "patient", as_of: datetime | None = None) -> int | None:
        """Look the number up."""
        instant = "NULL" if as_of is None else f"'{as_of.isoformat()}'"
        found: int | None = scalar(self.database, f"SELECT vxdata.live_at(ARRAY['{prefix}'], {instant}) AS n")
        return found

    def execute(self, *statements: str) -> None:
        """Do what another server would."""
        with self.database.connection() as connection:
            connection.execute(*statements)


@pytest.fixture
def store(new_database: Callable[[], SecretStr], monitor: CancellationMonitor) -> Iterator[Store]:
    """An empty store."""
    with closing(ConnectionPool(new_database(), size=4, wait=30.0)) as database:
        upgrade(database, registry())
        yield Store(database, monitor)


def test_every_verb_keeps_the_number(store: Store) -> None:
    assert store.count() == store.count("resource") == store.kept() == 0
    history = [
        (store.create("datasource/a", "patient/a", "patient/b", "patient/c"), 3, 4),
        (store.write("delete", "patient/a"), 2, 3),
        (store.write("update", "patient/b"), 2, 3),
        (store.write("restore", "patient/a"), 3, 4),
        (store.write("delete", "datasource/a", cascade=True), 0, 0),
        (store.write("restore", "datasource/a", cascade=True), 3, 4),
        (store.create("datasource/b"), 3, 5),
    ]
    for as_of, patients, everything in history:
        assert (store.count("patient", as_of), store.kept("patient", as_of)) == (patients, patients)
        assert store.count("resource", as_of) == everything
    assert (store.count(), store.kept(), store.count("resource")) == (3, 3, 5)


def test_a_purge_leaves_no_number_of_before(store: Store) -> None:
    first = store.create("datasource/a", "patient/a", "patient/b")
    deleted = store.write("delete", "patient/b")
    purged = store.write("purge", "patient/b")
    assert [store.count("patient", as_of) for as_of in (first, deleted, purged, None)] == [1, 1, 1, 1]
    assert [store.kept("patient", as_of) for as_of in (first, deleted, purged, None)] == [None, None, 1, 1]
    assert store.kept("datasource", first) == 1
    later = store.create("patient/c")
    assert (store.count(), store.kept("patient", later), store.count("patient", first)) == (2, 2, 1)


def test_a_server_of_an_earlier_version_may_write_in_between(store: Store) -> None:
    """It keeps no number, so those before its commits are not used until the resources are counted again."""
    first = store.create("datasource/a", "patient/a")
    for name in ("patient/b", "patient/c"):
        second = store.create(name)
        store.execute(
            "DELETE FROM vxdata.live_count WHERE resource_type = 'patient' "
            "AND version = (SELECT version FROM vxdata.commit_clock)"
        )
    assert [store.count("patient", as_of) for as_of in (first, second, None)] == [1, 3, 3]
    assert [store.kept("patient", as_of) for as_of in (first, second, None)] == [None, None, None]
    third = store.write("delete", "patient/a")
    assert [store.count("patient", as_of) for as_of in (first, second, third, None)] == [1, 3, 2, 2]
    assert [store.kept("patient", as_of) for as_of in (first, second, third, None)] == [None, None, 2, 2]


def test_an_upgrade_counts_what_is_there(store: Store) -> None:
    first = store.create("datasource/a", "patient/a", "patient/b")
    second = store.write("delete", "patient/b")
    store.execute(
        "DROP FUNCTION vxdata.live_at",
        "DROP TABLE vxdata.live_count",
        "DELETE FROM vxdata.migration WHERE name = '0011_live_counts'",
    )
    upgrade(store.database, registry())
    assert [store.kept("patient", as_of) for as_of in (first, second, None)] == [None, 1, 1]
    assert [store.count("patient", as_of) for as_of in (first, second, None)] == [2, 1, 1]
    assert store.count("resource") == 2


def test_a_commit_that_fails_keeps_no_number(store: Store) -> None:
    store.create("datasource/a", "patient/a")
    with pytest.raises(ResourceAlreadyExists):
        store.create("patient/b", "patient/a")
    assert (store.count(), store.kept()) == (1, 1)
