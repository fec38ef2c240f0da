"""The copies hold what PostgreSQL holds, after every verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fixtures.payloads import payloads
from tests.server.copies.support import assert_equal, copies, copy_of_files, followed
from tests.server.support import create as create_resources
from tests.server.support import resources, scalar, until
from vxdata.schemas.catalog.registry import registry
from vxdata.server.copies import Copies, CopiesState
from vxdata.server.copies.loading import load
from vxdata.server.database.clock import fence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.services.verbs.support import Store

MAPPED = ("datasource", "benchmarking", "pathologyspecimen")
"""Types that have mappings of texts, of numbers, and lists."""


@pytest.fixture(scope="module")
def opened(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Copies of the module's database."""
    with copies(store.database, tmp_path_factory.mktemp("copies")) as running:
        yield running


def chain(store: Store, unique: str) -> list[str]:
    """Resources, each below the one before."""
    names = [f"{prefix}/{unique}" for prefix in ("patient", "imagingstudy", "volume", "artefact")]
    store.plant(dict(zip(names, ["datasource/a", *names], strict=False)))
    return names


def test_every_verb(store: Store, opened: Copies, unique: str) -> None:
    patient, study, volume, artefact = chain(store, unique)
    before = assert_equal(opened, store.database)
    assert opened.status().state is CopiesState.READY
    store.send("update", *({"identifier": name, "license": "y"} for name in (volume, patient)))
    assert assert_equal(opened, store.database) == before + 3
    store.move({patient: "datasource/b"})
    assert_equal(opened, store.database)
    store.name("delete", study, cascade=True)
    store.name("restore", study, cascade=True)
    assert_equal(opened, store.database)
    store.name("delete", artefact)
    store.plant({f"{volume}-b": study, f"{volume}-c": study})
    rows = assert_equal(opened, store.database)
    store.name("purge", volume)
    assert assert_equal(opened, store.database) < rows
    store.plant({volume: study})
    assert_equal(opened, store.database)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=payloads(registry().get("datasource")), other=payloads(registry().get("benchmarking")))
def test_values_of_every_kind(
    store: Store, opened: Copies, rows: dict[str, Any], other: dict[str, Any]
) -> None:
    number = scalar(store.database, "SELECT version FROM vxdata.commit_clock")
    sections = [
        resources("datasource", {"identifier": f"datasource/v{number}", **rows}),
        resources(
            "benchmarking",
            {"identifier": f"benchmarking/v{number}", "parent_identifier": "datasource/a", **other},
        ),
    ]
    create_resources(store.service, *sections)
    assert_equal(opened, store.database)


def test_commits_of_others_are_found(store: Store, opened: Copies, unique: str) -> None:
    followed(opened, store.database)
    commit = store.plant({f"patient/{unique}": "datasource/a"})
    until(lambda: opened.status().applied["patient"].version == commit.version, "the commit is applied")
    applied = opened.status().applied
    assert (applied["patient"].changed_version, applied["volume"].version) == (commit.version, commit.version)
    assert applied["patient"].changed_stamp == applied["commit"].stamp == commit.as_of


def test_a_fence_moves_no_stamp(store: Store, opened: Copies, unique: str) -> None:
    commit = store.plant({f"patient/{unique}": "datasource/a"})
    fence(store.database, scalar(store.database, "SELECT clock_timestamp() AS now"))
    status = followed(opened, store.database)
    assert status.applied["patient"].stamp == commit.as_of
    with opened.connection() as connection:
        assert connection.applied(["patient"])["patient"].stamp == commit.as_of
    store.plant({f"patient/{unique}-b": "datasource/a"})
    assert_equal(opened, store.database)


def test_two_servers_over_one_database(store: Store, opened: Copies, tmp_path: Path, unique: str) -> None:
    with copies(store.database, tmp_path) as other:
        chain(store, unique)
        assert assert_equal(other, store.database) == assert_equal(opened, store.database)
        store.name("purge", f"volume/{unique}")
        assert assert_equal(other, store.database) == assert_equal(opened, store.database)


def test_a_restart_goes_on_from_where_it_was(
    store: Store, opened: Copies, tmp_path: Path, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with copies(store.database, tmp_path) as first:
        followed(first, store.database)
    store.plant({f"patient/{unique}": "datasource/a"})
    followed(opened, store.database)  # before what is read is counted
    read: list[int] = []

    def counting(*given: Any) -> int:
        read.append(load(*given))
        return read[-1]

    monkeypatch.setattr("vxdata.server.copies.rounds.load", counting)
    with copies(store.database, tmp_path) as second:
        assert_equal(second, store.database)
    assert sum(read) == 2  # the patient and its commit


def test_what_a_killed_server_leaves(store: Store, tmp_path: Path, unique: str) -> None:
    with copies(store.database, tmp_path / "a") as first:
        followed(first, store.database)
        chain(store, unique)
        followed(first, store.database)
        log = copy_of_files(tmp_path / "a", tmp_path / "b")
    assert log.stat().st_size > 0
    (file,) = (tmp_path / "b").rglob("*.duckdb")
    with copies(store.database, tmp_path / "b") as second:
        assert_equal(second, store.database)
        assert file.exists()
