"""Answers of copies that lag behind writers are PostgreSQL's; a copy that claims too much is found out."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.query.data import TYPES
from tests.query.race import Race, run
from tests.server.copies.support import SECONDS, followed
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.plan import Plan
from vxdata.server.copies.applied import read_applied
from vxdata.server.copies.source import read_changes, read_clock
from vxdata.sql.copies.apply import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

PLANS: Final = 60


@pytest.fixture(scope="module")
def race(
    request: pytest.FixtureRequest,
    new_database: Callable[[], SecretStr],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Race]:
    """A race whose store follows from the seed that the test run prints."""
    number = request.config.getoption("randomly_seed", default=0)
    with closing(Race(new_database(), tmp_path_factory.mktemp("race"), number)) as race:
        yield race


@pytest.mark.slow
def test_no_answer_differs_while_others_write(race: Race, request: pytest.FixtureRequest) -> None:
    followed(race.copies, race.pool)
    run(race, request.config.getoption("randomly_seed", default=0), PLANS)
    assert race.happened["plans"] == PLANS
    assert race.happened["writes"] > 0


def test_a_copy_that_claims_what_it_lacks_is_found_out(race: Race) -> None:
    followed(race.copies, race.pool)
    race.pool.may_copy.clear()
    commit(race)
    race.copies.wake()
    assert race.pool.is_held.wait(SECONDS), "the copier has not begun"
    commit(race)
    ask_for_everything(race)
    claim_all(race)
    with pytest.raises(AssertionError, match=r"as of .*: expected"):
        ask_for_everything(race)
    race.restart(anew=True)


def ask_for_everything(race: Race) -> None:
    for name in (*TYPES, COMMIT):
        race.engines.check(Plan(relation=name), race.past.acknowledged)


def commit(race: Race) -> None:
    """Write something that is not refused."""
    before = race.past.acknowledged
    while race.past.acknowledged == before:
        race.past.go_on()


def claim_all(race: Race) -> None:
    """Write into the file that it has applied the last commit of every type."""
    with race.pool.connection() as connection:
        clock, types = read_clock(connection), read_changes(connection)
    cursor, _ = race.copies._progress.cursor()
    with closing(cursor):
        claimed = {}
        for name, applied in read_applied(cursor).items():
            last = replace(applied, version=clock.version, stamp=clock.stamp)
            if (change := types.get(name)) is not None:
                last = replace(last, changed_version=change.version, changed_stamp=change.stamp)
            claimed[name] = last
        for statement in mark(claimed):
            cursor.execute(statement)
