"""Cohorts as they are built: what is checked at once, what is refused, and how they are shown."""

from __future__ import annotations

import copy
import operator
import pickle
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.cohorts import CohortCondition, Linked, Match, SetOperation
from vxdata.sdk import (
    AmbiguousNegation,
    C,
    ColumnNotFound,
    F,
    FieldTypeMismatch,
    FilterSyntaxError,
    FilterTypeMismatch,
    InvalidPlan,
    NullNotFilterable,
    TableNotFound,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.sdk import Cohort, Condition, RemoteCatalog


def one(column: str, op: Any, value: Any = None, **more: Any) -> CohortCondition:
    return CohortCondition(column=column, op=op, value=value, **more)


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "node"),
        [
            (C.sex == "male", one("sex", "=", "male")),
            (C["SEX"] == "male", one("sex", "=", "male")),
            (C.species != "human", one("species", "!=", "human")),
            (C.sex.some_is_not("male"), one("sex", "!=", "male")),
            (C.sex.none_is("male"), one("sex", "=", "male", quantifier="none")),
            (C.sex.none_is_in(["male"]), one("sex", "in", ("male",), quantifier="none")),
            (C.sex.none_is_like("m*"), one("sex", "like", "m*", quantifier="none")),
            (C.sex.some_is_not_like("m*"), one("sex", "not like", "m*")),
            (C.sex.some_is_not_in(["male"]), one("sex", "not in", ("male",))),
            (C.species.not_like("h*"), one("species", "not like", "h*")),
            (C.species.not_in(["a", "b"]), one("species", "not in", ("a", "b"))),
            (C.sex.is_null(), one("sex", "is")),
            (C.sex.some_is_null(), one("sex", "=")),
            (C.sex.is_not_null(), one("sex", "is not")),
            ((C.age > 60).in_no_row(), one("age", ">", 60, quantifier="none")),
            (C.age.between(1, 2), one("age", ">=", 1, also={"op": "<=", "value": 2})),
            (C.subject_id.is_in(pl.Series(["a"])), one("subject_id", "in", ("a",))),
            (C.subject_id.is_in(pa.chunked_array([["a"]])), one("subject_id", "in", ("a",))),
            (C.subject_data_at_gdc == True, one("subject_data_at_gdc", "=", value=True)),  # noqa: E712
        ],
        ids=repr,
    )
    def test_they_become_nodes(
        self, known: RemoteCatalog, condition: Condition, node: CohortCondition
    ) -> None:
        assert known.subjects.filter(condition).plan.entities == Match(match_all=(node,))

    @pytest.mark.parametrize(
        "condition",
        [
            C.sex == "male",
            C.sex.some_is_not("male"),
            C.sex.none_is_like("m*"),
            C.species.not_in([1, 2]),
            (C.age >= 60).in_no_row(),
            C.age.between(1, 2.5, closed="left").in_no_row(),
            (C.sex == "male") & C.age.is_null() & (C.size < 3),
            (C.sex == "male") | (C.age > 3) | C.size.is_not_null(),
            (C.species == "dog") & ((C.sex == "male") | (C.age > 3)),
            C["data at"] == "x",
        ],
        ids=repr,
    )
    def test_what_is_shown_makes_the_same(self, condition: Condition) -> None:
        again = eval(repr(condition), {"C": C})  # noqa: S307 - what is shown is Python
        assert (again.every, again.some) == (condition.every, condition.some)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: ((C.a == 1) & (C.b == 2)) | (C.c == 3), "combine the cohorts"),
            (lambda: ((C.a == 1) | (C.b == 2)) & ((C.c == 3) | (C.d == 4)), "combine the cohorts"),
            (((C.a == 1) & (C.b == 2)).in_no_row, "one condition"),
            (lambda: C.a.none_is(1).in_no_row(), "one condition"),
        ],
    )
    def test_what_a_match_cannot_say_is_refused(self, make: Callable[[], object], message: str) -> None:
        with pytest.raises(InvalidPlan, match=message):
            make()

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: ~(C.sex == "male"), "in_no_row"),
            (lambda: bool(C.sex == "male"), "no truth value"),
            (lambda: (C.sex == "male") & F.sex, "no condition"),
            (lambda: (F.sex == "male") & (C.sex == "male"), "no predicate"),
            (lambda: "male" in C.sex, "is_in"),
            (lambda: C[1], "public name"),  # type: ignore[index]
        ],
    )
    def test_what_python_would_misread_is_refused(self, make: Callable[[], object], message: str) -> None:
        with pytest.raises(TypeError, match=message):
            make()

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: C.sex == None, r"C.sex.is_null\(\)"),  # noqa: E711
            (lambda: C.sex.is_in("male"), "list of values"),
            (lambda: C.sex.like(1), "takes text"),  # type: ignore[arg-type]
            (lambda: C.age.between("a", "b"), "two numbers"),  # type: ignore[arg-type]
            (lambda: C.age.between(1, 2, closed="x"), "closed is one of"),  # type: ignore[arg-type]
        ],
    )
    def test_values_that_no_column_holds_are_refused(self, make: Callable[[], object], message: str) -> None:
        with pytest.raises(FieldTypeMismatch, match=message):
            make()


class TestChecks:
    def test_unknown_columns_are_refused_with_a_hint(self, known: RemoteCatalog) -> None:
        wrong: tuple[Callable[[], object], ...] = (
            lambda: known.subjects.filter(C.diagnosi == "x"),
            lambda: known.subjects.filter_text("diagnosi = x"),
            lambda: known.subjects.add("diagnosi"),
            lambda: known.subjects.exclude(C.diagnosi),
            lambda: known.values("diagnosi"),
            lambda: known.C.diagnosi,
        )
        for make in wrong:
            with pytest.raises(ColumnNotFound, match="Did you mean diagnosis"):
                make()

    def test_unknown_tables_are_refused_with_a_hint(self, known: RemoteCatalog) -> None:
        wrong: tuple[Callable[[], object], ...] = (
            lambda: known.subjects.add("observatio.*"),
            lambda: known.subjects.nest("observatio"),
            lambda: known.table("observatio"),
        )
        for make in wrong:
            with pytest.raises(TableNotFound, match="Did you mean observation"):
                make()
        with pytest.raises(TableNotFound):
            known.subjects.nest("subject")

    @pytest.mark.parametrize(
        ("condition", "some", "none"),
        [
            (C.sex != "male", "C.sex.some_is_not(…)", "C.sex.none_is(…)"),
            (C.sex.not_like("m*"), "C.sex.some_is_not_like(…)", "C.sex.none_is_like(…)"),
            (C.sex.not_in(["male"]), "C.sex.some_is_not_in(…)", "C.sex.none_is_in(…)"),
        ],
    )
    def test_a_negation_on_another_table_names_both_spellings(
        self, known: RemoteCatalog, condition: Condition, some: str, none: str
    ) -> None:
        with pytest.raises(AmbiguousNegation) as refused:
            known.subjects.filter(condition)
        assert some in refused.value.message
        assert none in refused.value.message
        assert (refused.value.details["some"], refused.value.details["none"]) == (some, none)

    def test_many_values_of_a_virtual_column_are_ambiguous_too(self, known: RemoteCatalog) -> None:
        with pytest.raises(AmbiguousNegation):
            known.files.filter(C.anatomic_site != "brain")
        assert known.files.filter(C.file_type != "CT").plan.entities.kind == "match"

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            (C.age == "x", r"C.age == 'x' does not fit age, a column of type integer: .*number"),
            (C.species == 5, "species, a column of type text"),
            (C.age.like("5*"), "age, a column of type integer"),
            (C.subject_data_at_gdc < True, "does not compare booleans"),
        ],
    )
    def test_types_are_checked_at_once(
        self, known: RemoteCatalog, condition: Condition, message: str
    ) -> None:
        with pytest.raises(FilterTypeMismatch, match=message):
            known.subjects.filter(condition)

    def test_projects_cannot_be_null(self, known: RemoteCatalog) -> None:
        with pytest.raises(NullNotFilterable):
            known.subjects.filter(C.project_type.is_null())

    def test_arguments_have_to_be_conditions(self, known: RemoteCatalog) -> None:
        for wrong in (F.sex == "male", "sex = male", C.sex):
            with pytest.raises(TypeError, match="no condition on cohorts"):
                known.subjects.filter(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="takes texts"):
            known.subjects.filter_text(C.sex == "male")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="takes names"):
            known.subjects.add(5)  # type: ignore[arg-type]


class TestSteps:
    def test_conditions_of_several_calls_count_together(self, known: RemoteCatalog) -> None:
        a, b, c, d = C.sex == "a", C.age == 2, C.size == 3, C.species == "d"
        at_once = known.subjects.filter(a, b).match_some(c, d)
        assert known.subjects.filter([a]).filter(b).match_some(c).match_some(d).plan == at_once.plan
        assert known.subjects.filter(a & b & (c | d)).plan == at_once.plan
        with pytest.raises(InvalidPlan, match="combine the cohorts"):
            at_once.filter(a | b)
        assert known.subjects.filter().plan == known.subjects.plan

    def test_columns(self, known: RemoteCatalog) -> None:
        cohort = known.subjects.filter(C.sex == "male").add(C.age, "file.*").exclude("subject_data_at_gdc")
        assert cohort.columns == [
            "subject_id",
            "species",
            "year_of_birth",
            "subject_data_at_idc",
            "sex",
            "age",
            *known.files.columns,
        ]
        assert cohort.schema["age"] == pl.List(pl.Int64)
        assert cohort.schema["species"] == pl.String

    def test_nested_tables_are_shown_whole_unless_columns_are_named(self, known: RemoteCatalog) -> None:
        whole = known.subjects.nest("observation")
        assert whole.schema["observation_columns"] == pl.List(
            pl.Struct({"sex": pl.String, "age": pl.Int64, "diagnosis": pl.String})
        )
        assert whole.add("sex").schema["observation_columns"] == pl.List(pl.Struct({"sex": pl.String}))
        both = known.subjects.add("sex", "file_type").nest()
        assert both.columns[-2:] == ["observation_columns", "file_columns"]
        assert both.nest("observation").plan.nest is True

    def test_limits(self, known: RemoteCatalog) -> None:
        cohort = known.subjects.limit(5).limit(7).offset(2)
        assert (cohort.plan.limit, cohort.plan.offset) == (5, 2)
        with pytest.raises(InvalidPlan, match="state one offset"):
            cohort.offset(1)
        late: tuple[Callable[[], object], ...] = (
            lambda: cohort.filter(C.sex == "male"),
            lambda: cohort.filter_text("sex = male"),
            lambda: cohort | known.subjects,
            lambda: known.subjects - cohort,
            cohort.files,
        )
        for make in late:
            with pytest.raises(InvalidPlan, match="comes too late"):
                make()

    def test_sets(self, known: RemoteCatalog) -> None:
        a, b, c = (known.subjects.filter(C.sex == value) for value in "abc")
        parts = tuple(each.plan.entities for each in (a, b, c))
        assert (a | b | c).plan.entities == SetOperation(op="union", of=parts)
        assert (a - b - c).plan.entities == SetOperation(op="difference", of=parts)
        assert (a - (b - c)).plan.entities == SetOperation(
            op="difference", of=(parts[0], SetOperation(op="difference", of=parts[1:]))
        )
        both = (a.add("age") & b.exclude("sex").nest("observation")).plan
        assert (both.add, both.exclude, both.nest) == (("age",), ("sex",), ("observation",))
        with pytest.raises(InvalidPlan, match="in common"):
            a | known.files
        with pytest.raises(TypeError, match="join cohorts"):
            a & (C.sex == "a")
        with pytest.raises(InvalidPlan, match="at most 100"):
            reduce(operator.or_, [a] * 101)

    def test_linked_entities_are_filtered_together(self, known: RemoteCatalog) -> None:
        linked = known.subjects.filter(C.sex == "male").files()
        assert linked.plan.endpoint == "file"
        assert linked.plan.entities == Linked(of=Match(match_all=(one("sex", "=", "male"),)))
        narrowed = linked.filter(C.file_type == "CT").filter(C.size > 3)
        both = Match(match_all=(one("file_type", "=", "CT"), one("size", ">", 3)))
        assert narrowed.plan.entities == SetOperation(op="intersection", of=(linked.plan.entities, both))
        assert narrowed.subjects().plan.endpoint == "subject"
        with pytest.raises(InvalidPlan, match="files already"):
            linked.files()

    def test_texts_as_cdapython_reads_them(self, known: RemoteCatalog) -> None:
        texts = {
            "diagnosis = glio*": one("diagnosis", "like", "glio*"),
            "diagnosis != *oma": one("diagnosis", "not like", "*oma"),
            "sex == male": one("sex", "=", "male"),
            "sex = null": one("sex", "is"),
            "sex != NULL": one("sex", "is not"),
            "species = 'human'": one("species", "=", "human"),
            "1950 <= year_of_birth < 1960": one("year_of_birth", ">=", 1950, also={"op": "<", "value": 1960}),
        }
        for text, node in texts.items():
            assert known.subjects.filter_text(text).plan.entities == Match(match_all=(node,)), text
        assert known.subjects.filter_text(some="sex = male").plan.entities == Match(
            match_some=(one("sex", "=", "male"),)
        )
        with pytest.raises(FilterSyntaxError, match="at the ends"):
            known.subjects.filter_text("diagnosis = gl*ma")
        with pytest.raises(FilterSyntaxError, match="parse out operator"):
            known.subjects.filter_text("diagnosis")


class TestShown:
    def test_what_is_shown_makes_the_same(self, known: RemoteCatalog) -> None:
        a = known.subjects.filter(C.sex == "male", C.species != "dog").match_some(C.age > 3, C.size == 1)
        cohorts: tuple[Cohort, ...] = (
            a.add("age").exclude("sex").nest("observation").offset(1).limit(2),
            a.files().subjects().nest(),
            (a | known.subjects - a).add("age"),
            (a & known.subjects).files(),
            known.subjects.add_external_references(),
        )

        class Shown:
            def catalog(self, name: str) -> RemoteCatalog:
                assert name == "cda"
                return known

        for cohort in cohorts:
            again = eval(repr(cohort), {"C": C, "client": Shown()})  # noqa: S307 - what is shown is Python
            assert again.plan == cohort.plan

    def test_in_notebooks(self, known: RemoteCatalog) -> None:
        assert "observation_columns" in known.subjects.nest("observation")._repr_html_()
        html = known._repr_html_()
        assert "diagnosis" in html
        assert "2025-12" in html
        assert "diagnosis" in dir(known.C)
        assert "diagnosis" in known.table("observation")._repr_html_()

    def test_copies_are_equal(self, known: RemoteCatalog) -> None:
        cohort = known.subjects.filter(C.sex == "male").files()
        assert copy.deepcopy(cohort).plan == cohort.plan
        assert copy.deepcopy(known).digest == known.digest
        condition = C.sex.some_is_not("male") | (C.age > 3)
        assert pickle.loads(pickle.dumps(condition)).some == condition.some  # noqa: S301 - our own bytes

    def test_they_have_no_truth_value_and_no_length(self, known: RemoteCatalog) -> None:
        with pytest.raises(TypeError, match="exists"):
            bool(known.subjects)
        with pytest.raises(TypeError, match="count"):
            len(known.subjects)
