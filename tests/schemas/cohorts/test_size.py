"""How large a cohort may be."""

from __future__ import annotations

import pytest

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.cohorts import (
    CohortCondition,
    CohortModel,
    CohortPlan,
    Match,
    SetOperation,
    bind_cohort,
    bind_summary,
)
from vxdata.schemas.cohorts.plan import Entities, Linked
from vxdata.schemas.cohorts.size import MAX_SEPARATE
from vxdata.schemas.errors import LimitExceeded

MODEL = CohortModel.of(EXAMPLE.schema, EXAMPLE.rows("column_metadata"))
LIKE = CohortCondition(column="species", op="like", value="a*")
EQUAL = CohortCondition(column="species", op="=", value="a")
NONE = CohortCondition(column="species", op="=", value="a", quantifier="none")
NULL = CohortCondition(column="species", op="=", value=None)
HALF = MAX_SEPARATE // 2


def cohort(entities: Entities) -> CohortPlan:
    return CohortPlan(catalog="c", endpoint="subject", entities=entities)


@pytest.mark.parametrize(
    "entities",
    [
        Match(match_all=(LIKE,) * MAX_SEPARATE),
        Match(match_all=(EQUAL,) * HALF, match_some=(LIKE,) * HALF),
        Match(match_some=(EQUAL,) * 5 * MAX_SEPARATE),
        Match(match_some=(NONE,) * HALF + (NULL,) * HALF),
        SetOperation(op="union", of=(Match(match_all=(LIKE,) * HALF), Match(match_some=(LIKE,) * HALF))),
    ],
)
def test_as_large_as_it_may_be(entities: Entities) -> None:
    assert bind_cohort(cohort(entities), MODEL).endpoint.table == "subject"


@pytest.mark.parametrize(
    "entities",
    [
        Match(match_all=(EQUAL,) * (MAX_SEPARATE + 1)),
        Match(match_all=(LIKE,), match_some=(LIKE,) * MAX_SEPARATE),
        Match(match_some=(NONE,) * HALF + (NULL,) * (HALF + 1)),
        SetOperation(
            op="difference", of=(Match(match_all=(LIKE,) * HALF), Match(match_all=(NULL,) * HALF + (NONE,)))
        ),
        Linked(of=Match(match_all=(LIKE,) * (MAX_SEPARATE + 1))),
    ],
)
def test_larger_than_it_may_be(entities: Entities) -> None:
    for bind in (bind_cohort, bind_summary):
        with pytest.raises(LimitExceeded, match="at most 1,000 conditions, and this one has 1,001") as caught:
            bind(cohort(entities), MODEL)
        assert caught.value.details == {"limit": MAX_SEPARATE, "found": MAX_SEPARATE + 1}
