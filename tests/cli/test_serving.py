"""Commands that serve: what they print, whom they refuse, and how they stop."""

from __future__ import annotations

import gc
import signal
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import httpx
import psutil
import pytest

from tests.fixtures.commands import DEADLINE, vxdata
from tests.fixtures.hostile import HOSTILE
from vxdata.cli.running import freeze_what_stays
from vxdata.schemas.create import DataSourceCreate
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import SecretStr

    from tests.fixtures.commands import Running

FREE = ("--port", "0", "--http-port", "0")

POSTGRES_OWN = {"PGLOCALEDIR", "PGSYSCONFDIR", "PG_GRANDPARENT_PID"}
"""Variables that PostgreSQL's programs set for themselves and their children."""


def assert_ends(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=DEADLINE)
    assert alive == []


def assert_answers(url: str) -> None:
    # At once: that is what the line promised.
    assert httpx.get(url).status_code == HTTPStatus.OK


def test_what_a_server_is_made_of_is_not_looked_through_for_garbage() -> None:
    made = [[number] for number in range(1_000)]
    gc.unfreeze()
    try:
        freeze_what_stays()
        assert gc.get_freeze_count() > len(made)
        assert all(made is not tracked for tracked in gc.get_objects())
    finally:
        gc.unfreeze()


class TestUp:
    def test_prints_one_line_refuses_a_second_owner_and_stops(
        self, start: Callable[..., Running], data_dir: Path
    ) -> None:
        running = start("up", "--data-dir", data_dir, *FREE)
        for path in ("livez", "readyz"):
            assert_answers(f"{running.http_url}/{path}")
        second = vxdata("up", "--data-dir", data_dir, *FREE)
        assert (second.returncode, second.stdout) == (1, "")
        (line,) = second.stderr.splitlines()
        held = f"the data directory {data_dir} is in use by the server of process {running.process.pid};"
        assert line.startswith(f"DataDirectoryInUse: {held}")
        with Client(running.flight_url) as client:
            assert client.health().version == 0
        children = running.children()
        assert {process.name() for process in children} >= {"postgres", "weed"}
        assert running.stop(signal.SIGTERM) == (0, "")
        assert_ends(children)
        assert "stopping" in running.log.read_text()

    @pytest.mark.parametrize("name", ["postgres", "weed"])
    def test_ends_with_an_error_when_a_child_dies(
        self, start: Callable[..., Running], data_dir: Path, name: str
    ) -> None:
        running = start("up", "--data-dir", data_dir, *FREE)
        children = running.children()
        victims = {child.pid: child for child in children if child.name() == name}
        # The postmaster, not one of its own children.
        for victim in [child for child in victims.values() if child.ppid() not in victims]:
            victim.kill()
        assert running.process.wait(DEADLINE) == 1
        assert_ends(children)
        assert "ChildFailed: " in running.log.read_text()

    def test_an_environment_made_for_other_servers_reaches_nobody(
        self, start: Callable[..., Running], data_dir: Path
    ) -> None:
        running = start("up", "--data-dir", data_dir, *FREE, env=HOSTILE)
        assert_answers(f"{running.http_url}/readyz")
        for child in running.children():
            # The filer's own gRPC is told by a file; everything else by arguments.
            assert set(child.environ()) <= {"PATH", "LC_ALL", "TZ", "HOME", "GOMEMLIMIT", *POSTGRES_OWN}
        with Client(running.flight_url) as client:
            letters = DataSourceCreate(identifier="letters", license="Zürich \N{GREEK SMALL LETTER MU}")
            assert client.data_sources.create(letters).license == letters.license
            assert client.data_sources.retrieve("letters").license == letters.license
        log = running.log.read_text()
        assert all(name in log for name in HOSTILE)
        assert "foreign" not in log
        assert running.stop(signal.SIGTERM) == (0, "")


class TestServe:
    def test_libpq_and_boto3_read_the_environment(
        self, start: Callable[..., Running], new_database: Callable[[], SecretStr]
    ) -> None:
        uri = new_database().get_secret_value()
        assert vxdata("db", "upgrade", env={"VXDATA_DATABASE_URI": uri}).returncode == 0
        password = unquote(str(urlsplit(uri).password))
        without = uri.replace(f":{quote(password, safe='')}@", "@")
        env = {"VXDATA_DATABASE_URI": without, "PGPASSWORD": password}
        running = start("serve", *FREE, env=env | {"PGCLIENTENCODING": "LATIN1"})
        assert_answers(f"{running.http_url}/readyz")
        with Client(running.flight_url) as client:
            letters = DataSourceCreate(identifier="letters", license="Zürich \N{GREEK SMALL LETTER MU}")
            assert client.data_sources.create(letters).license == letters.license
            assert client.data_sources.retrieve("letters").license == letters.license
        for name, value, why in (
            ("PGSERVICE", "nope", 'definition of service "nope" not found'),
            ("PGOPTIONS", "-c no_such=1", 'unrecognized configuration parameter "no_such"'),
            ("AWS_PROFILE", "nope", "The config profile (nope) could not be found"),
        ):
            second = vxdata("serve", *FREE, env=env | {name: value, "VXDATA_S3_BUCKET": "vxdata"})
            assert second.returncode == 1
            (line,) = second.stderr.splitlines()
            assert line.startswith("ServerUnavailable: ")
            assert why in line
            assert password not in line

    def test_a_database_of_the_environment(
        self, start: Callable[..., Running], new_database: Callable[[], SecretStr]
    ) -> None:
        env = {"VXDATA_DATABASE_URI": new_database().get_secret_value()}
        assert vxdata("db", "upgrade", env=env).returncode == 0
        running = start("serve", *FREE, env=env)
        assert_answers(f"{running.http_url}/readyz")
        done = vxdata("load", "idc", "--extract", "--collection", "prostate_3t", "--url", running.flight_url)
        assert done.returncode == 0, done.stderr
        with Client(running.flight_url) as client:
            assert client.volumes.query().collect().height == 64
        assert running.children() == []
        assert running.stop(signal.SIGINT) == (0, "")
        # The password stands in the address only.
        assert "postgresql://" not in running.log.read_text()

    def test_a_port_that_is_taken(
        self, start: Callable[..., Running], new_database: Callable[[], SecretStr]
    ) -> None:
        env = {"VXDATA_DATABASE_URI": new_database().get_secret_value()}
        assert vxdata("db", "upgrade", env=env).returncode == 0
        running = start("serve", *FREE, env=env)
        port = running.flight_url.rpartition(":")[2]
        second = vxdata("serve", "--port", port, "--http-port", "0", env=env)
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == f"OSError: 127.0.0.1:{port}: Address already in use; choose another port\n"
