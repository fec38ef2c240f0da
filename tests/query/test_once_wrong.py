"""The smallest plans whose answers were once wrong; random ones find their like rarely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.query.compare import compare
from tests.query.data import dump
from tests.query.oracle import Oracle
from tests.server.support import CALL, create, resources
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Aggregate, IsIn, Plan, decode, encode
from vxdata.server.database.errors import OutOfRange

if TYPE_CHECKING:
    from vxdata.schemas.plan import AggregateFunction
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.read import ReadService
    from vxdata.server.services.write import WriteService

METRICS = {
    "large": (1e200, 3e200),
    "tiny": (5e-324, 0.0),
    "far": (-1e308, 1e308),
}
"""Names of numbers, and their values in two resources."""

COUNTS = (2**53 + 1, 2**63 - 1)


@pytest.fixture(scope="module")
def answers(creates: WriteService, database: ConnectionPool) -> Oracle:
    """The right answers, over numbers at their limits."""
    artefacts = [
        {"identifier": f"artefact/{place}", "metrics": {name: pair[place] for name, pair in METRICS.items()}}
        for place in range(2)
    ]
    sources = [
        {"identifier": f"datasource/{place}", "planned_patient_count": count}
        for place, count in enumerate(COUNTS)
    ]
    create(creates, resources("artefact", *artefacts), resources("datasource", *sources))
    return Oracle(dump(database), default_catalog())


def check(reads: ReadService, answers: Oracle, plan: Plan) -> None:
    result = reads.run(decode(encode(plan)), CALL)
    compare(pa.Table.from_batches(list(result.batches), schema=result.arrow_schema), answers.answer(plan))


@pytest.mark.parametrize("key", ["large", "tiny", "far"])
@pytest.mark.parametrize("function", ["mean", "quantile", "sum"])
def test_numbers_at_their_limits(
    reads: ReadService, answers: Oracle, function: AggregateFunction, key: str
) -> None:
    quantile = 0.5 if function == "quantile" else None
    aggregate = Aggregate(function=function, field="metrics", key=key, quantile=quantile, name="n")
    plan = Plan(relation="artefact", group_by=(), aggregates=(aggregate,))
    if (function, key) == ("quantile", "far"):
        with pytest.raises(OutOfRange):  # a named error, and not infinity
            list(reads.run(plan, CALL).batches)
    else:
        check(reads, answers, plan)


@pytest.mark.parametrize("others", [(1.5,), (1e300,), (2**53,), (2**53, 1.5), tuple(range(200))])
def test_whole_numbers_among_others(reads: ReadService, answers: Oracle, others: tuple[float, ...]) -> None:
    for values in (others, (*others, 2**63 - 1), (*others, *range(200), 0.5)):
        where = IsIn(field="planned_patient_count", values=values)
        check(reads, answers, Plan(relation="datasource", where=where))
