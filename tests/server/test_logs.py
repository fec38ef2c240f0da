"""Logs: structured, on standard error, without secrets and without the values of rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pydantic import SecretStr

PREAMBLE = """
import os, sys
import structlog
from pydantic import SecretStr
from vxdata.server.logs import configure_logs
configure_logs(os.environ["LEVEL"], as_json=os.environ["FORM"] == "json")
log = structlog.get_logger()
"""
FAULT = """
from vxdata.server.listeners.errors import ErrorReporter
def handle(patient):
    return {}[0]
try:
    handle("l0cal-value")
except KeyError as error:
    ErrorReporter().to_wire(error, "request-1")
"""
DATABASE_FAULTS = """
from contextlib import closing
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.errors import DatabaseError
from vxdata.server.listeners.errors import ErrorReporter
with closing(ConnectionPool(SecretStr(os.environ["URI"]), size=1)) as database:
    statements = [
        "CREATE TEMPORARY TABLE t (a text PRIMARY KEY)",
        "INSERT INTO t VALUES ('patient-v4lue'), ('patient-v4lue')",
        "INSERT INTO t VALUES ('patient-v4lue', 2)",
        "SELEC 'patient-v4lue'",
    ]
    for number, statement in enumerate(statements):
        try:
            with database.connection() as connection:
                connection.execute(statement)
        except DatabaseError as error:
            ErrorReporter().to_wire(error, f"request-{number}")
"""
UNREACHABLE = """
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.database.pool import ConnectionPool
for uri in ("postgresql://u:passw0rd@127.0.0.1:1/x", "postgresql//u:passw0rd@host/x", "postgresql://u:passw0rd@h:p/x"):
    try:
        ConnectionPool(SecretStr(uri))
    except ServerUnavailable:
        log.exception("unreachable")
"""


def run(script: str, *, form: str = "json", level: str = "INFO", uri: str = "") -> str:
    environment = {**os.environ, "FORM": form, "LEVEL": level, "URI": uri}
    command = [sys.executable, "-c", PREAMBLE + script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ""
    return done.stderr


def test_json_lines() -> None:
    (line,) = run('log.info("committed", version=3)').splitlines()
    content = json.loads(line)
    assert content.pop("timestamp").endswith("Z")
    assert content == {"event": "committed", "level": "info", "version": 3}


def test_text() -> None:
    shown = run('log.warning("busy", wait=3)', form="text")
    assert "busy" in shown
    assert "wait=3" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("level", "lines"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1), ("CRITICAL", 0)]
)
def test_level(level: str, lines: int) -> None:
    script = 'log.debug("a"); log.info("a"); log.warning("a"); log.error("a")'
    assert len(run(script, level=level).splitlines()) == lines


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_is_found_by_its_request_and_shows_no_local_value(form: str) -> None:
    shown = run(FAULT, form=form)
    assert "request-1" in shown
    assert "KeyError" in shown
    assert "handle" in shown
    assert "l0cal-value" not in shown.replace('handle("l0cal-value")', "").replace(
        'handle(\\"l0cal-value\\")', ""
    )


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_of_the_database_shows_no_row(form: str, database_uri: SecretStr) -> None:
    shown = run(DATABASE_FAULTS, form=form, uri=database_uri.get_secret_value())
    assert "SQLSTATE 23505" in shown
    assert shown.count("request_failed") == 3
    assert "v4lue" not in shown
    assert database_uri.get_secret_value() not in shown


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_password(form: str) -> None:
    shown = run(UNREACHABLE, form=form)
    assert shown.count("unreachable") >= 3
    assert "127.0.0.1" in shown
    assert "passw0rd" not in shown.replace('"postgresql', "")
