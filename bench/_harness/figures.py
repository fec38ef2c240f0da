"""The values that pass from a measurement to the results: rounds, figures of candidates, answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bench._harness.summary import Line, Range, percentile, ratios

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench._harness.processes import Used


@dataclass(frozen=True)
class Moved:
    """What a candidate moved in one round.

    Args:
        rows: Number of rows.
        size: Bytes in memory of what it ended with; 0 where that makes no sense.
        columns: Type of each column, by name, where it ended with a frame.
        nulls: Values that are missing over all columns.
        series: Further figures by name, such as the seconds of single calls.
    """

    rows: int
    size: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    nulls: int = 0
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """One round of one candidate.

    Args:
        seconds: Wall time, taken in the process that did the work.
        moved: What it moved.
        used: What each process used, by name.
    """

    seconds: float
    moved: Moved
    used: Mapping[str, Used]


@dataclass(frozen=True)
class Usage:
    """What a process used over all rounds of a candidate.

    Args:
        cpu_seconds: Median of the rounds.
        peak_resident: Most bytes in any round.
        peak_private: The same of private memory.
        added_resident: Most bytes that any round added to what was there before it.
        added_private: The same of private memory.
    """

    cpu_seconds: float
    peak_resident: int
    peak_private: int
    added_resident: int
    added_private: int

    @classmethod
    def of(cls, used: Sequence[Used]) -> Usage:
        """Summarise what one process used, round by round."""
        return cls(
            round(Range.of([each.cpu_seconds for each in used]).median, 4),
            max(each.peak.resident for each in used),
            max(each.peak.private for each in used),
            max(each.peak.resident - each.before.resident for each in used),
            max(each.peak.private - each.before.private for each in used),
        )


@dataclass(frozen=True)
class Measured:
    """The figures of one candidate.

    Args:
        rows: Rows of a round.
        size: Bytes in memory of a round, 0 where unknown.
        seconds: Wall time of each round.
        ratios: Time of each round, divided by that of the peer in the same round; empty without one.
        usage: By process.
        calls: Median and percentiles where a round is one call: then `seconds` are left out.
        note: What a reader has to know of this candidate.
    """

    rows: int
    size: int
    seconds: tuple[float, ...]
    ratios: tuple[float, ...] = ()
    usage: Mapping[str, Usage] = field(default_factory=dict)
    calls: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def of(cls, rounds: Sequence[Round], peer: Sequence[Round] = (), note: str = "") -> Measured:
        """Summarise the rounds of a candidate beside those of its peer."""
        seconds = [each.seconds for each in rounds]
        processes = {name for each in rounds for name in each.used}
        return cls(
            rows=rounds[-1].moved.rows,
            size=rounds[-1].moved.size,
            seconds=tuple(round(value, 5) for value in seconds),
            ratios=tuple(round(value, 4) for value in ratios(seconds, [each.seconds for each in peer])),
            usage={name: Usage.of([each.used[name] for each in rounds]) for name in sorted(processes)},
            note=note,
        )

    @classmethod
    def of_calls(cls, seconds: Sequence[float], peer: Sequence[float] = (), rows: int = 1) -> Measured:
        """Summarise single calls, of which there are too many to keep."""
        calls = {f"p{percent}": round(percentile(seconds, percent), 6) for percent in (50, 95, 99)}
        found = Range.of(ratios(seconds, peer)) if peer else None
        return cls(
            rows=rows,
            size=0,
            seconds=(),
            ratios=() if found is None else (round(found.median, 4),),
            calls=calls | {"count": float(len(seconds))},
        )


@dataclass(frozen=True)
class Curve:
    """How a cost grows.

    Args:
        of: What is counted along the x axis.
        unit: What is measured along the y axis.
        points: Both coordinates.
        power: The line through the logarithms: a slope of 1 is proportional, of 0 flat.
        line: The straight line: what one more costs.
    """

    of: str
    unit: str
    points: tuple[tuple[float, float], ...]
    power: Line
    line: Line


@dataclass(frozen=True)
class Answer:
    """What a question found.

    Args:
        tables: What is compared, with the figures of each candidate.
        values: Figures that have a goal or stand for themselves, by name.
        curves: How costs grow, by name.
        notes: What a reader has to know.
    """

    tables: Mapping[str, Mapping[str, Measured]] = field(default_factory=dict)
    values: Mapping[str, Range] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists."""
        return asdict(self)
