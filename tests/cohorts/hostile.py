"""Hostile requests and what must hold of the answers: `python -m tests.cohorts.hostile REQUESTS [SEED]`.

Each is refused or right, none ends as a fault. The statement of an answer holds nothing of what the caller
compares with, and does not depend on it; and the database is afterwards as it was before.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import httpx
from adbc_driver_postgresql import dbapi

from tests.cohorts.hostile_requests import MARK, Hostile, HostileRequests, Shape
from tests.cohorts.serving import api_of, catalog_served
from vxdata.cli.cda import TABLES, generate, load
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.logs import configure_logs

if TYPE_CHECKING:
    from pydantic import SecretStr

REFUSED: Final = frozenset({400, 404, 405, 413, 422})
SUBJECTS: Final = 60
ROUND: Final = 2_000
SHOWN: Final = 500


@dataclass
class Report:
    """What was found.

    Args:
        statuses: How often each status came.
        faults: A request and what is wrong with its answer.
        statements: The statement of each shape.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[tuple[Hostile, str]] = field(default_factory=list)
    statements: dict[Shape, str] = field(default_factory=dict)

    def note(self, request: Hostile, response: httpx.Response) -> None:
        """Count a response, and keep the request if something is wrong."""
        self.statuses[response.status_code] += 1
        wrong = self._wrong(request, response)
        if wrong:
            self.faults.append((request, wrong))

    def _wrong(self, request: Hostile, response: httpx.Response) -> str:
        if response.status_code not in {200, *REFUSED}:
            return f"status {response.status_code}: {response.text[:SHOWN]}"
        try:
            answer = response.json()
        except ValueError:
            return f"status {response.status_code} and no JSON: {response.text[:SHOWN]!r}"
        if response.status_code in REFUSED:
            return "" if _is_error(response.status_code, answer) else f"no error: {response.text[:SHOWN]}"
        if MARK in answer["query_sql"].lower():
            return f"the value is in the statement: {answer['query_sql'][:SHOWN]}"
        return self._wrong_statement(request, answer)

    def _wrong_statement(self, request: Hostile, answer: dict[str, Any]) -> str:
        shape = request.shape
        if shape is None:
            return ""
        kept = self.statements.setdefault(shape, answer["query_sql"])
        if kept != answer["query_sql"]:
            return f"the statement depends on the value: {answer['query_sql'][:SHOWN]}"
        found = (
            answer["total_row_count"] if "total_row_count" in answer else answer["result"][0]["total_count"]
        )
        return f"{found} rows have the mark" if shape.op in {"=", "in"} and found else ""


def _is_error(status: int, answer: dict[str, Any]) -> bool:
    """Whether an answer has the form of errors."""
    return "detail" in answer if status == 422 else {"error_type", "message"} <= set(answer)


def attack(api: httpx.Client, random: Random, count: int, report: Report) -> None:
    """Make requests, one after the other.

    Args:
        api: The API.
        random: What they follow from.
        count: How many.
        report: Where the answers are noted.
    """
    listed = api.get("/columns/").json()["result"]
    columns = [column["column"] for column in listed]
    requests = HostileRequests(random, columns, sorted({column["table"] for column in listed}))
    for _ in range(count):
        request = requests.request()
        headers = {"Content-Type": "application/json"} | request.headers
        try:
            response = api.post(request.path, content=request.content, headers=headers)
        except httpx.HTTPError as error:
            report.faults.append((request, f"no answer: {error!r}"))
        else:
            report.note(request, response)


def state_of(uri: SecretStr) -> list[tuple[str, str]]:
    """The tables of the database, each with the sum of its rows' hashes."""
    with dbapi.connect(uri.get_secret_value()) as connection, connection.cursor() as cursor:
        found = []
        for table in TABLES:
            cursor.execute(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM cda.{table.name} t")
            found.append((table.name, str(cursor.fetchall())))
        cursor.execute("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'v', 'S', 'm')")
        return [*found, ("relations", str(cursor.fetchall()))]


def main(count: int, seed: int) -> int:
    """Attack a server of its own, print how it goes, and return how many faults there were."""
    configure_logs("CRITICAL", as_json=False)
    folder = Path(tempfile.mkdtemp(prefix="vxdata-hostile-"))
    folder.chmod(0o755)
    report, begun = Report(), time.monotonic()
    with EmbeddedStack.start(folder / "stack") as stack:
        load(stack.postgres_uri, generate(SUBJECTS), schema="cda")
        before = state_of(stack.postgres_uri)
        with catalog_served(stack.postgres_uri, folder / "results", "cda") as server, api_of(server) as api:
            for done in range(0, count, ROUND):
                attack(api, Random(seed + done), min(ROUND, count - done), report)
                rate = sum(report.statuses.values()) / (time.monotonic() - begun)
                say(f"{sum(report.statuses.values()):,} requests, {rate:.0f}/s, {dict(report.statuses)}")
        if state_of(stack.postgres_uri) != before:
            report.faults.append((Hostile("", b""), "the database has changed"))
    for request, wrong in report.faults[:20]:
        say(f"FAULT {request.path[:SHOWN]} {request.content[:SHOWN]!r}: {wrong}")
    say(f"{len(report.faults)} faults")
    return len(report.faults)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
