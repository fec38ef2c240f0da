"""Reports for tests of streams: more than what lies between client and server can hold, and a slow search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.server.support import scalar
from vxdata.sdk import F

if TYPE_CHECKING:
    from vxdata.schemas.response import DiagnosticReportResponse
    from vxdata.sdk import Client
    from vxdata.sdk._queries.query import Query
    from vxdata.server.database.pool import ConnectionPool

ROWS = 900
FINDINGS = 60_000
"""Characters of each report: 54 MB in all. Client, server and gRPC hold a dozen batches of 4 MB at most."""

SLOW_TITLE = "a" * 251
SLOW_PATTERN = r"^(a*)(a*)(a*)(a*)\1\2\3\4$"
"""Only texts of even length match; to refuse another one takes hours."""

LANGUAGE = "de"


def create_reports(client: Client, parent: str) -> None:
    """Create many long reports, and after them one that a search for the pattern stalls at."""
    word = parent.rpartition("/")[2]
    rows = pl.DataFrame({"identifier": [f"{word}-{row:05}" for row in range(ROWS)]}).with_columns(
        parent_identifier=pl.lit(parent),
        license=pl.lit("CC BY 4.0"),
        language=pl.lit(LANGUAGE),
        findings=pl.lit("ä" * FINDINGS),
    )
    client.diagnostic_reports.create(rows)
    last = rows[:1].select("parent_identifier", "license", identifier=pl.lit(f"{word}-last"))
    client.diagnostic_reports.create(last.with_columns(title=pl.lit(SLOW_TITLE)))


def large(client: Client, parent: str) -> Query[DiagnosticReportResponse]:
    """Everything of the long reports that is long."""
    reports = client.diagnostic_reports.query().filter(F.parent_identifier == parent)
    return reports.filter(F.language == LANGUAGE).select("identifier", "findings")


def slow(client: Client, parent: str) -> Query[DiagnosticReportResponse]:
    """A query that finds nothing for hours."""
    reports = client.diagnostic_reports.query().filter(F.parent_identifier == parent)
    return reports.filter(F.title.matches(SLOW_PATTERN)).select("identifier")


def stalling(client: Client, parent: str) -> Query[DiagnosticReportResponse]:
    """A query that finds the long reports, and then nothing for hours."""
    reports = client.diagnostic_reports.query().filter(F.parent_identifier == parent)
    wanted = (F.language == LANGUAGE) | F.title.matches(SLOW_PATTERN)
    return reports.filter(wanted).select("identifier", "findings")


def running(database: ConnectionPool, parent: str) -> int:
    """Count the reads of what hangs below a resource that PostgreSQL is working on."""
    return int(
        scalar(
            database,
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
            f"AND query LIKE 'COPY%{parent}%'",
        )
    )
