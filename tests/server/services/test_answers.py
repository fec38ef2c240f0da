"""Answers: which plans can have an address, and which order their rows come in."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.support import CALL
from vxdata.schemas.catalog import Catalog, PlainTable, Relation
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.fields import Field, Text
from vxdata.schemas.plan import IsInQuery, OrderBy, Plan, Subquery, digest
from vxdata.schemas.plan.predicates import MAX_ROWS
from vxdata.server.answer_files.store import AnswerFiles
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.identities.signatures import Signatures
from vxdata.server.services.answer_address import in_whole_order, with_columns
from vxdata.server.services.answers import AnswerLimits, AnswerService
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

PLAIN: Final = Relation.plain(
    "subject",
    (Field(name="id", type=Text(), description="", required=True),),
    PlainTable("elsewhere", "subject", None),
    ("id",),
)


@pytest.fixture
def answers(
    database: ConnectionPool, monitor: CancellationMonitor, tmp_path: Path
) -> Iterator[AnswerService]:
    read = ReadService(database, Catalog.from_registry(registry(), [PLAIN]), monitor)
    with closing(AnswerFiles(tmp_path / "answers", 1024**2)) as files:
        yield AnswerService(
            read, database, monitor, files, Signatures(database), AnswerLimits(10_000, 10), DiskGuard()
        )


@pytest.mark.parametrize(
    "plan",
    [
        Plan(relation="subject"),
        Plan(
            relation="patient",
            where=IsInQuery(field="identifier", query=Subquery(relation="subject", select="id")),
        ),
    ],
    ids=["whole", "subquery"],
)
def test_what_has_no_versions_gets_no_address(answers: AnswerService, plan: Plan) -> None:
    with pytest.raises(InvalidRequest, match="without versions"):
        answers.register(plan, CALL)


def test_an_address_is_the_digest_of_a_plan_that_states_instant_and_columns(answers: AnswerService) -> None:
    plan = Plan(relation="patient", select=("identifier",))
    given = answers.register(plan, CALL)
    assert given.plan.as_of is not None
    assert given.digest == digest(plan.model_copy(update={"as_of": given.plan.as_of}))
    whole = answers.register(Plan(relation="patient", as_of=given.plan.as_of), CALL)
    assert whole.plan.select == tuple(whole.arrow_schema.names)
    assert answers.register(whole.plan, CALL).digest == whole.digest


def test_columns_are_stated_where_they_could_change() -> None:
    assert with_columns(Plan(relation="patient"), ["a", "b"]).select == ("a", "b")
    grouped = Plan(relation="patient", group_by=("sex",))
    assert with_columns(grouped, ["sex"]) is grouped


def test_rows_are_ordered_where_the_plan_does_not_say_how() -> None:
    assert in_whole_order(Plan(relation="patient")).limit == MAX_ROWS
    for plan in (
        Plan(relation="patient", limit=1),
        Plan(relation="patient", offset=1),
        Plan(relation="patient", order_by=(OrderBy(field="sex"),)),
    ):
        assert in_whole_order(plan) is plan
