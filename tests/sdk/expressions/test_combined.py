"""Predicates combined with `&`, `|` and `~`, and what has no truth value."""

from __future__ import annotations

from functools import reduce
from operator import and_, invert, or_
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.predicates import nesting
from vxdata.schemas.plan import MAX_NESTING, And, Not, Or, Plan, decode, encode
from vxdata.schemas.plan.predicates import MAX_TERMS
from vxdata.sdk import F, Predicate

if TYPE_CHECKING:
    from collections.abc import Callable

ONE, TWO, THREE, FOUR = (F.x == number for number in range(4))


def wrapped(predicate: Predicate, levels: int) -> Predicate:
    """The predicate below so many levels of alternating operators."""
    for level in range(levels):
        predicate = predicate & (F.x == level) if level % 2 else predicate | (F.x == level)
    return predicate


class TestCombination:
    def test_chains_of_one_operator_are_flat(self) -> None:
        flat = And(terms=(ONE.node, TWO.node, THREE.node, FOUR.node))
        assert (ONE & TWO & THREE & FOUR).node == flat
        assert ((ONE & TWO) & (THREE & FOUR)).node == flat
        assert (ONE & (TWO & (THREE & FOUR))).node == flat
        assert (ONE | TWO | THREE).node == Or(terms=(ONE.node, TWO.node, THREE.node))

    def test_nesting_stays_as_written(self) -> None:
        assert ((ONE & TWO) | THREE).node == Or(terms=(And(terms=(ONE.node, TWO.node)), THREE.node))
        assert (ONE & TWO | THREE).node == ((ONE & TWO) | THREE).node
        assert (ONE & (TWO | THREE)).node == And(terms=(ONE.node, Or(terms=(TWO.node, THREE.node))))

    def test_negation(self) -> None:
        assert (~ONE).node == Not(term=ONE.node)
        assert (~ONE & TWO).node == And(terms=(Not(term=ONE.node), TWO.node))
        assert (~(ONE & TWO)).node == Not(term=And(terms=(ONE.node, TWO.node)))

    def test_negations_cancel(self) -> None:
        assert (~~ONE).node is ONE.node
        assert (~~~ONE).node == (~ONE).node
        assert (~~(ONE & TWO) & THREE).node == (ONE & TWO & THREE).node

    def test_long_chains_are_no_deep_ones(self) -> None:
        chain = reduce(or_, (F.x == number for number in range(5_000)))
        assert isinstance(chain.node, Or)
        assert len(chain.node.terms) == 5_000
        data = encode(Plan(relation="volume", where=chain.node))
        assert encode(decode(data)) == data

    def test_chains_have_a_limit_that_plans_can_carry(self) -> None:
        half = Predicate(Or.model_construct(terms=(ONE.node,) * (MAX_TERMS // 2)), 1)
        assert isinstance((half | half).node, Or)
        with pytest.raises(InvalidPlan, match=r"20,001 predicates are joined; at most 20,000.*is_in"):
            _ = half | half | TWO

    @pytest.mark.parametrize("add", [lambda it: it | ONE, lambda it: ~it])
    def test_nesting_has_a_limit_that_plans_can_carry(self, add: Callable[[Predicate], Predicate]) -> None:
        deepest = wrapped(ONE, MAX_NESTING)
        data = encode(Plan(relation="volume", where=deepest.node))
        assert encode(decode(data)) == data
        with pytest.raises(InvalidPlan, match="65 deep; at most 64") as caught:
            add(deepest)
        assert caught.value.details == {"depth": 65, "limit": 64}

    def test_depth_is_known_without_counting(self) -> None:
        for predicate in (ONE, ~ONE, ~~ONE, ~~(ONE & TWO), ~(ONE & (TWO | ~THREE)), wrapped(~ONE, 9)):
            assert predicate.depth == nesting(predicate.node)

    @pytest.mark.parametrize("combine", [and_, or_])
    @pytest.mark.parametrize("other", [True, None, "x", F.x])
    def test_only_predicates_combine(self, combine: Callable[[Any, Any], Any], other: Any) -> None:
        for left, right in ((ONE, other), (other, ONE)):
            with pytest.raises(TypeError, match="put each comparison in parentheses"):
                combine(left, right)

    def test_only_predicates_are_negated(self) -> None:
        with pytest.raises(TypeError, match=r"F\.flag is a field, not a predicate.*write F\.flag == False"):
            invert(F.flag)

    def test_comparisons_without_parentheses_are_explained(self) -> None:
        written: tuple[Callable[[], Any], ...] = (
            lambda: F.volume_type == "T2" & F.b_value > 1,
            lambda: F.volume_type == "T2" | F.b_value > 1,
            lambda: F.b_value & F.volume_type,
            lambda: F.b_value | F.volume_type,
        )
        for broken in written:
            with pytest.raises(TypeError, match="bind more tightly than comparisons"):
                broken()


class TestTruth:
    @pytest.mark.parametrize(
        "broken",
        [
            lambda: bool(F.x == 1),
            lambda: (F.x == 1) and (F.y == 2),
            lambda: (F.x == 1) or (F.y == 2),
            lambda: not (F.x == 1),  # noqa: SIM201 - the subject
            lambda: 1 < F.x < 5,
            lambda: F.x in [1, 2],
        ],
    )
    def test_a_predicate_has_none(self, broken: Callable[[], Any]) -> None:
        with pytest.raises(TypeError, match=r"no truth value of its own.* & and \|.*instead of 1 < F\.x < 5"):
            broken()

    @pytest.mark.parametrize("broken", [lambda: bool(F.x) and F.y == 1, lambda: not F.x, lambda: bool(F.x)])
    def test_a_field_has_none(self, broken: Callable[[], Any]) -> None:
        with pytest.raises(TypeError, match=r"F\.x has no truth value of its own.*== True"):
            broken()

    def test_a_field_holds_nothing_for_python(self) -> None:
        with pytest.raises(TypeError, match=r"write F\.x\.has\(item\)"):
            _ = "a" in F.x

    def test_a_field_is_no_key(self) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            hash(F.x)
