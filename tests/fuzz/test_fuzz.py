"""A short run of the fuzzer against a server in a child process; `python -m tests.fuzz` makes a long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz.fuzzer import fuzz
from tests.fuzz.seeds import kept
from tests.server.child import child_server

if TYPE_CHECKING:
    from vxdata.server.config import Settings

CALLS = 4_000
MEMORY = 1_500_000_000


@pytest.mark.slow
def test_no_request_ends_the_server_or_finds_a_fault(settings: Settings) -> None:
    with child_server(settings, cache_dir=None, log_level="ERROR") as child:
        report = fuzz(child.port, kept(), 28, CALLS, lambda: child.is_alive)
        assert not report.faults, report.faults[:3]
        assert report.calls >= CALLS
        assert child.resident_bytes < MEMORY
