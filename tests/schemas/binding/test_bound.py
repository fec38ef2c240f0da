"""Bound predicates: what each declares of itself, for whoever walks over them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, get_args

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bound_predicates import BoundItemsTest, BoundPredicate, walk
from vxdata.schemas.binding.values import Literal, Parameter
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import (
    Aggregated,
    And,
    Comparison,
    HasAncestor,
    InSample,
    InShard,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    Plan,
    Quantified,
    Subquery,
    TextTest,
)

if TYPE_CHECKING:
    from vxdata.schemas.binding.values import Scalar
    from vxdata.schemas.plan import Predicate

ONE: Final = Comparison(op="==", field="license", value="a")
TEXT: Final = TextTest(op="contains", field="license", text="b")
INNER: Final = Subquery(relation="volume", select="b_value", where=ONE)
EXAMPLES: Final[list[tuple[Predicate, list[str]]]] = [
    (ONE, ["a"]),
    (TEXT, ["b"]),
    (IsIn(field="license", values=("a", "b")), ["a", "b"]),
    (IsNull(op="is_null", field="license"), []),
    (ItemsTest(op="contains_any", field="modalities", values=("MR", "CT")), ["CT", "MR"]),
    (HasAncestor(identifier="patient/1"), ["patient/1"]),
    (
        IsInQuery(
            field="identifier", query=Subquery(relation="volume", select="parent_identifier", where=TEXT)
        ),
        ["b"],
    ),
    (Quantified(field="pi_qual", op="any", comparison="<", query=INNER), ["a"]),
    (InShard(field="license", index=1, count=2), ["80000000000000000000000000000000"]),
    (InSample(field="license", fraction=0.5, seed=7), ["7:", "80000000000000000000000000000000"]),
    (Aggregated(field="pi_qual", op="max", comparison="==", query=INNER), ["a"]),
    (Not(op="not", term=ONE), ["a"]),
    (And(op="and", terms=(ONE, TEXT, Or(op="or", terms=(TEXT, ONE)))), ["a", "b", "b", "a"]),
    (Or(op="or", terms=(TEXT, ONE)), ["b", "a"]),
]


def bound(where: Predicate) -> BoundPredicate:
    found = bind(Plan(relation="imagingstudy", where=where), default_catalog()).where
    assert found is not None
    return found


def literals(where: BoundPredicate) -> list[Scalar]:
    return [literal for node in walk(where) for literal in node.literals]


def test_every_kind_has_an_example() -> None:
    kinds = {type(node) for where, _ in EXAMPLES for node in walk(bound(where))}
    assert kinds == set(get_args(BoundPredicate))


@pytest.mark.parametrize(("where", "values"), EXAMPLES)
def test_the_values_of_all_that_it_is_made_of(where: Predicate, values: list[str]) -> None:
    found = [literal.value for literal in literals(bound(where)) if isinstance(literal, Literal)]
    assert sorted(map(str, found)) == sorted(values)
    assert len(found) == len(literals(bound(where)))


@pytest.mark.parametrize(("where", "values"), EXAMPLES)
def test_values_are_changed_wherever_they_stand(where: Predicate, values: list[str]) -> None:
    before = bound(where)
    assert before.map_literals(lambda value: value) == before
    taken: list[Scalar] = []
    numbers = count(1)

    def change(value: Scalar) -> Parameter:
        taken.append(value)
        return Parameter(next(numbers))

    after = before.map_literals(change)
    whole = {value for node in walk(before) if isinstance(node, BoundItemsTest) for value in node.values}
    assert taken == [value for value in literals(before) if value not in whole]
    assert [value for value in literals(after) if value not in whole] == [
        Parameter(number) for number in range(1, len(taken) + 1)
    ]
    given = iter(taken)
    assert after.map_literals(lambda _: next(given)) == before
    assert bound(where) == before
