"""Migrations: numbered files, cut into statements."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.sql.schema.migrations import migrations, split_statements


def test_numbers_are_unique_and_without_gap() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_file_is_a_migration() -> None:
    found = {
        path.name for path in files("vxdata.sql.schema.migrations").iterdir() if path.name.endswith(".sql")
    }
    assert found == {f"{migration.name}.sql" for migration in migrations()}
    assert all(migration.statements for migration in migrations())


def test_statements_end_before_their_semicolon() -> None:
    for migration in migrations():
        assert not [statement for statement in migration.statements if statement.endswith(";")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (";;  ;", ()),
        ("SELECT 1", ("SELECT 1",)),
        ("SELECT 1;\n\nSELECT 2;\n", ("SELECT 1", "SELECT 2")),
        ("SELECT 'a;b', \"c;d\"; SELECT 2", ("SELECT 'a;b', \"c;d\"", "SELECT 2")),
        ("SELECT 1 -- not; here\n; SELECT 2", ("SELECT 1 -- not; here", "SELECT 2")),
        ("SELECT 1 /* nor; here */; SELECT 2", ("SELECT 1 /* nor; here */", "SELECT 2")),
        (
            "CREATE FUNCTION f() RETURNS int AS $$ BEGIN; RETURN 1; END $$ LANGUAGE plpgsql; SELECT 2",
            ("CREATE FUNCTION f() RETURNS int AS $$ BEGIN; RETURN 1; END $$ LANGUAGE plpgsql", "SELECT 2"),
        ),
        ("DO $body$ SELECT ';' $body$; SELECT 2", ("DO $body$ SELECT ';' $body$", "SELECT 2")),
        ("SELECT 'ä;ö 🩻'; SELECT 2", ("SELECT 'ä;ö 🩻'", "SELECT 2")),
    ],
)
def test_split(text: str, expected: tuple[str, ...]) -> None:
    assert split_statements(text) == expected


@given(st.lists(st.from_regex(r"SELECT '[a-z;é\n]{0,8}'", fullmatch=True), max_size=5))
def test_joined_statements_are_split_again(statements: list[str]) -> None:
    assert split_statements(";\n".join(statements)) == tuple(statements)
