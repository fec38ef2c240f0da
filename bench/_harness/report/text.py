"""Figures as Markdown."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final

from bench._harness.goals import GOALS
from bench._harness.report.pictures import PICTURES
from bench.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bench._harness.results import Entry

MEGABYTE: Final = 1e6
DASH: Final = "—"
PROCESSES: Final = ("client", "server", "PostgreSQL", "S3")


def sections(entries: Mapping[str, Entry]) -> str:
    """Everything that is generated: the goals, then each question that was answered."""
    answered = (
        "\n".join(_section(question.name, question.text, entries[question.name]))
        for question in QUESTIONS
        if question.name in entries
    )
    return "\n".join(("## Goals\n", goals_table(entries), *answered))


def goals_table(entries: Mapping[str, Entry]) -> str:
    """The goals beside what was measured."""
    rows = []
    for goal in GOALS:
        found = goal.found(entries)
        limits = [f"{'≥' if goal.more else '≤'} {number(value)}" for value in (goal.bar, goal.stretch)]
        if found is None:
            rows.append([goal.work, *limits, DASH, "not measured"])
            continue
        small = " (small sizes)" if entries[goal.question]["quick"] else ""
        figure = f"{ranged(found)} {goal.unit}".strip()
        rows.append([goal.work, *limits, figure, goal.verdict(found["median"]) + small])
    return table(("work", "bar", "stretch", "median (range)", ""), rows)


def values_table(values: Mapping[str, Mapping[str, float]]) -> str:
    """Single figures with their ranges."""
    return table(("figure", "median (range)"), [[name, ranged(value)] for name, value in values.items()])


def number(value: float) -> str:
    """A number with about three digits that count.

    >>> [number(value) for value in (0.01234, 1.5, 12.34, 1234.5, 0.0, -0.5)]
    ['0.0123', '1.50', '12.3', '1,234', '0', '-0.500']
    """
    if value == int(value):
        return f"{value:,.0f}"
    for limit, digits in ((0.1, 4), (1, 3), (10, 2), (100, 1)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def ranged(value: Mapping[str, float]) -> str:
    """A median with its range, which is left out where there is none."""
    if value["low"] == value["high"]:
        return number(value["median"])
    return f"{number(value['median'])} ({number(value['low'])} to {number(value['high'])})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns after the first are set to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _section(name: str, text: str, entry: Entry) -> Iterator[str]:
    title, _, prose = text.partition("\n")
    yield f"## {title}\n"
    yield prose.strip() + "\n"
    yield _origin(name, entry) + "\n"
    if entry["values"]:
        yield values_table(entry["values"])
    for label, candidates in entry["tables"].items():
        yield f"### {label[:1].upper()}{label[1:]}\n"
        yield _candidates(candidates)
        yield from (f"- {who}: {each['note']}" for who, each in candidates.items() if each["note"])
        yield ""
    if entry["curves"]:
        yield _curves(entry["curves"])
    yield from (f"{note}\n" for note in entry["notes"])
    pictures = (each for each in PICTURES if each.question == name and each.data({name: entry}))
    yield from (f"![{each.title}](benchmarks/{each.name}.svg)\n" for each in pictures)


def _origin(name: str, entry: Entry) -> str:
    machine = entry["machine"]
    packages = ", ".join(f"{package} {version}" for package, version in machine["packages"].items())
    size = "Small sizes, which show that it runs and little more. " if entry["quick"] else ""
    return (
        f"{size}`python -m bench {name}`, {entry['date'][:10]}, commit {entry['commit']}, "
        f"{entry['rounds']} rounds; {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, load {machine['load']}; {machine['system']}, "
        f"Python {machine['python']}, {packages}."
    )


def _candidates(candidates: Mapping[str, Any]) -> str:
    if any(each["calls"] for each in candidates.values()):
        return _calls(candidates)
    watched = [name for name in PROCESSES if any(name in each["usage"] for each in candidates.values())]
    head = ("", "seconds", "÷ peer", "rows/s", "MB/s")
    cpu = [f"CPU s, {name}" for name in watched]
    peaks = [f"peak MB, {name}" for name in watched]
    rows = [
        [name, *_speed(each), *_cpu(each, watched), *_peaks(each, watched)]
        for name, each in candidates.items()
    ]
    return table((*head, *cpu, *peaks), rows)


def _speed(each: Mapping[str, Any]) -> list[str]:
    median = statistics.median(each["seconds"])
    rows = number(each["rows"] / median) if each["rows"] else DASH
    megabytes = number(each["size"] / median / MEGABYTE) if each["size"] else DASH
    return [_range_of(each["seconds"]), _range_of(each["ratios"]), rows, megabytes]


def _cpu(each: Mapping[str, Any], watched: Sequence[str]) -> list[str]:
    return [number(each["usage"][name]["cpu_seconds"]) if name in each["usage"] else DASH for name in watched]


def _peaks(each: Mapping[str, Any], watched: Sequence[str]) -> list[str]:
    """Resident memory; of PostgreSQL private memory: all its processes count the shared buffers."""
    found = []
    for name in watched:
        kind = "peak_private" if name == "PostgreSQL" else "peak_resident"
        found.append(number(each["usage"][name][kind] / MEGABYTE) if name in each["usage"] else DASH)
    return found


def _calls(candidates: Mapping[str, Any]) -> str:
    kinds = ("p50", "p95", "p99")
    rows = [
        [
            name,
            *(f"{1e3 * each['calls'][kind]:.2f}" for kind in kinds),
            number(each["calls"]["count"]),
            _range_of(each["ratios"]),
        ]
        for name, each in candidates.items()
    ]
    return table(("milliseconds", *kinds, "calls", "÷ peer"), rows)


def _curves(curves: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            "; ".join(f"{x:,.0f}: {number(y)}" for x, y in each["points"]) + f" {each['unit']}",
            f"{each['power']['slope']:.2f}",
            f"{each['line']['slope']:.3g} {each['unit']}",
        ]
        for name, each in curves.items()
    ]
    return table(("grows with: work", "points", "power", "one more costs"), rows)


def _range_of(values: Sequence[float]) -> str:
    if not values:
        return DASH
    return ranged({"median": statistics.median(values), "low": min(values), "high": max(values)})
