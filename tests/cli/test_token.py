"""`vxdata token`: what it does with files and with grants that cannot be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from vxdata.cli.commands.token import commands
from vxdata.schemas.create import DataSourceCreate

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from vxdata.sdk import Client
    from vxdata.server.config import Settings


@pytest.fixture
def database_options(settings: Settings) -> tuple[str, str]:
    """Name the database of the tests."""
    assert settings.database_uri is not None
    return "--database-uri", settings.database_uri.get_secret_value()


def run(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(commands, arguments, env={"COLUMNS": "200"})


def test_the_token_of_another_user_is_not_overwritten(
    database_options: tuple[str, str], unique: str, tmp_path: Path
) -> None:
    path = tmp_path / "user.token"
    assert run("create", unique, "--output", str(path), *database_options).exit_code == 0
    first = path.read_text(encoding="utf-8")
    refused = run("create", f"{unique}-2", "--output", str(path), *database_options)
    assert refused.exit_code != 0
    assert "may hold the token of another user" in refused.output
    assert path.read_text(encoding="utf-8") == first
    assert f"{unique}-2" not in run("list", *database_options).output


def test_a_token_that_is_made_anew_takes_the_place_of_the_former(
    database_options: tuple[str, str], unique: str, tmp_path: Path
) -> None:
    path = tmp_path / "user.token"
    assert run("create", unique, "--output", str(path), *database_options).exit_code == 0
    first = path.read_text(encoding="utf-8")
    assert run("rotate", unique, "--output", str(path), *database_options).exit_code == 0
    assert path.read_text(encoding="utf-8") != first


def test_grants_that_cannot_be_are_refused_in_plain_words(
    database_options: tuple[str, str], unique: str
) -> None:
    given = ("create", unique, "--read", "datasource/a", "--write", "datasource/b")
    refused = run(*given, *database_options)
    assert refused.exit_code != 0
    assert "Invalid value: Below a data source can only be written by those who see it" in refused.output


def test_grants_that_match_nothing_are_named(
    database_options: tuple[str, str], unique: str, client: Client
) -> None:
    source = DataSourceCreate(identifier=f"datasource/{unique}", license=f"CC {unique}")
    client.data_sources.create([source])
    there = ("--read", unique, "--license", f"CC {unique}")
    missing = ("--read", f"{unique}-other", "--license", f"cc {unique}")
    made = run("create", unique, *there, *missing, *database_options)
    assert made.exit_code == 0
    named = re.findall("Warning: no resource has '(.*?)' at present", made.output)
    assert named == [f"datasource/{unique}-other", f"cc {unique}"]


def test_what_is_not_limited_is_called_everything(database_options: tuple[str, str], unique: str) -> None:
    assert run("create", unique, *database_options).exit_code == 0
    assert "grants: everything\n" in run("show", unique, *database_options).output


@pytest.mark.parametrize("catalog", ["", "cda.", ".subject", "No"])
def test_what_is_no_name_of_a_catalog_is_refused(
    database_options: tuple[str, str], unique: str, catalog: str
) -> None:
    refused = run("create", unique, "--catalog", catalog, *database_options)
    assert refused.exit_code != 0
    assert "is no catalog: give NAME or NAME.TABLE" in refused.output
    assert unique not in run("list", *database_options).output


@pytest.mark.parametrize(
    ("catalogs", "said"),
    [
        ('{"cda": {"uri": "postgresql://127.0.0.1/x"}}', "Did you mean cda?"),
        ('{"other": {"uri": "postgresql://127.0.0.1/x"}}', "Known: other."),
        ("{}", "They name none."),
    ],
)
def test_catalogs_that_are_not_configured_are_told(
    database_options: tuple[str, str], unique: str, monkeypatch: pytest.MonkeyPatch, catalogs: str, said: str
) -> None:
    monkeypatch.setenv("VXDATA_CATALOGS", catalogs)
    made = run("create", unique, "--catalog", "cdb", "--catalog", "cdb.subject", *database_options)
    assert made.exit_code == 0
    assert made.output.count(f"Warning: the settings name no catalog 'cdb'. {said}") == 1


def test_settings_that_cannot_be_read_are_told_before_a_token_is_made(
    database_options: tuple[str, str], unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VXDATA_CATALOGS", "{")
    refused = run("create", unique, "--catalog", "cda", *database_options)
    assert refused.exit_code != 0
    monkeypatch.undo()
    assert unique not in run("list", *database_options).output


def test_catalogs_that_are_configured_are_not(
    database_options: tuple[str, str], unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VXDATA_CATALOGS", '{"cda": {"uri": "postgresql://127.0.0.1/x"}}')
    made = run("create", unique, "--catalog", "cda.subject", *database_options)
    assert made.exit_code == 0
    assert "Warning" not in made.output


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (("--catalog", "cda.subject"), "It sees all records beside the catalogs: "),
        (("--type", "volume"), "It sees all catalogs that a server has: "),
        (("--license", "CC BY 4.0"), "It sees all catalogs that a server has: "),
        (("--read", "datasource/a", "--catalog", "cda"), None),
        ((), None),
    ],
)
def test_what_limits_leave_open_is_told(
    database_options: tuple[str, str], unique: str, limits: tuple[str, ...], said: str | None
) -> None:
    made = run("create", unique, *limits, *database_options)
    assert made.exit_code == 0
    if said is None:
        assert "It sees all" not in made.output
    else:
        assert said in made.output
