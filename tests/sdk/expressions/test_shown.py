"""Predicates as text and as bytes: what is shown makes the same, what means the same has one digest."""

from __future__ import annotations

from functools import reduce
from operator import and_, invert, or_
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.notation.show import SHOWN, show
from vxdata.schemas.plan import Comparison, HasDescendant, Plan, TextTest, decode, digest, encode
from vxdata.sdk import F, Predicate, has_ancestor

if TYPE_CHECKING:
    from random import Random

NAMES = {"F": F, "has_ancestor": has_ancestor}

TEXTS = st.text(max_size=8)
VALUES = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
FIELDS = st.builds(
    lambda name, key: F[name] if key is None else F[name][key],
    st.sampled_from(["b_value", "volume_type", "type", "not a name", "class", "_x"]),
    st.none() | TEXTS,
)
COMPARISONS = st.sampled_from(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"])
SEARCHES = st.sampled_from(["equals", "contains", "startswith", "endswith", "matches"])
LEAVES = st.one_of(
    st.builds(lambda field, op, value: getattr(field, op)(value), FIELDS, COMPARISONS, VALUES),
    st.builds(lambda field, low, high: field.between(low, high), FIELDS, VALUES, VALUES),
    st.builds(lambda field, values: field.is_in(values), FIELDS, st.lists(VALUES, max_size=SHOWN)),
    st.builds(
        lambda field, op, text, fold: getattr(field, op)(text, ignore_case=fold),
        FIELDS,
        SEARCHES,
        TEXTS,
        st.booleans(),
    ),
    st.builds(lambda field, items: field.contains_any(items), FIELDS, st.lists(TEXTS, max_size=3)),
    st.builds(lambda field, items: field.contains_all(items), FIELDS, st.lists(TEXTS, max_size=3)),
    FIELDS.map(lambda field: field.is_null()),
    FIELDS.map(lambda field: field.is_not_null()),
    st.builds(lambda field, index: field.in_shard(index, index + 1), FIELDS, st.integers(0, 999)),
    st.builds(
        lambda field, part, seed: field.in_sample(part, seed), FIELDS, st.floats(0, 1), st.integers(0, 9)
    ),
    TEXTS.map(has_ancestor),
)
# A condition before any operator has put it together: a leaf, or an operator and its operands.
TREES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.sampled_from([and_, or_]), st.lists(inner, min_size=1, max_size=4))
        | st.tuples(st.just(invert), inner)
    ),
    max_leaves=10,
)


def built(tree: Any) -> Predicate:
    """The condition, put together from left to right."""
    match tree:
        case Predicate():
            return tree
        case (operator, list() as operands):
            return reduce(operator, map(built, operands))
        case _:
            return ~built(tree[1])


def rebuilt(tree: Any, random: Random) -> Predicate:
    """The same condition in another order and grouping, with a part said twice and negations that cancel."""
    match tree:
        case Predicate():
            return ~~tree
        case (operator, list() as operands):
            parts = [rebuilt(operand, random) for operand in operands]
            parts.append(random.choice(parts))
            random.shuffle(parts)
            while len(parts) > 1:
                place = random.randrange(len(parts) - 1)
                parts[place : place + 2] = [operator(parts[place], parts[place + 1])]
            return parts[0]
        case _:
            return ~~~rebuilt(tree[1], random)


def plan(predicate: Predicate) -> Plan:
    return Plan(relation="volume", where=predicate.node)


class TestShown:
    @pytest.mark.parametrize(
        "written",
        [
            "F",
            "F.b_value",
            "F['not a name']",
            "F.metrics['auc']",
            "F['class']['a b']",
            "F.b_value > 10",
            "F.volume_type == 'T2'",
            "F.metrics['auc'] >= 0.5",
            "F.volume_type.is_in(['T2', 'ADC'])",
            "F.b_value.is_null()",
            "F.metrics['auc'].is_not_null()",
            "F.b_value.between(1, 2.5)",
            "F.b_value.between(1, 2) & F.a.between(3, 4)",
            "(F.a >= 1) & (F.b <= 2)",
            "(F.m['a'] >= 1) & (F.m['b'] <= 2)",
            "(F.a >= 1) | (F.a <= 2)",
            "F.a.contains('x')",
            "F.a.contains('x', ignore_case=True)",
            "F.a.startswith('x') | F.a.endswith('y')",
            "F.a.matches('^x', ignore_case=True)",
            "F.a.equals('x')",
            "F.a.has('x')",
            "F.a.contains_any(['x', 'y'])",
            "F.a.contains_any([])",
            "F.a.contains_all(['x'])",
            "~F.a.has('x')",
            "~(F.a == 1)",
            "~(F.a.is_null() | F.b.is_null())",
            "has_ancestor('datasource/dasa') & ~(F.a == 1)",
            "(F.a == 1) & (F.b == 2) & ((F.c == 3) | (F.d == True))",
        ],
    )
    def test_as_it_is_written(self, written: str) -> None:
        assert repr(eval(written, NAMES)) == written  # noqa: S307 - the text stands above

    def test_what_no_operator_makes(self) -> None:
        assert show(HasDescendant(identifier="volume/1")) == "has_descendant('volume/1')"
        text = TextTest(op="equals", field="a", text="x")
        assert show(text) == "F.a.equals('x', ignore_case=False)"

    def test_long_lists_are_abridged(self) -> None:
        shown = repr(F.x.is_in(range(200_000)))
        assert shown.endswith(", 19, … 199,980 more])")
        assert len(shown) < 200

    def test_long_chains_are_abridged(self) -> None:
        shown = repr(reduce(or_, (F.x == number for number in range(5_000))))
        assert shown.startswith("(F.x == 0) | (F.x == 1) | ")
        assert shown.endswith(" | (F.x == 19) | … 4,980 more")

    @given(TREES)
    def test_what_is_shown_makes_the_same(self, tree: Any) -> None:
        predicate = built(tree)
        again = eval(repr(predicate), dict(NAMES))  # noqa: S307 - made from a predicate
        assert digest(plan(again)) == digest(plan(predicate))
        assert again.depth == predicate.depth


class TestCanonical:
    @given(TREES, st.randoms(use_true_random=False))
    def test_order_and_grouping_do_not_count(self, tree: Any, random: Random) -> None:
        assert encode(plan(built(tree))) == encode(plan(rebuilt(tree, random)))

    @given(TREES)
    def test_what_travels_is_the_same(self, tree: Any) -> None:
        data = encode(plan(built(tree)))
        assert encode(decode(data)) == data

    @given(TREES, TREES)
    def test_and_is_not_or(self, left: Any, right: Any) -> None:
        one, other = digest(plan(built(left))), digest(plan(built(right)))
        both, either = digest(plan(built(left) & built(right))), digest(plan(built(left) | built(right)))
        assert (both == either) == (one == other)

    def test_true_is_not_one(self) -> None:
        values = (True, 1, "1", "true")
        assert len({digest(plan(F.x == value)) for value in values}) == 4
        assert F.x.is_in(values).node.model_dump()["values"] == values
        kept = decode(encode(plan(F.x.is_in(values)))).where
        assert kept is not None
        assert {repr(value) for value in kept.model_dump()["values"]} == set(map(repr, values))

    def test_one_is_one_point_zero(self) -> None:
        assert digest(plan(F.x == 1)) == digest(plan(F.x == 1.0))
        assert isinstance((F.x == 1.0).node, Comparison)
