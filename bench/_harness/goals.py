"""Goals: for single figures, a bar that must be met and a stretch goal beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Goal:
    """What one figure should reach.

    Args:
        work: What is measured, in words.
        question: The question whose answer has the figure.
        value: Name of the figure in that answer.
        bar: The value that it must reach.
        stretch: The value that would be better still.
        more: Whether a greater figure is better.
        unit: Written after the figure.
    """

    work: str
    question: str
    value: str
    bar: float
    stretch: float
    more: bool = False
    unit: str = ""

    def found(self, entries: Mapping[str, Any]) -> Mapping[str, float] | None:
        """The figure with its range, or None if it was not measured."""
        values = entries.get(self.question, {}).get("values", {})
        value: Mapping[str, float] | None = values.get(self.value)
        return value

    def meets(self, figure: float, wanted: float) -> bool:
        """Whether a figure reaches what is wanted.

        >>> Goal("pull", "cold", "time", bar=1.15, stretch=0.95).meets(1.0, 1.15)
        True
        """
        return figure >= wanted if self.more else figure <= wanted

    def verdict(self, figure: float) -> str:
        """Tell in a word what a figure reaches."""
        if self.meets(figure, self.stretch):
            return "beyond the stretch goal"
        return "meets the bar" if self.meets(figure, self.bar) else "**misses the bar**"


GOALS: Final = (
    Goal("cold pull of all volumes, time ÷ ADBC → Polars", "cold", "time ÷ ADBC → Polars", 1.15, 0.95),
    Goal("repeated pull, time ÷ ADBC → Polars", "repeated", "time ÷ ADBC → Polars", 0.30, 0.15),
    Goal(
        "repeated pull, bytes/s ÷ in-memory Flight server, into Polars",
        "repeated",
        "bytes/s ÷ Flight server, into Polars",
        0.75,
        0.95,
        more=True,
    ),
    Goal("the same, into Arrow", "repeated", "bytes/s ÷ Flight server, into Arrow", 0.75, 0.95, more=True),
    Goal("16 clients, same new query: queries run", "together", "queries that PostgreSQL ran", 1, 1),
    Goal("first batch of a cold full pull", "first_batch", "milliseconds", 150, 50, unit="ms"),
    Goal(
        "server memory added by a slow reader",
        "slow_reader",
        "MB of resident memory added",
        150,
        64,
        unit="MB",
    ),
    Goal("create of 1 M volumes, time ÷ adbc_ingest", "create", "time ÷ adbc_ingest", 2.0, 1.3),
    Goal(
        "create of 10,000 models, all in",
        "models",
        "models/s, made and created",
        20_000,
        50_000,
        more=True,
        unit="models/s",
    ),
    Goal("update of 100,000 rows, time ÷ plain SQL", "verbs", "update: time ÷ plain SQL", 2.0, 1.3),
    Goal(
        "one-identifier retrieve, p50 over the same SQL",
        "small",
        "retrieve of one identifier: ms of p50 over ADBC",
        2.0,
        0.7,
        unit="ms",
    ),
    Goal("full pull, rows/s ÷ FastAPI, pages of JSON", "cold", "rows/s ÷ pages of JSON", 20, 60, more=True),
    Goal(
        "create of 1 M volumes with one missing parent, time ÷ all valid",
        "write_growth",
        "create with one missing parent: time ÷ all valid",
        1.5,
        1.2,
    ),
    Goal(
        "create of 1 M volumes with one parent in the call, time ÷ all valid",
        "write_growth",
        "create with one parent in the call: time ÷ all valid",
        1.3,
        1.1,
    ),
    Goal("full pull as of the past, time ÷ current", "past", "time ÷ current pull", 2.0, 1.3),
    Goal(
        "CDA API, pages of 100,000 rows: rows/s ÷ FastAPI with SQLAlchemy, least",
        "cohorts",
        "large pages: rows/s ÷ FastAPI, least",
        3,
        6,
        more=True,
    ),
    Goal(
        "CDA API, summaries: time of FastAPI with SQLAlchemy ÷ ours, least",
        "cohorts",
        "summaries: time of FastAPI ÷ ours, least",
        2,
        4,
        more=True,
    ),
    Goal(
        "CDA API, any call: time of FastAPI with SQLAlchemy ÷ ours, least",
        "cohorts",
        "any call: time of FastAPI ÷ ours, least",
        1,
        2,
        more=True,
    ),
    Goal(
        "CDA API, pages of 100,000 rows: first byte, latest",
        "cohorts",
        "large pages: ms to the first byte, most",
        50,
        20,
        unit="ms",
    ),
    Goal(
        "CDA API, pages of 100,000 rows: memory added to the server",
        "cohorts",
        "large pages: MB added to the server's memory",
        150,
        64,
        unit="MB",
    ),
    Goal(
        "all subjects as a frame, time of cdapython ÷ ours",
        "cohorts",
        "all subjects: time of cdapython ÷ ours",
        8,
        20,
        more=True,
    ),
    Goal("all subjects as a frame, time ÷ ADBC", "cohorts", "all subjects: time ÷ ADBC → Polars", 1.2, 1.0),
    Goal(
        "pull over HTTP, time ÷ Flight, of the size where it is most",
        "http",
        "time ÷ Flight, of the size where it is most",
        1.3,
        1.1,
    ),
    Goal(
        "retrieve with a token, p50 over no authentication",
        "access",
        "retrieve, a token: ms of p50 over none",
        0.2,
        0.05,
        unit="ms",
    ),
    Goal(
        "retrieve with a JWT that is remembered, p50 over no authentication",
        "access",
        "retrieve, a JWT that is remembered: ms of p50 over none",
        0.4,
        0.1,
        unit="ms",
    ),
    Goal(
        "retrieve with the audit, p50 over none",
        "access",
        "retrieve, the audit: ms of p50 over none",
        0.3,
        0.1,
        unit="ms",
    ),
    Goal(
        "pull of all volumes with a token and the audit, time ÷ without",
        "access",
        "pull, a token and the audit: time ÷ none",
        1.02,
        1.0,
    ),
    Goal(
        "the same of what is kept",
        "access",
        "pull of what is kept, a token and the audit: time ÷ none",
        1.02,
        1.0,
    ),
    Goal("pull of all volumes over TLS, time ÷ without", "access", "pull, TLS: time ÷ none", 1.5, 1.2),
    Goal("the same of what is kept", "access", "pull of what is kept, TLS: time ÷ none", 1.5, 1.2),
    Goal(
        "questions of who is granted all 10 data sources: time ÷ who sees everything, PostgreSQL",
        "access",
        "10 of 10 data sources, PostgreSQL: time ÷ sees everything, most",
        1.1,
        1.03,
    ),
    Goal(
        "the same, copies",
        "access",
        "10 of 10 data sources, copies: time ÷ sees everything, most",
        1.1,
        1.03,
    ),
    Goal(
        "questions of who is granted 10 of 20 data sources: time ÷ who sees everything, PostgreSQL",
        "access",
        "10 of 20 data sources, PostgreSQL: time ÷ sees everything, most",
        1.1,
        0.7,
    ),
    Goal(
        "the same, copies",
        "access",
        "10 of 20 data sources, copies: time ÷ sees everything, most",
        1.1,
        0.7,
    ),
    Goal(
        "cold pull of all volumes, copies on: time ÷ ADBC → Polars",
        "columnar_pull",
        "time ÷ ADBC → Polars",
        0.60,
        0.35,
    ),
    Goal("the same, time ÷ connectorx", "columnar_pull", "time ÷ connectorx", 0.70, 0.40),
    Goal(
        "questions without an index: time ÷ plain SQL, of that where it is most",
        "columnar",
        "time ÷ plain SQL, most",
        0.15,
        0.04,
    ),
    Goal(
        "the same: time ÷ DuckDB alone, of that where it is most",
        "columnar",
        "time ÷ DuckDB alone, most",
        3,
        1.5,
    ),
    Goal(
        "the same, 1,000 commits ago: time ÷ present, of that where it is most",
        "columnar",
        "1,000 commits ago ÷ present, most",
        2,
        1.2,
    ),
    Goal(
        "the same, as loaded: time ÷ present, of that where it is most",
        "columnar",
        "as loaded ÷ present, most",
        2,
        1.2,
    ),
    Goal(
        "filtered pull, 4 columns of 20,000 rows, p50",
        "columnar",
        "pull of 4 columns: ms",
        40,
        20,
        unit="ms",
    ),
    Goal("from commit to copy, one row", "copying", "from commit to copy, one row: ms", 250, 80, unit="ms"),
    Goal("from commit to copy, 100,000 rows", "copying", "from commit to copy, many rows: s", 5, 2, unit="s"),
    Goal("disk of the copies ÷ Arrow IPC", "copying", "disk of the copies ÷ Arrow IPC", 0.35, 0.2),
    Goal(
        "retrieve, limit(10), create, update: time ÷ copies off, of that where it is most",
        "beside_copies",
        "small calls: time ÷ copies off, most",
        1.05,
        1.0,
    ),
    Goal(
        "creates and updates of one row back to back: time ÷ copies off",
        "beside_copies",
        "writes back to back: time ÷ copies off, most",
        1.05,
        1.0,
    ),
    Goal(
        "64 clients, different questions: calls/s ÷ copies off",
        "beside_copies",
        "64 clients, different questions: calls/s ÷ copies off",
        10,
        40,
        more=True,
    ),
)
"""The goals of the project, in the order of its list."""
