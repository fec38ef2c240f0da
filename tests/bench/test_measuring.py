from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench._harness.candidates import Candidate, CandidateFailed, divided, in_turn, run_once, tabled
from bench._harness.describe import describe, differences
from bench._harness.figures import Measured, Moved, Round
from bench._harness.processes import Memory, watching
from bench._harness.scale import Scale
from bench._harness.summary import Range, exponent, percentile, ratios, straight_line
from bench.data import select_volumes
from tests.bench import openings

if TYPE_CHECKING:
    from collections.abc import Callable


def took(*seconds: float, rows: int = 10) -> list[Round]:
    return [Round(each, Moved(rows), {}) for each in seconds]


def test_ratios_go_round_by_round_as_far_as_both_went() -> None:
    found = {"slow": took(8.0, 6.0), "peer": took(4.0, 2.0, 1.0)}
    assert divided(found, "slow", "peer") == Range(2.5, 2.0, 3.0)
    assert ratios([1.0], []) == []


def test_figures_of_a_candidate() -> None:
    found = Measured.of(took(3.0, 1.0, 2.0), took(1.0, 1.0, 1.0), "a note")
    assert (found.seconds, found.ratios, found.rows, found.note) == ((3, 1, 2), (3, 1, 2), 10, "a note")


def test_calls_keep_their_percentiles_only() -> None:
    found = Measured.of_calls([each / 1000 for each in range(1, 101)])
    assert found.calls == {"p50": 0.05, "p95": 0.095, "p99": 0.099, "count": 100.0}
    assert found.seconds == ()


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-6


@given(st.floats(0.1, 3), st.floats(0.001, 1000))
def test_the_exponent_of_a_power_is_found(power: float, factor: float) -> None:
    line = exponent([(x, factor * x**power) for x in (1.0, 10.0, 100.0, 1000.0)])
    assert line.slope == pytest.approx(power, abs=1e-6)
    assert line.fit == pytest.approx(1.0)


def test_a_flat_line_fits_flat_points() -> None:
    line = straight_line([(1.0, 5.0), (2.0, 5.0), (9.0, 5.0)])
    assert (line.slope, line.start, line.fit) == (0.0, 5.0, 1.0)


@pytest.mark.parametrize(
    "make", [lambda values: pl.DataFrame({"a": values}), lambda values: pa.table({"a": values})]
)
def test_frames_and_tables_are_described(make: Callable[[Any], object]) -> None:
    moved = describe(make([1, None, 3]))
    assert (moved.rows, moved.nulls, list(moved.columns)) == (3, 1, ["a"])
    assert moved.size > 0


def test_equal_results_do_not_differ() -> None:
    frame = pl.DataFrame({"a": [1, None]})
    assert differences(describe(frame), describe(frame)) == ""


def test_every_difference_is_told() -> None:
    own, other = pl.DataFrame({"a": ["x"], "b": [None]}), pl.DataFrame({"a": [1, 2], "c": [1, 2]})
    told = differences(describe(own), describe(other))
    assert "1 rows instead of 2" in told
    assert "without ['c'], with ['b']" in told
    assert "1 missing values instead of 0" in told
    assert "String for Int64 (1 column)" in told


def test_a_candidate_without_a_frame_is_not_compared_by_columns() -> None:
    assert differences(Moved(5), Moved(5, 40, {"a": "Int64"})) == ""
    assert differences(Moved(0), Moved(5, 40, {"a": "Int64"})) == "It counts no rows."


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Which candidates ran in which round; nothing is started."""
    ran: list[tuple[int, str]] = []

    def run(candidate: Candidate, number: int) -> Round:
        ran.append((number, candidate.note))
        return took(1.0)[0]

    monkeypatch.setattr("bench._harness.candidates.run_once", run)
    return ran


def candidates_of(*names: str, **changes: Any) -> dict[str, Candidate]:
    return {name: Candidate(openings.frame_of, note=name, **changes) for name in names}


def test_every_second_round_is_turned_round(turns: list[tuple[int, str]]) -> None:
    found = in_turn(candidates_of("a", "b"), 2)
    assert turns == [(0, "b"), (0, "a"), (1, "a"), (1, "b"), (2, "b"), (2, "a")]
    assert {name: len(rounds) for name, rounds in found.items()} == {"a": 2, "b": 2}  # round 0 does not count


def test_no_round_is_turned_round_where_order_matters(turns: list[tuple[int, str]]) -> None:
    in_turn(candidates_of("a", "b"), 2, warm=False, in_order=True)
    assert [name for _, name in turns] == ["a", "b", "a", "b"]


def test_slow_candidates_run_fewer_rounds_and_none_to_warm_up(turns: list[tuple[int, str]]) -> None:
    candidates = candidates_of("a") | candidates_of("slow", most_rounds=1)
    found = in_turn(candidates, 3)
    assert [number for number, name in turns if name == "slow"] == [1]
    table = tabled(found, candidates, "a")
    assert [len(each.ratios) for each in table.values()] == [3, 1]


def test_a_round_runs_in_a_process_of_its_own() -> None:
    before: list[str] = []
    one = run_once(Candidate(openings.frame_of, (3,), before=lambda: before.append("touched")), 2)
    assert before == ["touched"]
    assert one.moved.rows == 3 + 2
    assert one.moved.series["pid"] != [os.getpid()]
    assert one.seconds > 0
    assert one.used["client"].peak.resident > 0


def test_a_candidate_that_fails_is_told_of(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CandidateFailed):
        run_once(Candidate(openings.failing), 1)
    assert "no such thing" in capfd.readouterr().err


def test_what_a_process_and_its_children_use_is_seen() -> None:
    code = "import subprocess, sys; input(); subprocess.run([sys.executable, '-c', 'sum(range(20_000_000))'])"
    with (
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process,
        watching({"one": process.pid}) as used,
    ):
        process.communicate(b"\n")
    assert used["one"].peak.resident >= used["one"].before.resident > 0


def test_memory_adds_up() -> None:
    assert Memory(1, 2) + Memory(3, 4) == Memory(4, 6)
    assert Memory(1, 9).at_least(Memory(5, 2)) == Memory(5, 9)


def test_sizes() -> None:
    assert (Scale(5).of("full", "quick"), Scale(2, quick=True).of("full", "quick")) == ("full", "quick")


def test_peers_ask_for_every_column() -> None:
    sql = select_volumes()
    assert sql.startswith("SELECT identifier, parent_identifier, ")
    assert sql.endswith(" FROM vxdata.volume WHERE NOT tombstone")
