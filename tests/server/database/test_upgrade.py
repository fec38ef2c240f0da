"""Upgrades of databases that are empty, older, newer or different."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import scalar
from vxdata.schemas.catalog.registry import Registry, registry
from vxdata.schemas.fields import Field, Integer, NumberMap, Text
from vxdata.schemas.payload_type import PayloadType
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import SchemaMismatch, Upgrade, require_current, upgrade
from vxdata.sql.schema.migrations import migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

SHAPE = (
    "SELECT coalesce(string_agg(c.relname || '.' || a.attname || ':' || format_type(a.atttypid, a.atttypmod) "
    "|| a.attnotnull::text, ' ' ORDER BY c.relname, a.attnum), '') AS shape FROM pg_attribute AS a "
    "JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = to_regnamespace('vxdata')::oid "
    "AND a.attnum > 0 AND NOT a.attisdropped"
)
UPGRADER = """
import os, sys
from contextlib import closing
from pydantic import SecretStr
from vxdata.schemas.catalog.registry import registry
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
with closing(ConnectionPool(SecretStr(os.environ["URI"]), size=1)) as database:
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    sys.stdin.readline()
    done = upgrade(database, registry())
    sys.stdout.write(f"{len(done.migrations)} {len(done.tables)} {len(done.columns)}\\n")
"""


@pytest.fixture
def fresh(new_database: Callable[[], SecretStr]) -> Iterator[ConnectionPool]:
    """An empty database of this test alone."""
    with closing(ConnectionPool(new_database(), size=3)) as database:
        yield database


def small(*fields: Field, prefix: str = "datasource") -> Registry:
    thing = PayloadType(
        name="Thing",
        prefix=prefix,
        namespace="things",
        description="A thing.",
        fields=(Field(name="size", type=Integer(), description="Size."), *fields),
        parent_required=False,
    )
    return Registry((thing,))


def test_a_fresh_database_gets_everything_once(fresh: ConnectionPool) -> None:
    first = upgrade(fresh, registry())
    assert first == Upgrade(
        tuple(migration.name for migration in migrations()),
        tuple(payload_type.prefix for payload_type in registry()),
        (),
    )
    assert first.changed
    shape = scalar(fresh, SHAPE)
    again = upgrade(fresh, registry())
    assert again == Upgrade((), (), ())
    assert not again.changed
    assert scalar(fresh, SHAPE) == shape


def test_two_processes_at_once(new_database: Callable[[], SecretStr]) -> None:
    uri = new_database()
    environment = {**os.environ, "URI": uri.get_secret_value()}
    command = [sys.executable, "-c", UPGRADER]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    done = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert done == ["0 0 0\n", f"{len(migrations())} {len(list(registry()))} 0\n"]
    with closing(ConnectionPool(uri, size=1)) as database:
        assert not upgrade(database, registry()).changed


def test_an_added_field_goes_into_both_tables(fresh: ConnectionPool) -> None:
    upgrade(fresh, small())
    with fresh.connection() as connection:
        connection.execute(
            "INSERT INTO vxdata.datasource (identifier, valid_from, created_at, version, size) "
            "VALUES ('datasource/a', now(), now(), 1, 7)"
        )
    added = (
        Field(name="colour", type=Text(), description="Colour.", required=True),
        Field(name="figures", type=NumberMap(), description="Figures."),
    )
    assert upgrade(fresh, small(*added)) == Upgrade((), (), ("datasource.colour", "datasource.figures"))
    for table in ("datasource", "datasource_history"):
        assert scalar(fresh, f"SELECT count(colour) + count(figures) AS n FROM vxdata.{table}") == 0
    assert scalar(fresh, "SELECT size FROM vxdata.datasource") == 7
    assert not upgrade(fresh, small(*added)).changed


@pytest.mark.parametrize(
    "name", ["volume_series_instance_uid_idx", "volume_history_series_instance_uid_idx", "volume_version_idx"]
)
def test_a_missing_index_is_made(fresh: ConnectionPool, name: str) -> None:
    upgrade(fresh, registry())
    with fresh.connection() as connection:
        connection.execute(f"DROP INDEX vxdata.{name}")
    with pytest.raises(SchemaMismatch, match=f"older than this version and lacks {name}"):
        require_current(fresh, registry())
    assert upgrade(fresh, registry()) == Upgrade((), (), (), (name,))
    assert upgrade(fresh, registry()) == Upgrade((), (), ())
    require_current(fresh, registry())


def test_a_field_becomes_an_external_identifier(fresh: ConnectionPool) -> None:
    code = Field(name="code", type=Text(max_length=64), description="Code.")
    upgrade(fresh, small(code))
    external = replace(code, is_external_identifier=True)
    marked = small(external)
    names = ("datasource_code_idx", "datasource_history_code_idx")
    assert upgrade(fresh, marked) == Upgrade((), (), (), names)
    assert not upgrade(fresh, marked).changed
    added = replace(code, name="other", is_external_identifier=True)
    names = ("datasource_other_idx", "datasource_history_other_idx")
    assert upgrade(fresh, small(external, added)) == Upgrade((), (), ("datasource.other",), names)


def test_an_added_type_gets_its_tables(fresh: ConnectionPool) -> None:
    upgrade(fresh, small())
    both = Registry(
        (*small(), *(replace(found, name="Other", namespace="others") for found in small(prefix="other")))
    )
    assert upgrade(fresh, both) == Upgrade((), ("other",), ())


def test_a_removed_field_stays_stored(fresh: ConnectionPool) -> None:
    upgrade(fresh, small(Field(name="colour", type=Text(), description="Colour.")))
    shape = scalar(fresh, SHAPE)
    assert not upgrade(fresh, small()).changed
    assert scalar(fresh, SHAPE) == shape


@pytest.mark.parametrize("table", ["datasource", "datasource_history"])
def test_a_changed_type_changes_nothing(fresh: ConnectionPool, table: str) -> None:
    upgrade(fresh, small())
    with fresh.connection() as connection:
        connection.execute(f"ALTER TABLE vxdata.{table} ALTER COLUMN size TYPE text")
    shape = scalar(fresh, SHAPE)
    added = Field(name="colour", type=Text(), description="Colour.")
    with pytest.raises(SchemaMismatch, match=r"size is stored as text, but declared as bigint"):
        upgrade(
            fresh,
            Registry((*small(prefix="aaa"), replace(next(iter(small(added))), name="B", namespace="b"))),
        )
    assert scalar(fresh, SHAPE) == shape


def test_newer_migrations_are_refused(fresh: ConnectionPool) -> None:
    upgrade(fresh, small())
    with fresh.connection() as connection:
        connection.execute(
            "INSERT INTO vxdata.migration (number, name) VALUES (9999, '9999_from_the_future')"
        )
    shape = scalar(fresh, SHAPE)
    with pytest.raises(SchemaMismatch, match="9999_from_the_future") as caught:
        upgrade(fresh, small(Field(name="colour", type=Text(), description="Colour.")))
    assert "newer vxdata" in str(caught.value)
    assert scalar(fresh, SHAPE) == shape


def test_a_missing_migration_is_applied(fresh: ConnectionPool) -> None:
    upgrade(fresh, small())
    last = migrations()[-1]
    with fresh.connection() as connection:
        connection.execute("DROP TYPE vxdata.text_entry")
        connection.execute("DROP TYPE vxdata.number_entry")
        connection.execute("DELETE FROM vxdata.migration WHERE number = 2")
    assert upgrade(fresh, small()).migrations == ("0002_map_entries",)
    assert scalar(fresh, "SELECT max(number) AS n FROM vxdata.migration") == last.number


def test_idempotency_records_can_be_used_under_their_former_name(fresh: ConnectionPool) -> None:
    """A server of the version before may still run while the database is upgraded."""
    upgrade(fresh, registry())
    with fresh.connection() as connection:
        connection.execute(
            "INSERT INTO vxdata.answer (idempotency_key, request_digest, version, stamp, counts) "
            "VALUES ('key', 'digest', 1, '2026-01-02T00:00:00Z', '{}')"
        )
        same = (
            "SELECT count(*) AS n FROM vxdata.answer JOIN vxdata.idempotency_record USING (idempotency_key)"
        )
        assert connection.rows(same) == [{"n": 1}]
        assert connection.rows(
            "SELECT answered_at IS NOT NULL AS stamped FROM vxdata.idempotency_record"
        ) == [{"stamped": True}]
