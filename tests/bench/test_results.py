from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench._harness.figures import Answer, Curve, Measured, Moved, Round
from bench._harness.processes import Memory, Used
from bench._harness.results import entry, merged, read, write
from bench._harness.scale import Scale
from bench._harness.summary import Line, Range

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ("cold", "small", "past")


def test_new_figures_replace_those_of_the_same_question_only() -> None:
    kept = {"past": {"commit": "old"}, "cold": {"commit": "old"}}
    found = merged(kept, {"cold": {"commit": "new"}}, ORDER)
    assert found == {"cold": {"commit": "new"}, "past": {"commit": "old"}}
    assert list(found) == ["cold", "past"]


def test_figures_of_questions_that_are_gone_are_dropped() -> None:
    assert merged({"gone": {}}, {"small": {}}, ORDER) == {"small": {}}


def test_results_survive_a_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "full.json"
    assert read(path) == {}
    write(path, {"cold": {"notes": ["ü"]}})
    assert read(path) == {"cold": {"notes": ["ü"]}}
    assert [each.name for each in path.parent.iterdir()] == ["full.json"]


def test_results_of_an_earlier_form_are_no_results(tmp_path: Path) -> None:
    path = tmp_path / "full.json"
    path.write_text('{"machine": {}, "figures": {}}')
    assert read(path) == {}


def test_an_entry_carries_its_own_origin_and_is_plain_json() -> None:
    moved = Moved(10, 80)
    rounds = [Round(1.0, moved, {"client": Used(0.5, Memory(1, 1), Memory(3, 2))})]
    line = Line(1.0, 0.0, 1.0)
    answer = Answer(
        tables={"pull": {"VxData": Measured.of(rounds, rounds)}},
        values={"ratio": Range(1.0, 1.0, 1.0)},
        curves={"rows": Curve("rows", "s", ((1.0, 2.0), (2.0, 4.0)), line, line)},
        notes=("One.",),
    )
    found = json.loads(json.dumps(entry(answer, Scale(5, quick=True), 12.34)))
    assert (found["rounds"], found["quick"], found["took_seconds"]) == (5, True, 12.3)
    assert {"date", "commit", "machine"} <= found.keys()
    assert found["machine"]["packages"]["polars"]
    assert found["tables"]["pull"]["VxData"]["ratios"] == [1.0]
    assert found["tables"]["pull"]["VxData"]["usage"]["client"]["added_resident"] == 2
    assert found["curves"]["rows"]["points"] == [[1.0, 2.0], [2.0, 4.0]]
