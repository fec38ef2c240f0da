"""Bytes of plans: what is refused, and by which limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import InvalidPlan, InvalidTicket
from vxdata.schemas.json_shape import MAX_KEYS
from vxdata.schemas.plan import (
    MAX_NESTING,
    MAX_PLAN_BYTES,
    And,
    Comparison,
    HasAncestor,
    IsIn,
    IsInQuery,
    Or,
    Plan,
    Subquery,
    codec,
    decode,
    digest,
    encode,
)
from vxdata.schemas.plan.codec import MAX_PARTS, MAX_QUERIES
from vxdata.schemas.plan.predicates import MAX_ROWS, MAX_TERMS, MAX_VALUES

if TYPE_CHECKING:
    from vxdata.schemas.plan import Predicate

LEAF = {"op": "is_null", "field": "b_value"}


def written(where: Any = LEAF, **parts: Any) -> bytes:
    return json.dumps({"version": 2, "relation": "volume", "where": where} | parts).encode()


def negated(inner: Any) -> Any:
    return {"op": "not", "term": inner}


def joined(inner: Any) -> Any:
    return {"op": "and", "terms": [LEAF, inner]}


def looked_up(inner: Any) -> Any:
    query = {"relation": "volume", "select": "b_value", "where": inner}
    return {"op": "is_in_query", "field": "b_value", "query": query}


def quantified(inner: Any) -> Any:
    return looked_up(inner) | {"op": "any", "comparison": "<"}


class TestNesting:
    @pytest.mark.parametrize("wrap", [negated, joined, looked_up, quantified])
    def test_every_level_counts(self, wrap: Any) -> None:
        where: Any = LEAF
        for _ in range(MAX_NESTING):
            where = wrap(where)
        plan = decode(written(where))
        assert bind(decode(encode(plan)), default_catalog()).relation.name == "volume"
        with pytest.raises(InvalidPlan, match="nested deeper than 64 levels") as caught:
            decode(written(wrap(where)))
        assert caught.value.details == {"limit": 64}

    @pytest.mark.parametrize("depth", [90, 1_000, 100_000])
    def test_whatever_is_deeper_is_a_named_error(self, depth: int) -> None:
        for start, end in ((b'{"op":"not","term":', b"}"), (b'{"op":"or","terms":[', b"]}"), (b"[", b"]")):
            deep = start * depth + json.dumps(LEAF).encode() + end * depth
            with pytest.raises((InvalidPlan, InvalidTicket)) as caught:
                decode(b'{"version":2,"relation":"volume","where":' + deep + b"}")
            assert len(caught.value.message) < 300


class TestLimits:
    @pytest.mark.parametrize("op", ["and", "or"])
    def test_terms(self, op: str) -> None:
        terms = [LEAF | {"key": str(number)} for number in range(MAX_TERMS + 1)]
        where = decode(written({"op": op, "terms": terms[:-1]})).where
        assert where is not None
        with pytest.raises(InvalidPlan, match="at most 20000 items"):
            decode(written({"op": op, "terms": terms}))
        with pytest.raises(InvalidPlan, match="at least 1 item"):
            decode(written({"op": op, "terms": []}))

    @pytest.mark.parametrize("op", ["is_in", "contains_any", "contains_all"])
    def test_values(self, op: str) -> None:
        values = list(range(MAX_VALUES + 1))
        test = {"op": op, "field": "b_value"}
        assert isinstance(decode(written(test | {"values": values[:-1]})), Plan)
        with pytest.raises(InvalidPlan, match="at most 250000 items"):
            decode(written(test | {"values": values}))

    @pytest.mark.parametrize(
        ("where", "what"),
        [
            ({"op": "or", "terms": [{"op": "or", "terms": [LEAF] * MAX_TERMS}] * 3}, "60,005 conditions"),
            ({"op": "or", "terms": [{}] * (MAX_PARTS + 1)}, "40,003 conditions"),
            ({"op": "is_in", "field": "x", "values": [[1] * MAX_VALUES] * 3}, "750,003 values"),
            ({f"key{number}": 1 for number in range(MAX_KEYS + 1)}, "101 keys"),
        ],
    )
    def test_parts_of_the_whole_plan(
        self, monkeypatch: pytest.MonkeyPatch, where: dict[str, Any], what: str
    ) -> None:
        """They are counted before a model is made of them."""
        monkeypatch.setattr(codec, "Plan", None)
        with pytest.raises(InvalidPlan, match=f"^The query plan has {what} .*; at most") as caught:
            decode(written(where))
        assert caught.value.details["count"] > caught.value.details["limit"]

    def test_conditions_that_are_written(self) -> None:
        half = Or.model_construct(terms=(Comparison(op="==", field="x", value=1),) * MAX_TERMS)
        with pytest.raises(InvalidPlan, match="at most 40,000"):
            encode(Plan(relation="volume", where=And(terms=(half, half, half))))

    @pytest.mark.parametrize("bracket", ["{}", "[]"])
    def test_brackets_are_counted_before_parsing(self, monkeypatch: pytest.MonkeyPatch, bracket: str) -> None:
        monkeypatch.setattr(codec, "from_json", None)
        with pytest.raises(InvalidPlan, match="600,001 brackets; at most 500,000"):
            decode(("[" + ",".join([bracket] * 600_000) + "]").encode())

    @pytest.mark.parametrize(
        ("where", "problem"),
        [
            ({"op": "is_in", "field": "x", "values": [None] * 100_000}, "values.0"),
            ({"op": "or", "terms": [{}] * 10_000}, "terms.0"),
        ],
    )
    def test_of_many_wrong_items_the_first_is_named(self, where: dict[str, Any], problem: str) -> None:
        with pytest.raises(InvalidPlan, match=problem) as caught:
            decode(written(where))
        assert len(caught.value.details["problems"]) < 10

    def test_a_key_given_a_million_times(self) -> None:
        with pytest.raises(InvalidPlan, match="Extra inputs are not permitted") as caught:
            decode(b'{"version":2,"relation":"volume",' + b'"a":1,' * 1_000_000 + b'"b":1}')
        assert len(caught.value.details["problems"]) == 2

    @pytest.mark.parametrize("part", ["limit", "offset"])
    def test_rows(self, part: str) -> None:
        assert getattr(decode(written(**{part: MAX_ROWS})), part) == MAX_ROWS
        for wrong in (MAX_ROWS + 1, -1, 1.5, "1", True):
            with pytest.raises(InvalidPlan, match=f"^The query plan is malformed: {part}: "):
                decode(written(**{part: wrong}))

    def test_bytes(self) -> None:
        huge = Comparison(op="==", field="x", value="a" * MAX_PLAN_BYTES)
        with pytest.raises(InvalidPlan, match="at most 16,777,216 are allowed") as caught:
            encode(Plan(relation="volume", where=huge))
        assert caught.value.details["limit"] == MAX_PLAN_BYTES
        with pytest.raises(InvalidPlan, match="at most 16,777,216"):
            digest(Plan(relation="volume", where=huge))
        with pytest.raises(InvalidPlan, match="at most 16,777,216"):
            decode(b" " * (MAX_PLAN_BYTES + 1))

    @pytest.mark.parametrize("quantile", [-0.1, 1.1, "median"])
    def test_quantiles(self, quantile: Any) -> None:
        aggregate = {"function": "quantile", "field": "b_value", "name": "q", "quantile": quantile}
        with pytest.raises(InvalidPlan, match=r"aggregates\.0\.quantile"):
            decode(written(group_by=[], aggregates=[aggregate]))


class TestRefusals:
    @pytest.mark.parametrize("version", [0, 3, "1", None, True, [1], 1.5])
    def test_versions(self, version: Any) -> None:
        with pytest.raises(InvalidPlan, match="this side speaks version 1 and 2") as caught:
            decode(written(version=version))
        assert caught.value.details == {"version": repr(version), "supported": [1, 2]}

    def test_no_version(self) -> None:
        with pytest.raises(InvalidPlan, match="has version None"):
            decode(b'{"relation":"volume"}')

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (written(colour="red"), "colour"),
            (written(LEAF | {"colour": "red"}), "colour"),
            (written(LEAF | {"op": "=="}), "value"),
            (written(LEAF | {"op": "sounds_like"}), "sounds_like"),
            (written({"field": "b_value"}), "where"),
            (written([LEAF]), "where"),
            (written(negated(None)), "term"),
            (written({"op": "and", "terms": LEAF}), "terms"),
            (written({"op": "==", "field": "b_value", "value": None}), "value"),
            (written({"op": "==", "field": "b_value", "value": [1]}), "value"),
            (written({"op": "==", "field": 1, "value": 1}), "field"),
            (written({"op": "==", "field": "b_value", "key": 1, "value": 1}), "key"),
            (written(quantified(None) | {"comparison": "=="}), "comparison"),
            (written(LEAF | {"op": "contains", "text": 1}), "text"),
            (written(LEAF | {"op": "contains", "text": "a", "ignore_case": 1}), "ignore_case"),
            (written({"op": "is_in_query", "field": "b_value", "query": {"relation": "a"}}), "select"),
            (written(looked_up(LEAF | {"colour": "red"})), "colour"),
            (written(order_by=[{"field": "b_value", "descending": 1}]), "descending"),
            (written(order_by=["b_value"]), "order_by"),
            (written(select=[]), "select"),
            (written(group_by="b_value"), "group_by"),
            (written(aggregates=[{"function": "median", "field": "b_value", "name": "m"}]), "function"),
            (written(aggregates=[{"function": "count"}]), "name"),
            (written(as_of="noon"), "as_of"),
        ],
    )
    def test_what_is_malformed_is_named(self, data: bytes, place: str) -> None:
        with pytest.raises(InvalidPlan, match=r"^The query plan is malformed: ") as caught:
            decode(data)
        assert any(place in problem for problem in caught.value.details["problems"])

    @pytest.mark.parametrize(
        "data",
        [b"", b"\xff", b"{", b"[]", b"1", b'"volume"', b"null", b'{"version":NaN}', b"{'version':1}"],
    )
    def test_what_is_no_plan(self, data: bytes) -> None:
        with pytest.raises(InvalidTicket, match=r"^The ticket is not a query plan: "):
            decode(data)

    def test_numbers_without_bound_are_no_plan(self) -> None:
        for digits in (b"9" * 5_000, b"-" + b"9" * 100_000):
            data = b'{"version":2,"relation":"volume","limit":' + digits + b"}"
            with pytest.raises((InvalidPlan, InvalidTicket)):
                decode(data)
            with pytest.raises((InvalidPlan, InvalidTicket)):
                decode(b'{"version":' + digits + b',"relation":"volume"}')


def test_ten_thousand_terms() -> None:
    """No part of the way recurses over them, and none compares each with each other."""
    terms = tuple(Comparison(op="==", field="b_value", value=number) for number in range(10_000))
    plan = Plan(relation="volume", where=Or(terms=terms))
    data = encode(plan)
    assert data == encode(Plan(relation="volume", where=Or(terms=terms[::-1])))
    found = bind(decode(data), default_catalog()).where
    assert len(found.terms) == 10_000  # type: ignore[union-attr] # an `or`, as it was made


def test_a_hundred_thousand_values() -> None:
    values = tuple(f"volume/{number:06}" for number in range(100_000))
    plan = Plan(relation="volume", where=IsIn(field="identifier", values=values))
    assert decode(encode(plan)) == plan
    found = bind(plan, default_catalog()).where
    assert len(found.values) == 100_000  # type: ignore[union-attr] # a lookup, as it was made


class TestQueries:
    """Subqueries and conditions on ancestors each cost what a query costs, so there are not too many."""

    @pytest.mark.parametrize(
        "part",
        [
            HasAncestor(identifier="volume/a"),
            IsInQuery(field="identifier", query=Subquery(relation="volume", select="identifier")),
        ],
        ids=["ancestors", "subqueries"],
    )
    def test_so_many_and_no_more(self, part: Predicate) -> None:
        plan = Plan(relation="volume", where=Or(terms=(part,) * MAX_QUERIES))
        assert encode(plan)
        more = plan.model_copy(update={"where": Or(terms=(part,) * (MAX_QUERIES + 1))})
        with pytest.raises(InvalidPlan, match="has 101 subqueries and conditions on ancestors") as caught:
            encode(more)
        assert caught.value.details == {"queries": 101, "limit": MAX_QUERIES}
