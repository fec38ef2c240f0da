"""Searches in texts, lists and mappings."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.plan import ItemsTest, TextTest
from vxdata.schemas.plan.predicates import MAX_VALUES
from vxdata.sdk import F

if TYPE_CHECKING:
    from collections.abc import Callable

SEARCHES = ["contains", "startswith", "endswith", "matches"]


class Contrast(StrEnum):
    T2 = "T2"


class TestTexts:
    @pytest.mark.parametrize("op", SEARCHES)
    def test_every_search_makes_its_node(self, op: Any) -> None:
        search = getattr(F.x, op)
        assert search("a%_").node == TextTest(op=op, field="x", text="a%_")
        assert search("a", ignore_case=True).node == TextTest(op=op, field="x", text="a", ignore_case=True)
        assert type(search(Contrast.T2).node.text) is str

    def test_equals_leaves_the_case_out_unless_told(self) -> None:
        assert F.x.equals("t2").node == TextTest(op="equals", field="x", text="t2", ignore_case=True)
        assert F.x.equals("t2", ignore_case=False).node == TextTest(op="equals", field="x", text="t2")

    @pytest.mark.parametrize("op", [*SEARCHES, "equals"])
    @pytest.mark.parametrize("text", [None, 1, b"a", ["a"], re.compile("a"), F.y])
    def test_only_text_is_searched_for(self, op: str, text: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=rf"F\.x\.{op} takes text, not ") as caught:
            getattr(F.x, op)(text)
        assert caught.value.details == {"field": "x", "value_type": type(text).__name__}

    def test_equals_with_case_takes_text_alone_too(self) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.x\.equals takes text, not 1 of type int"):
            F.x.equals(1, ignore_case=False)  # type: ignore[arg-type] # the subject


class TestItems:
    def test_has_is_any_of_one(self) -> None:
        assert F.x.has("a").node == ItemsTest(op="contains_any", field="x", values=("a",))
        assert F.x.has("a").node == F.x.contains_any(["a"]).node

    @pytest.mark.parametrize("items", [["a", "b"], pl.Series(["a", "b"]), iter(["a", "b"]), {"a": 1, "b": 2}])
    def test_any_collection_will_do(self, items: Any) -> None:
        assert F.x.contains_any(items).node == ItemsTest(op="contains_any", field="x", values=("a", "b"))

    def test_all_and_none(self) -> None:
        assert F.x.contains_all(["a", "b"]).node == ItemsTest(op="contains_all", field="x", values=("a", "b"))
        assert F.x.contains_all([]).node == ItemsTest(op="contains_all", field="x", values=())

    @pytest.mark.parametrize("op", ["contains_any", "contains_all"])
    @pytest.mark.parametrize("items", ["abc", b"abc", 5, None, F.y])
    def test_what_is_no_collection_is_refused(self, op: str, items: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=rf"F\.x\.{op} takes a list of values, not ") as caught:
            getattr(F.x, op)(items)
        assert caught.value.details == {"field": "x", "value_type": type(items).__name__}

    @pytest.mark.parametrize(
        "search",
        [
            lambda none: F.x.has(none) & (F.y == 1),
            lambda none: F.x.contains_any(["a", none]),
            lambda none: F.x.contains_all([none]),
        ],
    )
    def test_none_among_them_is_refused(self, search: Callable[[Any], Any]) -> None:
        with pytest.raises(FieldTypeMismatch, match="None of type NoneType"):
            search(None)

    def test_too_many_are_refused(self) -> None:
        with pytest.raises(InvalidPlan, match=r"F\.x\.contains_all is given 250,001 values"):
            F.x.contains_all(map(str, range(MAX_VALUES + 1)))
