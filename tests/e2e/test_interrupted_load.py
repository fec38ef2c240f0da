"""The server is killed in the middle of a load: nothing is half there, and a second load completes it."""

from __future__ import annotations

import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psutil

from tests.fixtures.commands import DEADLINE, command, environment, until, vxdata
from vxdata.schemas.catalog.registry import registry
from vxdata.sdk import Client, Query
from vxdata.server.app import Server
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from tests.fixtures.commands import Running

WHOLE = {"datasource": 4, "patient": 197, "imagingstudy": 212, "volume": 944}
LOAD = ("load", "idc", "--extract", "--rows-per-batch", "20")
ENOUGH_COMMITS = 8
"""Of some sixty: the kill comes in the middle."""


Commits = dict[int, dict[str, int]]
"""Rows by commit and by type."""


def visible(client: Client, as_of: datetime | None) -> Commits:
    """What anybody can read as of an instant, by the commit that wrote it."""
    found: Commits = {}
    for payload_type in registry():
        query = client.namespace(payload_type.prefix).query().select("version")
        versions = Query(query._session, query.plan.model_copy(update={"as_of": as_of})).collect()["version"]
        for version, rows in versions.value_counts().iter_rows():
            found.setdefault(version, {})[payload_type.prefix] = rows
    return found


def log(database: ConnectionPool) -> Commits:
    """What the commit log says of each commit."""
    with database.connection() as connection:
        rows = connection.rows(
            "SELECT version, resource_type, rows::bigint AS rows FROM vxdata.commit_log, "
            "jsonb_each_text(counts) AS each(resource_type, rows) ORDER BY version"
        )
    found: Commits = {}
    for row in rows:
        found.setdefault(row["version"], {})[row["resource_type"]] = row["rows"]
    return found


def totals(commits: Commits) -> dict[str, int]:
    return {name: sum(commit.get(name, 0) for commit in commits.values()) for name in WHOLE}


def settings_on(stack: EmbeddedStack) -> Settings:
    given: dict[str, Any] = {
        "database_uri": stack.postgres_uri,
        "s3_url": stack.s3.url,
        "s3_bucket": stack.s3.bucket,
        "s3_region": stack.s3.region,
        "s3_access_key": stack.s3.access_key,
        "s3_secret_key": stack.s3.secret_key,
    }
    return Settings(port=0, http_port=0, grace=5, **given)


def watched(client: Client) -> dict[int, Commits]:
    """Read again and again while a load runs: what is visible, by the last commit at that instant."""
    seen: dict[int, Commits] = {}

    def see_enough() -> bool:
        health = client.health()
        seen[health.version] = visible(client, health.as_of)
        return health.version >= ENOUGH_COMMITS

    until(see_enough, "some batches are in")
    return seen


def test_a_killed_server_and_a_second_load(start: Callable[..., Running], data_dir: Path) -> None:
    running = start("up", "--data-dir", data_dir, "--port", "0", "--http-port", "0")
    children = running.children()
    loading = subprocess.Popen(
        [*command(*LOAD, "--url", running.flight_url)], env=environment(), stderr=subprocess.PIPE, text=True
    )
    with Client(running.flight_url) as client:
        seen = watched(client)
    running.process.kill()
    running.process.wait(DEADLINE)
    said = loading.communicate(timeout=DEADLINE)[1]
    assert loading.returncode == 1, said
    assert said.splitlines()[-1].startswith("ServerUnavailable: "), said
    _, alive = psutil.wait_procs(children, timeout=DEADLINE)
    assert alive == []

    with (
        EmbeddedStack.start(data_dir) as stack,
        Server(settings_on(stack)) as server,
        Client(server.flight_url) as client,
        closing(ConnectionPool(stack.postgres_uri, size=1)) as database,
    ):
        kept = log(database)
        assert sorted(kept) == list(range(1, client.health().version + 1))
        assert visible(client, client.health().as_of) == kept
        for last, commits in seen.items():
            assert commits == {version: kept[version] for version in range(1, last + 1)}
        assert 0 < sum(totals(kept).values()) < sum(WHOLE.values())

        again = vxdata(*LOAD, "--url", server.flight_url)
        assert again.returncode == 0, again.stderr
        done = log(database)
        assert totals(done) == WHOLE
        assert visible(client, client.health().as_of) == done
        assert {version: done[version] for version in kept} == kept
