"""Errands: done once at a time, and whoever comes while one begins waits for it as the others do."""

from __future__ import annotations

import threading

import pytest

from tests.server.support import until
from vxdata.server.identities.errand import Errand

TIMES = 200


def require(condition: bool) -> None:  # noqa: FBT001 - an assertion
    assert condition


def test_it_is_under_way_from_its_first_step_on() -> None:
    """Else a caller that comes just then would neither wait nor know the outcome."""
    seen: list[bool] = []
    errand = Errand("test-errand", lambda: seen.append(errand.is_under_way), 30)
    for _ in range(TIMES):
        errand.begin()
        errand.join()
    assert seen == [True] * TIMES
    assert not errand.is_under_way


def test_nobody_waits_for_it_longer_than_is_allowed() -> None:
    goes_on = threading.Event()
    errand = Errand("test-errand", lambda: require(goes_on.wait(30)), 0.1)
    errand.begin()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            errand.join()
    assert errand.is_under_way
    goes_on.set()
    until(lambda: not errand.is_under_way, "it has ended")


def test_a_failure_is_told_to_those_who_wait() -> None:
    def fail() -> None:
        raise LookupError("no keys")

    errand = Errand("test-errand", fail, 30)
    errand.begin()
    with pytest.raises(LookupError, match="no keys"):
        errand.join()
