"""Orders and aggregates of fields."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.aggregates import Aggregation, Order, count
from vxdata.schemas.plan import Aggregate, OrderBy
from vxdata.sdk import F

if TYPE_CHECKING:
    from collections.abc import Callable


class TestOrder:
    @pytest.mark.parametrize(
        ("order", "node", "shown"),
        [
            (F.a.asc(), OrderBy(field="a"), "F.a.asc()"),
            (F.a.desc(), OrderBy(field="a", descending=True), "F.a.desc()"),
            (
                F.a.desc(nulls_first=True),
                OrderBy(field="a", descending=True, nulls_first=True),
                "F.a.desc(nulls_first=True)",
            ),
            (F["a b"].asc(), OrderBy(field="a b"), "F['a b'].asc()"),
            (F.m["k"].asc(), OrderBy(field="m", key="k"), "F.m['k'].asc()"),
        ],
    )
    def test_every_direction(self, order: Order, node: OrderBy, shown: str) -> None:
        assert order == Order(node)
        assert repr(order) == shown
        assert eval(shown, {"F": F}) == order  # noqa: S307 - the text stands above


class TestAggregates:
    @pytest.mark.parametrize("function", ["count", "min", "max", "mean", "sum", "n_unique"])
    def test_every_function_names_its_column(self, function: Any) -> None:
        made = getattr(F.slice_thickness, function)()
        name = f"slice_thickness_{function}"
        assert made == Aggregation(Aggregate(function=function, field="slice_thickness", name=name))
        assert repr(made) == f"F.slice_thickness.{function}()"

    def test_entries(self) -> None:
        assert F.m["k"].mean().node == Aggregate(function="mean", field="m", key="k", name="m_k_mean")
        assert repr(F.m["k"].mean()) == "F.m['k'].mean()"

    def test_rows(self) -> None:
        assert count().node == Aggregate(function="count", name="count")
        assert repr(count()) == "count()"

    def test_aliases(self) -> None:
        assert F.a.max().alias("top").node == Aggregate(function="max", field="a", name="top")
        assert repr(F.a.max().alias("top")) == "F.a.max().alias('top')"
        assert repr(F.a.max().alias("top").alias("a_max")) == "F.a.max()"
        assert repr(count().alias("n")) == "count().alias('n')"

    @pytest.mark.parametrize("name", [None, "", 5, F.a])
    def test_an_alias_is_a_name(self, name: Any) -> None:
        with pytest.raises(TypeError, match="alias takes a name such as 'thickness'"):
            count().alias(name)

    @pytest.mark.parametrize(
        ("quantile", "name"), [(0, "a_quantile_0.0"), (0.9, "a_quantile_0.9"), (1.0, "a_quantile_1.0")]
    )
    def test_quantiles(self, quantile: float, name: str) -> None:
        made = F.a.quantile(quantile)
        assert made.node == Aggregate(function="quantile", field="a", quantile=quantile, name=name)
        assert eval(repr(made), {"F": F}) == made  # noqa: S307 - made here

    @pytest.mark.parametrize("quantile", [-0.1, 1.1, 90, math.nan, True, None, "0.5"])
    def test_a_quantile_is_a_share(self, quantile: Any) -> None:
        with pytest.raises(InvalidPlan, match=r"F\.m\['k'\]\.quantile takes a number from 0 to 1") as caught:
            F.m["k"].quantile(quantile)
        assert caught.value.details == {"field": "m['k']"}

    @pytest.mark.parametrize("make", [lambda: count(), lambda: F.a.asc()])  # noqa: PLW0108 - a new one each
    def test_they_are_values(self, make: Callable[[], Any]) -> None:
        assert make() == make()
        assert hash(make()) == hash(make())
