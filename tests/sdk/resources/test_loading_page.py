"""The examples of docs/loading.md run as they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.fixtures.pages import blocks, run
from tests.server.databases import admin, new_database
from tools.tree import TOP
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from pydantic import SecretStr

    from vxdata.server.config import Settings

__all__ = ["admin", "new_database"]

PAGE = TOP / "docs/loading.md"


def test_every_example_runs_and_prints_what_it_says(
    settings: Settings,
    new_database: Callable[[], SecretStr],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uri = new_database()
    upgrade_database(uri)
    with (
        Server(settings.model_copy(update={"database_uri": uri})) as server,
        Client(server.flight_url) as client,
    ):
        monkeypatch.setenv("VXDATA_URL", server.flight_url)
        names: dict[str, Any] = {}
        capsys.readouterr()
        for block in blocks(PAGE):
            run(block, names)
        names["client"].close()
        assert client.patients.query().count() == 3003
    printed = capsys.readouterr().out.splitlines()
    for said in re.findall(r"print\(.*\)  # (.*)", PAGE.read_text(encoding="utf-8")):
        assert said in printed
