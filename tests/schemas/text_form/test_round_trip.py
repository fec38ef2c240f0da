"""What is written is read as the same: random plans, as text and as programs that a real client runs."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from tests.schemas.text_form.imagined import any_plan
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Aggregate, Comparison, GroupKey, OrderBy, Plan, digest
from vxdata.schemas.text_form import (
    as_sdk_code,
    as_vxp_client_code,
    read_filter,
    read_query,
    write_filter,
    write_query,
)
from vxdata.sdk import Query

EXAMPLES: Final = (settings.default or settings()).max_examples
ANY_PLAN: Final = any_plan()
URL: Final = "grpc://localhost:1"


@settings(max_examples=EXAMPLES * 3, suppress_health_check=list(HealthCheck))
@given(plan=ANY_PLAN)
def test_a_plan_is_read_as_it_was_written(plan: Plan) -> None:
    text = write_query(plan)
    again = read_query(text, default_catalog())
    assert digest(again) == digest(plan), text
    assert write_query(again) == write_query(read_query(write_query(again), default_catalog()))


# Words of Python, names of its own arguments, and what it would take for another name or the end of a text.
NAMES: Final = (
    "class",
    "self",
    "node",
    "called",
    "F",
    "client",
    "_a",
    "a b",
    "'",
    '"',
    "\\",
    "a\n",
    "ﬁ",
    "\U0001d405",
    "é",
    "\u2028",
)


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_any_name_are_read_and_built(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(Query, "collect", lambda query: query)
    plan = Plan(
        relation="volume",
        group_by=(GroupKey(field="volume_type", name=name),),
        aggregates=(Aggregate(function="count", name=f"{name}2"),),
        having=Comparison(op=">", field=f"{name}2", value=1),
        order_by=(OrderBy(field=name),),
    )
    assert digest(read_query(write_query(plan), default_catalog())) == digest(plan)
    names: dict[str, Any] = {}
    exec(as_sdk_code(plan, URL), names)  # noqa: S102 - that users run it is what it is for
    assert names["frame"].digest == digest(plan)
    names["client"].close()


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(plan=ANY_PLAN)
def test_a_condition_is_read_as_it_was_written(plan: Plan) -> None:
    if plan.where is None or plan.history:
        return
    text = write_filter(plan.where)
    where = read_filter(text, default_catalog(), plan.relation)
    bare = plan.model_copy(update={"where": None})
    assert digest(bare.model_copy(update={"where": where})) == digest(plan), text


@pytest.mark.filterwarnings("ignore::vxdata.sdk.UnlikelyValueWarning")
def test_a_program_builds_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is run as it stands, with a real client; nothing is sent, as `collect` gives the query."""
    monkeypatch.setattr(Query, "collect", lambda query: query)

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(plan=ANY_PLAN)
    def builds_it(plan: Plan) -> None:
        for program in (as_sdk_code(plan, URL), as_vxp_client_code(plan, URL)):
            names: dict[str, Any] = {}
            exec(program, names)  # noqa: S102 - that users run it is what it is for
            assert names["frame"].digest == digest(plan), program
            names["client"].close()

    builds_it()
