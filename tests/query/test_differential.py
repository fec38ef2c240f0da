"""Random plans over random data: both engines give the answer that Polars works out from the tables."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, note, settings

from tests.query.compare import compare
from tests.query.data import NAMES, TYPES, dump, fill
from tests.query.engines import BothEngines
from tests.query.material import Material
from tests.query.oracle import Oracle
from tests.query.plans import plans
from tests.query.shown import shown
from tests.server.copies.support import copies, followed
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import Aggregate, HasAncestor, HasDescendant, Not, Plan
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor

PROFILE: Final = (settings.default or settings()).max_examples
PLANS_AN_EXAMPLE: Final = 5 if PROFILE > 100 else 2
"""Plans for each example that the profile allows: a plan is quick."""

MAX_PLANS_OF_A_STORE: Final = 2_000
"""Plans that are asked of one store; then another one is made."""

EXAMPLES: Final = PROFILE * PLANS_AN_EXAMPLE
STORES: Final = ceil(EXAMPLES / MAX_PLANS_OF_A_STORE)


@dataclass(frozen=True)
class Store:
    """A store with a random past.

    Args:
        engines: Ask it.
        material: What it holds.
        oracle: Knows the answers.
    """

    engines: BothEngines
    material: Material
    oracle: Oracle

    def check(self, plan: Plan) -> None:
        """Compare the engines' answers with each other, and with the right one."""
        compare(self.engines.check(plan), self.oracle.answer(plan))


@pytest.fixture(scope="module", params=range(STORES))
def store(
    request: pytest.FixtureRequest,
    new_database: Callable[[], SecretStr],
    monitor: CancellationMonitor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    """Stores whose past follows from the seed that the test run prints."""
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as database:
        upgrade(database, registry())
    with closing(ConnectionPool(uri, size=4, wait=30.0)) as database:
        writes = WriteService(database, registry(), monitor, allow_purge=False)
        fill(database, writes, (request.config.getoption("randomly_seed", default=0), request.param))
        content = dump(database)
        with copies(database, tmp_path_factory.mktemp("copies")) as opened:
            followed(opened, database)
            engines = BothEngines(database, opened, monitor)
            yield Store(engines, Material(content, default_catalog()), Oracle(content, default_catalog()))


@pytest.mark.slow
def test_any_plan_is_answered_as_polars_answers_it(store: Store) -> None:
    @settings(max_examples=ceil(EXAMPLES / STORES), suppress_health_check=list(HealthCheck))
    @given(plan=plans(store.material))
    def answers_agree(plan: Plan) -> None:
        note(shown(plan))
        store.check(plan)

    answers_agree()
    assert store.engines.from_copies > EXAMPLES / STORES / 2


def test_relatives_of_every_resource_are_found(store: Store) -> None:
    """Who hangs below and above it, now and at some instant before; quick runs ask for every third."""
    instants = store.material.dump.instants
    before = instants[len(instants) // 4]
    for name in NAMES[:: 3 if STORES == 1 else 1]:
        below, above = HasAncestor(identifier=name), HasDescendant(identifier=name)
        for where, as_of in ((below, None), (Not(term=below), None), (above, None), (below, before)):
            plan = Plan(relation=RESOURCE, select=("identifier",), where=where, as_of=as_of)
            try:
                store.check(plan)
            except AssertionError as error:
                error.add_note(shown(plan))
                raise


def test_everything_is_counted_at_every_instant(store: Store) -> None:
    """By the numbers that are kept with commits, which a purge or an older server would leave out."""
    counting = Aggregate(function="count", name="n")
    for relation in (*TYPES, RESOURCE):
        for as_of in (None, *store.material.dump.instants[:: 5 if STORES == 1 else 1]):
            plan = Plan(relation=relation, group_by=(), aggregates=(counting,), as_of=as_of)
            try:
                store.check(plan)
            except AssertionError as error:
                error.add_note(shown(plan))
                raise
