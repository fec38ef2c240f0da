"""The notebooks run from the first cell to the last, and are kept without what they put out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tools.tree import TOP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = TOP / "examples"
NAMES = ["01-first-steps", "02-cohort-to-files", "03-training", "04-bulk-load", "05-time-travel"]
MAX_BYTES = 10_000


def notebook(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_are_these() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_is_small_and_holds_no_output(name: str) -> None:
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < MAX_BYTES
    cells = notebook(path)["cells"]
    assert cells[0]["cell_type"] == "markdown"
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert "".join(code[-1]["source"]) == "client.close()"


@pytest.mark.slow
def test_all_run(demo: str, shell: Callable[[str], str]) -> None:
    printed = shell("make examples").splitlines()
    ran = [line.partition(":")[0] for line in printed if line.startswith("examples/")]
    assert ran == [f"examples/{name}.ipynb" for name in NAMES]
