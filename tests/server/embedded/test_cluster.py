from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded import ChildFailed, DataDirectoryIncompatible
from vxdata.server.embedded import cluster as cluster_module
from vxdata.server.embedded.account import choose_account
from vxdata.server.embedded.binaries import find_binaries
from vxdata.server.embedded.cluster import Cluster
from vxdata.server.embedded.owner import LockFile
from vxdata.server.embedded.secrets import StackSecrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cluster(open_dir: Path) -> Iterator[Cluster]:
    account = choose_account(open_dir / "postgres")
    with LockFile.try_lock(open_dir / "postgres.lock") or pytest.fail("not locked") as lock:
        yield Cluster(open_dir / "postgres", account, find_binaries(), lock.fd)


def test_an_unfinished_draft_is_replaced(cluster: Cluster, open_dir: Path) -> None:
    draft = open_dir / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    assert not cluster.exists
    cluster.create(StackSecrets())
    assert cluster.exists
    cluster.check_version()
    assert not draft.exists()
    assert list(open_dir.rglob("password")) == []
    assert {path.stat().st_uid for path in (open_dir / "postgres").rglob("*")} == {cluster.account.uid}
    hba = (open_dir / "postgres" / "pg_hba.conf").read_text()
    rules = [line.split() for line in hba.splitlines() if line and not line.startswith("#")]
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}


def test_a_failed_set_up_leaves_no_cluster(
    cluster: Cluster, open_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_set_up_sql", lambda _: "CREATE NONSENSE;\n")
    with pytest.raises(ChildFailed, match="NONSENSE"):
        cluster.create(StackSecrets())
    assert not cluster.exists


def test_other_files_are_not_overwritten(cluster: Cluster, open_dir: Path) -> None:
    (open_dir / "postgres").mkdir()
    (open_dir / "postgres" / "thesis.txt").touch()
    with pytest.raises(DataDirectoryIncompatible, match="other files"):
        cluster.create(StackSecrets())
    assert os.listdir(open_dir / "postgres") == ["thesis.txt"]  # noqa: PTH208 - names are enough


def test_another_major_version_is_refused(cluster: Cluster, open_dir: Path) -> None:
    (open_dir / "postgres").mkdir()
    (open_dir / "postgres" / "PG_VERSION").write_text("18\n")
    newer = replace(cluster, binaries=replace(cluster.binaries, postgres_version="19.1"))
    with pytest.raises(DataDirectoryIncompatible, match=r"PostgreSQL 18, .* of 19;"):
        newer.check_version()
