"""`vxdata token`: what it does with files and with grants that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from vxdata.cli.commands.token import commands

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

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
