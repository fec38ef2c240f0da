from __future__ import annotations

import re
from typing import Any

import pytest

from bench._harness.goals import GOALS, Goal
from bench._harness.report import PAGE, PLOTS, written_page
from bench._harness.report.pictures import PICTURES
from bench._harness.report.text import goals_table, number, ranged, sections, table
from bench._harness.results import reported
from bench.questions import QUESTIONS

MACHINE = {
    "cores": 2,
    "processor": "any",
    "memory_bytes": 2**34,
    "load": 0.5,
    "system": "Linux x86_64",
    "python": "3.11",
    "packages": {"polars": "2.1"},
}


def entry(**found: Any) -> dict[str, Any]:
    plain = {
        "date": "2026-11-21T12:00:00+00:00",
        "commit": "abc",
        "quick": False,
        "rounds": 2,
        "machine": MACHINE,
    }
    return plain | {"tables": {}, "values": {}, "curves": {}, "notes": []} | found


def used(cpu: float = 1.0, peak: int = 2_000_000) -> dict[str, Any]:
    return {"cpu_seconds": cpu, "peak_resident": peak, "peak_private": peak // 2}


def candidate(**changed: Any) -> dict[str, Any]:
    plain = {"rows": 100, "size": 8_000_000, "seconds": [1.0, 2.0, 3.0], "ratios": [0.5, 1.0, 1.5]}
    return plain | {"usage": {"client": used()}, "calls": {}, "note": ""} | changed


def cold(median: float) -> dict[str, Any]:
    value = {"median": median, "low": median, "high": median}
    return {"cold": entry(values={"time ÷ ADBC → Polars": value})}


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(0.9, "beyond the stretch goal"), (1.1, "meets the bar"), (1.2, "**misses the bar**")],
)
def test_a_goal_tells_what_a_figure_reaches(ratio: float, verdict: str) -> None:
    assert f"| {number(ratio)} | {verdict} |" in goals_table(cold(ratio))


def test_more_can_be_better() -> None:
    goal = Goal("rows", "cold", "rows/s", bar=20, stretch=60, more=True)
    assert [goal.verdict(value) for value in (19, 20, 60)] == [
        "**misses the bar**",
        "meets the bar",
        "beyond the stretch goal",
    ]


def test_what_was_not_measured_is_said() -> None:
    assert goals_table({}).count("not measured") == len(GOALS)


def test_small_sizes_are_marked_as_such() -> None:
    entries = cold(1.0)
    entries["cold"]["quick"] = True
    assert "meets the bar (small sizes)" in goals_table(entries)


def test_every_goal_has_its_question() -> None:
    assert {goal.question for goal in GOALS} <= {question.name for question in QUESTIONS}


def test_every_question_says_what_it_asks() -> None:
    for question in QUESTIONS:
        title, blank, *prose = question.text.splitlines()
        assert title.endswith("?")
        assert not blank
        assert prose


def test_a_table_of_candidates() -> None:
    server = {"client": used(), "PostgreSQL": used(3.0, 10_000_000)}
    measured = {"VxData": candidate(usage=server, note="Cache on."), "COPY": candidate(rows=0, size=0)}
    text = sections({"cold": entry(tables={"pull": measured})})
    assert "| VxData | 2 (1 to 3) | 1 (0.500 to 1.50) | 50 | 4 | 1 | 3 | 2 | 5 |" in text
    assert "| COPY | 2 (1 to 3) | 1 (0.500 to 1.50) | — | — | 1 | — | 2 | — |" in text
    assert "- VxData: Cache on." in text


def test_a_table_of_calls() -> None:
    calls = {"p50": 0.001, "p95": 0.002, "p99": 0.0125, "count": 500.0}
    measured = {"VxData": candidate(seconds=[], ratios=[2.0], calls=calls)}
    text = sections({"small": entry(tables={"one": measured})})
    assert "| VxData | 1.00 | 2.00 | 12.50 | 500 | 2 |" in text


def test_a_table_of_curves() -> None:
    line = {"slope": 1.0, "start": 0.0, "fit": 1.0}
    curve = {"of": "rows", "unit": "s", "points": [[10.0, 0.1], [100.0, 1.0]], "power": line, "line": line}
    text = sections({"growth": entry(curves={"rows: pull": curve})})
    assert "| rows: pull | 10: 0.100; 100: 1 s | 1.00 | 1 s |" in text
    assert "![Cost against rows](benchmarks/rows.svg)" in text
    assert "versions.svg" not in text


def test_numbers_keep_about_three_digits() -> None:
    assert [number(value) for value in (0.012345, 12.345, 1234.56)] == ["0.0123", "12.3", "1,235"]


def test_a_range_is_left_out_where_there_is_none() -> None:
    assert ranged({"median": 2.0, "low": 2.0, "high": 2.0}) == "2"


def test_tables_are_markdown() -> None:
    assert table(("a", "b"), [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |\n"


def test_the_page_is_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written_page(page), "run `make bench-report`"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_the_plots_are_fresh(picture: Any) -> None:
    path = PLOTS / f"{picture.name}.svg"
    if not picture.data(reported()):
        assert not path.exists()
        return
    assert re.findall(r"<dc:description>(\w+)</dc:description>", path.read_text(encoding="utf-8")) == [
        picture.digest(reported())
    ], "run `make bench-report`"
