"""Random plans over random data: the server's answer is the one that Polars works out from the tables."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import HealthCheck, given, note, settings

from tests.query.compare import compare
from tests.query.data import NAMES, dump, fill
from tests.query.material import Material
from tests.query.oracle import Oracle
from tests.query.plans import plans
from tests.query.shown import shown
from tests.server.support import never
from vxdata.schemas.catalog import catalog
from vxdata.schemas.errors import InvalidPlan, VxDataError
from vxdata.schemas.plan import HasAncestor, HasDescendant, Not, Plan, decode, encode
from vxdata.schemas.registry import registry
from vxdata.schemas.relations import RESOURCE
from vxdata.schemas.wire import AS_OF_KEY
from vxdata.server.database import Database
from vxdata.server.errors import translate
from vxdata.server.services.read import ReadService
from vxdata.server.services.write import WriteService
from vxdata.server.upgrade import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from pydantic import SecretStr

    from vxdata.server.watch import Watch

PLANS_OF_A_STORE = 2_000
"""Plans that are asked of one store, before another one is made."""

PLANS_AN_EXAMPLE = 10
"""Plans for each example that the profile allows: a plan is quick."""


@contextmanager
def filled(uri: SecretStr, seed: object, watch: Watch) -> Iterator[tuple[ReadService, Material]]:
    """A store with a random past."""
    with closing(Database(uri, size=1)) as database:
        upgrade(database, registry())
    with closing(Database(uri, size=4, wait=30.0)) as database:
        fill(database, WriteService(database, registry(), watch, allow_purge=False), seed)
        yield ReadService(database, catalog(), watch), Material(dump(database), catalog())


def test_the_server_answers_as_polars_does(
    request: pytest.FixtureRequest, new_database: Callable[[], SecretStr], watch: Watch
) -> None:
    profile = settings.default
    assert profile is not None
    seed = request.config.getoption("randomly_seed", default=0)
    left = profile.max_examples * PLANS_AN_EXAMPLE
    while left > 0:
        with filled(new_database(), f"{seed}-{left}", watch) as (reads, material):
            ask(reads, material, min(left, PLANS_OF_A_STORE))
            ask_for_relatives(reads, material)
        left -= PLANS_OF_A_STORE


def ask(reads: ReadService, material: Material, count: int) -> None:
    """Compare the answers to random plans."""
    oracle = Oracle(material.dump, catalog())

    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(plan=plans(material))
    def answers_agree(plan: Plan) -> None:
        note(shown(plan))
        compare(run(reads, plan), oracle.answer(plan))

    answers_agree()


def ask_for_relatives(reads: ReadService, material: Material) -> None:
    """Compare who hangs below and above each resource, now and at instants early and late."""
    oracle = Oracle(material.dump, catalog())
    instants = material.dump.instants
    for as_of in (None, *instants[:: len(instants) // 3]):
        for name in NAMES:
            below, above = HasAncestor(identifier=name), HasDescendant(identifier=name)
            for where in (below, Not(term=below), above):
                plan = Plan(resource_type=RESOURCE, select=("identifier",), where=where, as_of=as_of)
                try:
                    compare(run(reads, plan), oracle.answer(plan))
                except AssertionError as error:
                    raise AssertionError(shown(plan)) from error


def run(reads: ReadService, plan: Plan) -> pa.Table | VxDataError:
    """What the server says to the bytes of a plan."""
    try:
        result = reads.run(decode(encode(plan)), never)
        table = pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)
    except InvalidPlan as error:
        return error
    except Exception as error:
        told = translate(error)
        if isinstance(told, InvalidPlan):
            return told
        raise
    if plan.as_of is not None:
        assert table.schema.metadata[AS_OF_KEY].decode() == plan.as_of.isoformat(timespec="microseconds")
    return table
