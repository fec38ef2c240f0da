"""Reads whose binding adds a condition: no way from plan to rows leaves it out, whoever has asked before."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.support import CALL, create, resources
from vxdata.schemas.binding.bound_predicates import BoundAnd, BoundComparison, Operand
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Comparison, IsIn, OrderBy, Plan
from vxdata.sdk import Client, F
from vxdata.server.app import Server
from vxdata.server.result_cache.cache import ResultCache
from vxdata.server.result_cache.store import CacheStore
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.schemas.binding import BoundPlan
    from vxdata.server.call import Call
    from vxdata.server.config import Settings
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

SHOWN: Final = "shown"
ALL: Final = {f"datasource/{letter}" for letter in "abcdef"}
THEIRS: Final = {"datasource/b", "datasource/e"}
"""The resources whose description is the word that the added condition asks for."""

PLANS: Final = {
    "limit": Plan(relation="datasource", limit=10),
    "limit of some columns": Plan(relation="datasource", select=("identifier",), limit=10),
    "limit over all types": Plan(relation="resource", select=("identifier",), limit=10),
    "one identifier": Plan(
        relation="datasource", where=Comparison(op="==", field="identifier", value="datasource/a")
    ),
    "one of theirs": Plan(
        relation="datasource", where=Comparison(op="==", field="identifier", value="datasource/b")
    ),
    "several identifiers": Plan(
        relation="datasource", where=IsIn(field="identifier", values=tuple(sorted(ALL)))
    ),
    "all": Plan(relation="datasource"),
    "all, ordered": Plan(relation="datasource", order_by=(OrderBy(field="version"),)),
    "a page": Plan(relation="datasource", limit=10, offset=1),
    "a condition": Plan(
        relation="datasource", where=Comparison(op="!=", field="identifier", value="datasource/b")
    ),
    "distinct": Plan(relation="datasource", select=("identifier",), distinct=True),
    "history": Plan(relation="datasource", history=True),
}


def narrowed(bound: BoundPlan) -> BoundPlan:
    """Add a condition, as a grant would."""
    relation = bound.relation
    column = relation.column_by_name.get("description") or relation.column_by_name["license"]
    grant = BoundComparison("==", Operand(column), Literal(SHOWN))
    return replace(bound, where=grant if bound.where is None else BoundAnd((bound.where, grant)))


class Narrowed(ReadService):
    """Reads for somebody who may see some of the resources."""

    def _bound(self, plan: Plan, call: Call) -> BoundPlan:
        return narrowed(super()._bound(plan, call))


@pytest.fixture(scope="module", autouse=True)
def written(creates: WriteService) -> None:
    rows = [
        {
            "identifier": name,
            "description": SHOWN if name in THEIRS else "hidden",
            "license": SHOWN if name in THEIRS else "hidden",
        }
        for name in sorted(ALL)
    ]
    create(creates, resources("datasource", *rows))


@pytest.fixture(params=["kept", "not kept"])
def result_cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ResultCache]:
    """One for both services, as grants would share it."""
    if request.param == "not kept":
        yield ResultCache(None)
        return
    with closing(CacheStore(tmp_path / "answers", 1024**3)) as store:
        yield ResultCache(store, asks=1)


def found(service: ReadService, plan: Plan) -> list[str]:
    return sorted(
        name for batch in service.run(plan, CALL).batches for name in batch["identifier"].to_pylist()
    )


@pytest.mark.parametrize("is_narrow_first", [True, False])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_each_gets_what_it_may_see_in_either_order(
    database: ConnectionPool,
    monitor: CancellationMonitor,
    result_cache: ResultCache,
    plan: Plan,
    *,
    is_narrow_first: bool,
) -> None:
    whole = ReadService(database, default_catalog(), monitor, result_cache)
    narrow = Narrowed(database, default_catalog(), monitor, result_cache)
    expected: dict[ReadService, list[str]] = {}
    order = [narrow, whole] if is_narrow_first else [whole, narrow]
    for service in (*order, *order):
        got = found(service, plan)
        assert expected.setdefault(service, got) == got
    assert expected[whole] == sorted(_asked(plan))[plan.offset :]
    assert expected[narrow] == sorted(_asked(plan) & THEIRS)[plan.offset :]


def _asked(plan: Plan) -> set[str]:
    """What a plan finds where all may be seen, its offset aside."""
    match plan.where:
        case Comparison(op="==", value=name):
            return {str(name)}
        case Comparison(op="!=", value=name):
            return ALL - {str(name)}
        case _:
            return ALL


@pytest.mark.parametrize("is_narrow_first", [True, False])
def test_a_client_of_a_server_that_narrows(
    settings: Settings, database_uri: SecretStr, monkeypatch: pytest.MonkeyPatch, *, is_narrow_first: bool
) -> None:
    here = settings.model_copy(update={"database_uri": database_uri, "cache_dir": None})
    monkeypatch.setattr("vxdata.server.assembly.ReadService", Narrowed)
    with Server(here) as narrowing:
        monkeypatch.undo()
        with Server(here) as other, Client(narrowing.flight_url) as narrow, Client(other.flight_url) as whole:
            for client in [narrow, whole] if is_narrow_first else [whole, narrow]:
                visible = THEIRS if client is narrow else ALL
                query = client.data_sources.query()
                for asked in (
                    query,
                    query.limit(10),
                    query.select("identifier").limit(30),
                    query.filter(F.identifier.is_in(sorted(ALL))),
                    query.filter(F.identifier.is_in(sorted(ALL))).limit(10),
                    query.filter(F.license == SHOWN) if client is narrow else query.order_by("license"),
                ):
                    assert set(asked.collect()["identifier"].to_list()) == visible
                one = query.filter(F.identifier == "datasource/a").collect()
                assert one["identifier"].to_list() == sorted(visible & {"datasource/a"})
