"""The examples of docs/cohorts.md run as they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.fixtures.pages import blocks, run
from tools.tree import TOP

if TYPE_CHECKING:
    import pytest

    from vxdata.server.app import Server

PAGE = TOP / "docs/cohorts.md"


def test_every_example_runs_and_prints_what_it_says(
    served: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VXDATA_URL", served.flight_url)
    names: dict[str, Any] = {}
    capsys.readouterr()
    for block in blocks(PAGE):
        run(block, names)
    names["client"].close()
    printed = capsys.readouterr().out.splitlines()
    said = re.findall(r"print\(.*\)  # (.*)", PAGE.read_text(encoding="utf-8"))
    assert [line for line in printed if line in said] == said
