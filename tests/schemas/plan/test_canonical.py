"""The canonical form: one way of writing each question, and one digest for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import (
    Aggregate,
    And,
    Comparison,
    HasAncestor,
    HasDescendant,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    OrderBy,
    Plan,
    Predicate,
    Quantified,
    Subquery,
    TextTest,
    decode,
    digest,
    encode,
)

A, B, C, D = (Comparison(op="==", field="b_value", value=number) for number in range(4))


def asked(where: Any = None, **parts: Any) -> Plan:
    return Plan(relation="volume", where=where, **parts)


def canonical(where: Predicate) -> Any:
    return decode(encode(asked(where))).where


def both(*terms: Predicate) -> And:
    return And(terms=terms)


def either(*terms: Predicate) -> Or:
    return Or(terms=terms)


def subquery(**parts: Any) -> Subquery:
    return Subquery(relation="volume", select="b_value", **parts)


# One plan for every node and every part, in canonical form already.
PLANS: list[Plan] = [
    asked(),
    asked(A),
    asked(Comparison(op="<", field="metadata", key="k", value="a")),
    asked(IsIn(field="b_value", values=(1, 2.5))),
    asked(IsNull(op="is_not_null", field="b_value")),
    asked(TextTest(op="matches", field="series_description", text="^a", ignore_case=True)),
    asked(ItemsTest(op="contains_all", field="derived_from", values=("a", "b"))),
    asked(HasAncestor(identifier="datasource/a")),
    asked(HasDescendant(identifier="volume/a")),
    asked(Not(term=A)),
    asked(both(A, either(B, C))),
    asked(IsInQuery(field="b_value", query=subquery(where=A, limit=2, order_by=(OrderBy(field="b_value"),)))),
    asked(Quantified(op="all", comparison=">", field="b_value", query=subquery(offset=1))),
    asked(select=("b_value", "identifier"), distinct=True, limit=5, offset=2),
    asked(order_by=(OrderBy(field="b_value", descending=True, nulls_first=True),)),
    asked(
        group_by=("volume_type",),
        aggregates=(
            Aggregate(function="count", name="n"),
            Aggregate(function="quantile", field="b_value", quantile=0.5, name="median"),
        ),
    ),
    asked(group_by=(), aggregates=(Aggregate(function="max", field="b_value", name="top"),)),
    asked(as_of=datetime(2025, 1, 31, 12, 0, 0, 1, tzinfo=UTC)),
    asked(history=True),
]


def field_names() -> set[str]:
    return set(default_catalog().relation("volume").column_by_name)


class TestRoundTrip:
    @pytest.mark.parametrize("plan", PLANS, ids=lambda plan: encode(plan).decode())
    def test_every_node_survives(self, plan: Plan) -> None:
        data = encode(plan)
        assert decode(data) == plan
        assert encode(decode(data)) == data

    @pytest.mark.parametrize(
        "plan",
        [plan for plan in PLANS if b"metadata" not in encode(plan)],
        ids=lambda it: encode(it).decode(),
    )
    def test_what_travelled_binds_equal(self, plan: Plan) -> None:
        assert bind(decode(encode(plan)), default_catalog()) == bind(plan, default_catalog())

    def test_all_have_digests_of_their_own(self) -> None:
        digests = {digest(plan) for plan in PLANS}
        assert len(digests) == len(PLANS)
        assert {len(each) for each in digests} == {32}


class TestJunctions:
    @pytest.mark.parametrize("join", [both, either])
    def test_flattened(self, join: Any) -> None:
        flat = join(A, B, C, D)
        for nested in (join(join(A, B), join(C, D)), join(A, join(B, join(C, join(D)))), join(join(flat))):
            assert canonical(nested) == flat

    @pytest.mark.parametrize("join", [both, either])
    def test_sorted_and_taken_once(self, join: Any) -> None:
        assert canonical(join(C, A, B, A, C)) == join(A, B, C)

    @pytest.mark.parametrize("join", [both, either])
    def test_one_term_stands_alone(self, join: Any) -> None:
        assert canonical(join(A)) == canonical(join(A, A, join(A))) == A

    def test_what_a_lone_term_lays_bare_is_flattened(self) -> None:
        assert canonical(both(either(both(A, B)), C)) == both(A, B, C)
        assert canonical(both(either(both(A, B), both(B, A)), C)) == both(A, B, C)
        assert canonical(both(Not(term=Not(term=both(A, B))), C)) == both(A, B, C)

    def test_and_stays_apart_from_or(self) -> None:
        forms = [both(A, either(B, C)), either(A, both(B, C)), both(either(A, B), C), both(A, B, C)]
        assert len({digest(asked(form)) for form in forms}) == len(forms)

    def test_double_negation_goes(self) -> None:
        assert canonical(Not(term=Not(term=A))) == A
        assert canonical(Not(term=Not(term=Not(term=A)))) == Not(term=A)
        assert canonical(Not(term=either(Not(term=A), Not(term=A)))) == A

    def test_subqueries_are_brought_into_order_too(self) -> None:
        query = subquery(where=both(B, A, B))
        for node in (IsInQuery, Quantified):
            kind: dict[str, Any] = {} if node is IsInQuery else {"op": "any", "comparison": "<"}
            found = canonical(both(node(field="b_value", query=query, **kind)))
            assert found == node(field="b_value", query=subquery(where=both(A, B)), **kind)


class TestValues:
    @pytest.mark.parametrize(
        "make",
        [
            lambda values: IsIn(field="x", values=values),
            lambda values: ItemsTest(op="contains_any", field="x", values=values),
            lambda values: ItemsTest(op="contains_all", field="x", values=values),
        ],
    )
    def test_lists_are_sets(self, make: Any) -> None:
        assert canonical(make(("b", "a", "b"))) == make(("a", "b"))
        assert canonical(make(())) == make(())

    def test_whole_numbers_are_one_with_doubles(self) -> None:
        assert digest(asked(IsIn(field="x", values=(1.0, 2, 1)))) == digest(
            asked(IsIn(field="x", values=(1, 2)))
        )
        assert encode(asked(Comparison(op="==", field="x", value=2.0**53))).count(b"9007199254740992,") == 0
        assert digest(asked(Comparison(op="==", field="x", value=2.0**53))) == digest(
            asked(Comparison(op="==", field="x", value=2**53))
        )
        assert digest(asked(Comparison(op="==", field="x", value=-0.0))) == digest(
            asked(Comparison(op="==", field="x", value=0))
        )

    def test_neighbours_beyond_a_double_stay_apart(self) -> None:
        values = (2**53 + 1, 2**53 + 2, 2.0**60, 10**300)
        assert len({digest(asked(Comparison(op="==", field="x", value=value))) for value in values}) == 4

    def test_types_stay_apart(self) -> None:
        values = (True, 1, "1", "true", False, 0, "")
        assert len({digest(asked(Comparison(op="==", field="x", value=value))) for value in values}) == 7
        found = canonical(IsIn(field="x", values=values))
        assert isinstance(found, IsIn)
        assert sorted(map(repr, found.values)) == sorted(map(repr, values))

    def test_text_is_written_as_it_is(self) -> None:
        text = "Müller 前列腺 🩻 \"'\\\n\x00"
        found = canonical(Comparison(op="==", field="x", value=text))
        assert isinstance(found, Comparison)
        assert found.value == text
        assert "前列腺".encode() in encode(asked(found))


class TestDefaults:
    def test_they_are_left_out(self) -> None:
        stated = asked(
            TextTest(op="contains", field="x", key=None, text="a", ignore_case=False),
            select=None,
            distinct=False,
            group_by=None,
            aggregates=(),
            order_by=(),
            limit=None,
            offset=0,
            as_of=None,
            history=False,
        )
        assert encode(stated) == (
            b'{"relation":"volume","version":2,"where":{"field":"x","op":"contains","text":"a"}}'
        )

    def test_of_subqueries_too(self) -> None:
        query = subquery(where=None, order_by=(), limit=None, offset=0)
        data = encode(asked(IsInQuery(field="x", query=query)))
        assert b'"query":{"relation":"volume","select":"b_value"}' in data

    def test_what_looks_like_one_is_kept(self) -> None:
        plan = asked(
            Comparison(op="==", field="", value=False),
            limit=0,
            group_by=(),
            aggregates=(Aggregate(function="quantile", field="x", quantile=0, name="0"),),
        )
        assert decode(encode(plan)) == plan
        assert asked(limit=0) != asked()
        assert digest(asked(limit=0)) != digest(asked())
        empty = TextTest(op="startswith", field="x", text="")
        assert canonical(empty) == empty

    def test_order_is_kept_where_it_counts(self) -> None:
        one, two = OrderBy(field="x"), OrderBy(field="y")
        assert digest(asked(order_by=(one, two))) != digest(asked(order_by=(two, one)))
        assert digest(asked(select=("x", "y"))) != digest(asked(select=("y", "x")))
        assert digest(asked(group_by=("x", "y"))) != digest(asked(group_by=("y", "x")))


def test_the_instant_is_the_same_in_every_zone() -> None:
    noon = datetime.fromisoformat("2025-01-31T12:00:00+00:00")
    abroad = datetime.fromisoformat("2025-01-31T13:00:00+01:00")
    bound = [
        bind(decode(encode(asked(as_of=instant))), default_catalog()).as_of for instant in (noon, abroad)
    ]
    assert bound == [noon, noon]
