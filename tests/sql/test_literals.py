"""Literals survive PostgreSQL exactly: what is rendered is what PostgreSQL reads."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vxdata.schemas.binding.values import Literal
from vxdata.sql.dialect.postgres import text_array
from vxdata.sql.literals import timestamp, to_sql
from vxdata.sql.names import render
from vxdata.sql.schema.migrations import split_statements

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool

HOSTILE = [
    "'",
    "''",
    "\\",
    "\\'",
    "a\\",
    "E'\\x41'",
    "$1",
    "$$ a $$",
    "%s %(name)s %",
    "-- comment",
    "/* comment",
    "';DROP TABLE vxdata.volume;--",
    ";",
    "\n\r\t\v\f\x01\x7f",
    "{} {0} :name ?",
    "\u202e\ufeff\u0000".rstrip("\u0000"),
    "Müller 前列腺 🩻",
    "e\u0301",
    "NULL",
    "\U0010ffff",
]
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200)


def selected(database: ConnectionPool, sql: str, cast: str) -> Any:
    """What PostgreSQL makes of a literal, by both ways of reading: with COPY and without."""
    query = f"SELECT {sql}::{cast} AS value"
    assert len(split_statements(query)) == 1
    with database.connection() as connection:
        (row,) = connection.rows(query)
        with connection.stream(query) as batches:
            assert [value for batch in batches for value in batch.column(0).to_pylist()] == [row["value"]]
    return row["value"]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_text(database: ConnectionPool, value: str) -> None:
    assert selected(database, render(to_sql(Literal(value))), "text") == value


@given(value=TEXT)
def test_text(database: ConnectionPool, value: str) -> None:
    assert selected(database, render(to_sql(Literal(value))), "text") == value


@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(5e-324)
@example(-0.0)
@example(1.7976931348623157e308)
def test_double(database: ConnectionPool, value: float) -> None:
    found = selected(database, render(to_sql(Literal(value))), "double precision")
    assert struct.pack("d", found) == struct.pack("d", value)


@given(value=st.integers(-(2**63), 2**63 - 1))
@example(-(2**63))
@example(2**63 - 1)
def test_integer(database: ConnectionPool, value: int) -> None:
    rendered = render(to_sql(Literal(value)))
    assert selected(database, f"({rendered})", "bigint") == value


@given(value=st.dates())
@example(date.min)
@example(date.max)
def test_date(database: ConnectionPool, value: date) -> None:
    assert selected(database, render(to_sql(Literal(value))), "date") == value


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(value=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES))  # noqa: DTZ001
@example(datetime.min.replace(tzinfo=UTC))
@example(datetime.max.replace(tzinfo=UTC))
def test_instant(database: ConnectionPool, value: datetime) -> None:
    assert selected(database, render(to_sql(Literal(value))), "timestamptz") == value


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_an_instant_does_not_depend_on_the_session(database: ConnectionPool, zone: str) -> None:
    instant = datetime(2024, 7, 1, 12, 0, 0, 1, tzinfo=UTC)
    with database.connection() as connection, connection.transaction("BEGIN"):
        connection.execute(f"SET LOCAL TIME ZONE '{zone}'")
        (row,) = connection.rows(f"SELECT extract(epoch FROM {render(timestamp(instant))})::text AS epoch")
    assert row == {"epoch": "1719835200.000001"}


@pytest.mark.parametrize("value", [True, False])
def test_boolean(database: ConnectionPool, value: bool) -> None:  # noqa: FBT001
    assert selected(database, render(to_sql(Literal(value))), "boolean") is value


@given(values=st.lists(TEXT, max_size=5))
@example(HOSTILE)
@example(["", "NULL", "null", "{}", "{a,b}", '"', ",", " a ", "\\", '\\"'])
def test_texts(database: ConnectionPool, values: list[str]) -> None:
    assert selected(database, render(text_array(map(Literal, values))), "text[]") == values
