"""`vxdata db psql` and `url`: into the PostgreSQL of a running `vxdata up`, for an operator."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tests.fixtures.commands import vxdata
from vxdata.cli.commands.database import url
from vxdata.server.embedded.connecting import RunningPostgres
from vxdata.server.embedded.errors import NoServerRuns

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.embedded import EmbeddedStack


def test_the_address_is_that_of_the_database(
    stack: EmbeddedStack, session_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url(session_dir / "stack")
    assert capsys.readouterr().out == f"{stack.postgres_uri.get_secret_value()}\n"


READ: Final = "SELECT 'first ' || name FROM migration WHERE number = 1"
QUIETLY: Final = ("-XAtq", "-v", "ON_ERROR_STOP=1")


@pytest.mark.usefixtures("settings")
def test_psql_reads(session_dir: Path) -> None:
    foreign = {"PGHOST": "elsewhere.invalid", "PGOPTIONS": "-c no_such_setting=1"}
    options = ("--data-dir", session_dir / "stack", "--", *QUIETLY)
    found = vxdata("db", "psql", *options, "-c", READ, "-c", "SELECT count(*) FROM token", env=foreign)
    assert found.stdout == "first 0001_commit_clock\n"
    assert "permission denied for table token" in found.stderr
    assert found.returncode == 1


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("statement", ["ALTER ROLE CURRENT_USER PASSWORD 'other'", "SELECT lo_create(0)"])
def test_psql_changes_nothing_that_any_role_may_change(session_dir: Path, statement: str) -> None:
    argv, variables = RunningPostgres.find(session_dir / "stack").psql(may_write=False)
    found = subprocess.run(
        [*argv, *QUIETLY, "-c", statement], env=variables, capture_output=True, check=False
    )
    assert found.returncode == 1
    assert b"read-only transaction" in found.stderr


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    "statement", ["DELETE FROM volume", "CREATE TABLE made (n integer)", "SET ROLE vxdata"]
)
def test_psql_changes_nothing_whatever_its_transactions_say(session_dir: Path, statement: str) -> None:
    argv, variables = RunningPostgres.find(session_dir / "stack").psql(may_write=False)
    statements = ("-c", "BEGIN READ WRITE", "-c", statement)
    found = subprocess.run([*argv, *QUIETLY, *statements], env=variables, capture_output=True, check=False)
    assert found.returncode == 1
    assert b"permission denied" in found.stderr


@pytest.mark.usefixtures("stack")
def test_psql_writes_if_it_is_told_to(session_dir: Path) -> None:
    argv, variables = RunningPostgres.find(session_dir / "stack").psql(may_write=True)
    statements = ("-c", "CREATE TEMPORARY TABLE made (n integer)", "-c", "SELECT 'written'")
    found = subprocess.run([*argv, *QUIETLY, *statements], env=variables, capture_output=True, check=True)
    assert found.stdout == b"written\n"
    assert variables["PGPASSWORD"] not in " ".join(argv)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("is_left", [False, True], ids=["never started", "killed"])
def test_no_server_runs(tmp_path: Path, session_dir: Path, is_left: bool) -> None:  # noqa: FBT001 - a case
    if is_left:
        kept = (session_dir / "stack" / "secrets.json").read_bytes()
        (tmp_path / "secrets.json").write_bytes(kept)
        (tmp_path / "runtime.json").write_text(json.dumps({"directory": str(tmp_path / "gone"), "ports": []}))
    with pytest.raises(NoServerRuns, match=r"no server runs on .*: start `vxdata up .* by --data-dir$"):
        url(tmp_path)
