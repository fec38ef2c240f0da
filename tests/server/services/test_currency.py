"""Currency: a copy answers exactly the reads whose every commit it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.server.copies import Applied
from vxdata.server.database.clock import ResolvedSnapshot
from vxdata.server.database.type_clocks import Change, TypeClocks
from vxdata.server.services.currency import NotCurrent, snapshot_in

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(version: int) -> datetime:
    """The stamp of a commit: one a day."""
    return BEGIN + timedelta(days=version)


def applied(version: int, changed: int | None = None, purges: int = 0) -> Applied:
    """What a copy holds: all commits up to one, and which of them touched its type last."""
    return Applied(version, at(version), changed, None if changed is None else at(changed), purges)


def seen(last: int, as_of: int | None = None, **changes: int) -> TypeClocks:
    """PostgreSQL's clocks after a commit, for a read as of another."""
    instant = last if as_of is None else as_of
    named = {name: Change(version, at(version)) for name, version in changes.items()}
    return TypeClocks(last, instant, at(instant), 0, named, has_all=True)


CURRENT: list[Any] = [
    pytest.param(applied(5, 5), seen(5, volume=5), True, id="it has the last commit"),
    pytest.param(applied(3, 2), seen(5, volume=2), True, id="later commits did not touch the type"),
    pytest.param(applied(3), seen(5), True, id="the type was never touched"),
    pytest.param(applied(5, 5), seen(9, as_of=4, volume=9), False, id="the past, of which it has all"),
    pytest.param(
        applied(5, 3), seen(9, as_of=4, volume=9), True, id="the past, not touched since in the copy"
    ),
    pytest.param(applied(6, 6), seen(5, volume=5), False, id="it is ahead of what PostgreSQL told"),
]


@pytest.mark.parametrize(("copy", "clocks", "is_current"), CURRENT)
def test_it_answers(copy: Applied, clocks: TypeClocks, *, is_current: bool) -> None:
    found = snapshot_in(("volume",), {"volume": copy}, clocks)
    assert isinstance(found, ResolvedSnapshot)
    assert found.instant.as_of == clocks.as_of
    assert found.instant.version == clocks.version
    assert found.instant.is_current is is_current


LACKING: list[Any] = [
    pytest.param(applied(4, 2), seen(5, volume=5), "there are later ones", id="it lacks the last commit"),
    pytest.param(applied(3, 2), seen(9, as_of=4, volume=9), "there are later ones", id="it lacks a past one"),
    pytest.param(applied(5, 5, purges=1), seen(5, volume=5), "purge", id="it is ahead by a purge"),
    pytest.param(None, seen(5, volume=5), "not built", id="there is none"),
]


@pytest.mark.parametrize(("copy", "clocks", "reason"), LACKING)
def test_it_does_not_answer(copy: Applied | None, clocks: TypeClocks, reason: str) -> None:
    found = snapshot_in(("volume",), {} if copy is None else {"volume": copy}, clocks)
    assert isinstance(found, NotCurrent)
    assert reason in found.reason


def test_a_database_that_was_restored_and_changed_differently_has_another_last_commit() -> None:
    last = Change(5, at(5) + timedelta(hours=1))
    other = TypeClocks(5, 5, last.stamp, 0, {"volume": last}, has_all=True)
    assert isinstance(snapshot_in(("volume",), {"volume": applied(5, 5)}, other), NotCurrent)


def test_a_database_without_the_commits_of_the_copies_gets_no_answer_from_them() -> None:
    other = replace(seen(9, as_of=4, volume=9), has_all=False)
    assert isinstance(snapshot_in(("volume",), {"volume": applied(5, 5)}, other), NotCurrent)


def test_every_type_that_is_read_counts() -> None:
    copies = {"patient": applied(5, 4), "volume": applied(4, 3)}
    assert isinstance(
        snapshot_in(("patient", "volume"), copies, seen(5, patient=4, volume=3)), ResolvedSnapshot
    )
    assert isinstance(snapshot_in(("patient", "volume"), copies, seen(5, patient=4, volume=5)), NotCurrent)


def test_the_commit_log_is_changed_by_every_commit() -> None:
    assert isinstance(snapshot_in((COMMIT,), {COMMIT: applied(5, 5)}, seen(5)), ResolvedSnapshot)
    assert isinstance(snapshot_in((COMMIT,), {COMMIT: applied(4, 4)}, seen(5)), NotCurrent)
    assert isinstance(snapshot_in((COMMIT,), {COMMIT: applied(4, 4)}, seen(5, as_of=4)), ResolvedSnapshot)


def test_results_of_different_states_have_different_names() -> None:
    states = [
        (applied(5, 5), seen(5, volume=5)),
        (applied(6, 6), seen(6, volume=6)),
        (applied(6, 6), seen(6, as_of=5, volume=6)),
    ]
    found = [snapshot_in(("volume",), {"volume": copy}, clocks) for copy, clocks in states]
    assert len({each.last_change for each in found if isinstance(each, ResolvedSnapshot)}) == len(states)
