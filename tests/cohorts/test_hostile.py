"""A thousand hostile requests; `python -m tests.cohorts.hostile 100000` makes more of them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.cohorts.hostile import SUBJECTS, Report, attack, state_of
from tests.cohorts.serving import api_of, catalog_served
from vxdata.cli.cda import generate, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import SecretStr

REQUESTS = 1_000


@pytest.mark.slow
def test_hostile_requests(new_database: Callable[[], SecretStr], session_dir: Path) -> None:
    uri = new_database()
    load(uri, generate(SUBJECTS), schema="cda")
    before, report = state_of(uri), Report()
    with catalog_served(uri, session_dir / "hostile", "cda") as server, api_of(server) as api:
        attack(api, Random(1), REQUESTS, report)
    assert report.faults == []
    assert state_of(uri) == before
    assert report.statuses[200] > REQUESTS / 10
    assert report.statuses[400] > REQUESTS / 10
    assert report.statuses[422] > REQUESTS / 100
    assert sum(1 for shape in report.statements if shape.op == "=") > REQUESTS / 200
