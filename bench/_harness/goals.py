"""What is wanted: for single figures a bar that has to be met, and a stretch goal beyond it."""

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
        question: Where the figure is found …
        value: … and under which name.
        bar: What it has to reach.
        stretch: What would be better still.
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
)
"""The goals of the project, in the order of its list."""
