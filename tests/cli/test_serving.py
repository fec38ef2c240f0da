"""Commands that serve: what they print, whom they refuse, and how they stop."""

from __future__ import annotations

import gc
import json
import signal
import socket
import subprocess
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import httpx
import psutil
import pytest
from pydantic import SecretStr

from tests.fixtures.commands import DEADLINE, command, environment, until, vxdata
from tests.fixtures.hostile import HOSTILE
from vxdata.cli.running import freeze_what_stays, upgrade_database
from vxdata.schemas.create import DataSourceCreate
from vxdata.sdk import Client
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.commands import Running

FREE = ("--port", "0", "--http-port", "0")

POSTGRES_OWN = {"PGLOCALEDIR", "PGSYSCONFDIR", "PG_GRANDPARENT_PID"}
"""Variables that PostgreSQL's programs set for themselves and their children."""


def assert_ends(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=DEADLINE)
    assert alive == []


def main_process(running: Running, name: str) -> psutil.Process:
    """The child of a name that has none of that name above it."""
    named = {child.pid: child for child in running.children() if child.name() == name}
    (found,) = (child for child in named.values() if child.ppid() not in named)
    return found


def postmaster(running: Running) -> psutil.Process:
    return main_process(running, "postgres")


def weed(running: Running) -> psutil.Process:
    return main_process(running, "weed")


def backend(running: Running) -> psutil.Process:
    """One that serves a connection of the server."""
    return next(child for child in postmaster(running).children() if "vxdata" in child.cmdline()[0])


def down(running: Running) -> list[str]:
    """What a server says is down; nothing if it is ready."""
    answer = httpx.get(f"{running.http_url}/readyz", timeout=DEADLINE)
    found: list[str] = answer.json().get("down", [])
    assert answer.status_code == (HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK)
    return found


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
        port = running.flight_url.rpartition(":")[2]
        second = vxdata("up", "--data-dir", data_dir, "--port", port, "--http-port", "0")
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

    def test_goes_on_when_a_child_or_a_part_of_it_is_killed(
        self, start: Callable[..., Running], data_dir: Path
    ) -> None:
        running = start("up", "--data-dir", data_dir, *FREE)
        with Client(running.flight_url) as client:
            for number, victim in enumerate([postmaster, backend, weed, postmaster, weed]):
                victim(running).kill()
                name = f"{victim.__name__}-{number}"
                client.data_sources.create(DataSourceCreate(identifier=name, license="x"))
                assert client.data_sources.retrieve(name).license == "x"
                until(lambda: httpx.get(f"{running.http_url}/readyz").status_code == 200, "it is ready")
            assert client.data_sources.query().collect().height == 5
        until(lambda: running.log.read_text().count("child_runs_again") == 4, "each was started again")
        children = running.children()
        assert running.stop(signal.SIGTERM) == (0, "")
        assert_ends(children)

    def test_says_what_is_down(self, start: Callable[..., Running], data_dir: Path) -> None:
        running = start("up", "--data-dir", data_dir, *FREE)
        needed = data_dir / "postgres" / "global" / "pg_control"
        needed.rename(data_dir / "away")
        postmaster(running).kill()
        until(lambda: down(running) == ["database"], "the database is down")
        assert_answers(f"{running.http_url}/livez")
        weed(running).suspend()
        until(lambda: down(running) == ["database", "blob store"], "both are down")
        (data_dir / "away").rename(needed)
        until(lambda: down(running) == ["blob store"], "the database is back")
        weed(running).resume()
        until(lambda: down(running) == [], "both are back")
        assert running.stop(signal.SIGTERM) == (0, "")

    @pytest.mark.slow
    def test_ends_with_an_error_when_a_child_cannot_be_started_again(
        self, start: Callable[..., Running], data_dir: Path
    ) -> None:
        running = start("up", "--data-dir", data_dir, *FREE)
        children = running.children()
        (data_dir / "postgres" / "global" / "pg_control").unlink()
        postmaster(running).kill()
        assert running.process.wait(DEADLINE) == 1
        assert_ends(children)
        log = running.log.read_text()
        assert "RestartsFailed: PostgreSQL failed 10 times within" in log
        assert "PostgreSQL exited with status" in log
        assert 'global/pg_control": No such file' in log.rpartition("RestartsFailed")[2]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
    def test_can_be_stopped_while_it_starts(
        self, data_dir: Path, number: signal.Signals, session_dir: Path
    ) -> None:
        log = session_dir / f"{data_dir.name}.log"
        arguments = command("up", "--data-dir", data_dir, *FREE)
        with (
            log.open("w") as stderr,
            subprocess.Popen(
                arguments, env=environment(), stdout=subprocess.PIPE, stderr=stderr, text=True
            ) as process,
        ):
            until((data_dir / "postgres.new").exists, "it makes its cluster")
            children = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(number)
            printed, _ = process.communicate(timeout=DEADLINE)
        assert (process.returncode, printed) == (0, ""), log.read_text()
        assert_ends(children)

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
        database = new_database()
        upgrade_database(database)
        uri = database.get_secret_value()
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

    def test_catalogs_alone(
        self, start: Callable[..., Running], new_database: Callable[[], SecretStr]
    ) -> None:
        uris = []
        for name in ("one", "two"):
            uris.append(new_database().get_secret_value())
            with (
                closing(ConnectionPool(SecretStr(uris[-1]), size=1)) as pool,
                pool.connection() as connection,
            ):
                connection.execute(f"CREATE TABLE of_{name} (id int PRIMARY KEY)")
        env = {"VXDATA_CATALOGS": json.dumps({"one": {"uri": uris[0], "release": "SELECT 'R1'"}})}
        running = start("serve", *FREE, "--catalog", f"two={uris[1]}", env=env)
        ready = httpx.get(f"{running.http_url}/readyz")
        assert (ready.status_code, ready.json()["catalogs"]) == (200, {"one": True, "two": True})
        listed = vxdata("catalog", "list", "--url", running.flight_url).stderr.splitlines()
        assert listed == [
            "one: 1 table, release R1, serves tables",
            "two: 1 table, no release, so no result is kept, serves tables",
        ]
        refused = vxdata("catalog", "refresh", "three", "--url", running.flight_url)
        assert refused.returncode == 1
        assert refused.stderr.startswith("UnknownCatalog: The server has no catalog 'three'.")
        assert running.stop(signal.SIGTERM) == (0, "")
        assert "postgresql://" not in running.log.read_text()

    def test_a_port_that_is_taken(
        self, start: Callable[..., Running], new_database: Callable[[], SecretStr]
    ) -> None:
        uri = new_database()
        upgrade_database(uri)
        env = {"VXDATA_DATABASE_URI": uri.get_secret_value()}
        running = start("serve", *FREE, env=env)
        port = running.flight_url.rpartition(":")[2]
        second = vxdata("serve", "--port", port, "--http-port", "0", env=env)
        assert (second.returncode, second.stdout) == (1, "")
        advice = "choose another port by --port or --http-port"
        assert second.stderr == f"OSError: 127.0.0.1:{port}: Address already in use; {advice}\n"

    def test_up_takes_the_ports_of_the_settings(self, data_dir: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            for name in ("VXDATA_PORT", "VXDATA_HTTP_PORT"):
                env = {"VXDATA_PORT": "0", "VXDATA_HTTP_PORT": "0", name: str(port)}
                done = vxdata("up", "--data-dir", data_dir, env=env)
                assert (done.returncode, done.stdout) == (1, "")
                assert f"OSError: 127.0.0.1:{port}: Address already in use" in done.stderr
        assert not data_dir.exists()
