"""Cohorts without a server: the plans that steps make, and what is refused at once."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from tests.sdk.cohorts.catalogs import DESCRIPTION
from vxdata.schemas.cohorts import CohortCondition, CohortPlan, Linked, Match, SetOperation
from vxdata.sdk import (
    AmbiguousNegation,
    C,
    Client,
    ColumnNotFound,
    EmptyCohortRow,
    F,
    FieldTypeMismatch,
    FilterSyntaxError,
    FilterTypeMismatch,
    InvalidCatalog,
    InvalidPlan,
    MemoryTransport,
    NullNotFilterable,
    RelationshipNotFound,
    TableNotFound,
    UnknownCatalog,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.sdk import Cohort, RemoteCatalog

MALE = CohortCondition(column="sex", op="=", value="male")
DOG = CohortCondition(column="species", op="=", value="dog")
CT = CohortCondition(column="file_type", op="=", value="CT")


def match_of(cohort: Cohort) -> Match:
    """The match of a cohort that is one."""
    assert isinstance(cohort.plan.entities, Match)
    return cohort.plan.entities


class TestSteps:
    def test_a_step_leaves_the_cohort_as_it_was(self, known: RemoteCatalog) -> None:
        before = known.subjects
        after = before.filter(C.sex == "male").add("age").exclude(C.species).nest("observation").limit(3)
        assert before.plan == CohortPlan(catalog="cda", endpoint="subject")
        assert after.plan == CohortPlan(
            catalog="cda",
            endpoint="subject",
            entities=Match(match_all=(MALE,)),
            add=("age",),
            exclude=("species",),
            nest=("observation",),
            limit=3,
        )

    def test_conditions_of_several_steps_are_one_match(self, known: RemoteCatalog) -> None:
        steps = (
            known.subjects.filter(C.sex == "male").match_some(C.species == "dog").filter(C.file_type == "CT")
        )
        assert steps.plan.entities == Match(match_all=(MALE, CT), match_some=(DOG,))
        at_once = known.subjects.filter(
            (C.sex == "male") & (C.file_type == "CT"), (C.species == "dog") | C.age.is_in([])
        )
        assert match_of(at_once).match_all == (MALE, CT)
        assert len(match_of(at_once).match_some) == 2

    def test_operations_on_sets_stay_flat(self, known: RemoteCatalog) -> None:
        one, two, three = (known.subjects.filter(C.species == name) for name in ("a", "b", "c"))
        parts = tuple(each.plan.entities for each in (one, two, three))
        assert (one | two | three).plan.entities == SetOperation(op="union", of=parts)
        assert (one & (two & three)).plan.entities == SetOperation(op="intersection", of=parts)
        assert (one - two - three).plan.entities == SetOperation(op="difference", of=parts)
        behind = (one - (two - three)).plan.entities
        assert behind == SetOperation(
            op="difference", of=(parts[0], SetOperation(op="difference", of=parts[1:]))
        )

    def test_what_follows_an_operation_narrows_all_of_it(self, known: RemoteCatalog) -> None:
        either = known.subjects.filter(C.species == "dog") | known.subjects.filter(C.sex == "male")
        narrowed = either.filter(C.file_type == "CT").plan.entities
        assert narrowed == SetOperation(op="intersection", of=(either.plan.entities, Match(match_all=(CT,))))

    def test_both_sides_of_an_operation_show_their_columns(self, known: RemoteCatalog) -> None:
        both = known.subjects.add("sex").nest("file") | known.subjects.add("sex", "age").nest("observation")
        assert both.columns[-2:] == ["observation_columns", "file_columns"]
        assert both.plan.nest == ("file", "observation")

    def test_files_of_subjects(self, known: RemoteCatalog) -> None:
        files = known.subjects.filter(C.sex == "male").add("age").files()
        assert files.plan.entities == Linked(of=Match(match_all=(MALE,)))
        assert (files.plan.endpoint, files.plan.add) == ("file", ())
        assert files.columns == known.files.columns
        with pytest.raises(InvalidPlan, match="cohort of files already"):
            files.files()

    def test_100_000_values_are_one_condition(self, known: RemoteCatalog) -> None:
        ids = [f"S{number}" for number in range(100_000)]
        frame = pl.DataFrame({"id": ids})
        given: Any
        for given in (ids, frame["id"], pa.chunked_array([ids]), frame):
            (condition,) = match_of(known.subjects.filter(C.subject_id.is_in(given))).match_all
            assert condition.value == tuple(ids)

    def test_the_schema_is_known_without_a_call(self, known: RemoteCatalog) -> None:
        cohort = known.subjects.exclude("subject.*").add("subject_id", "sex", "age", "project.*")
        assert known.subjects.add("sex").schema["sex"] == pl.List(pl.String)
        nested = known.subjects.nest("observation").schema["observation_columns"]
        assert nested == pl.List(pl.Struct({"sex": pl.String, "age": pl.Int64, "diagnosis": pl.String}))
        with pytest.raises(EmptyCohortRow):
            _ = cohort.exclude("project.*", "sex", "age").columns


class TestRefusals:
    @pytest.mark.parametrize(
        ("step", "error", "message"),
        [
            (lambda c: c.filter(C.sexx == "x"), ColumnNotFound, "sexx.*Did you mean sex"),
            (lambda c: c.add("observaton.*"), TableNotFound, "Did you mean observation"),
            (lambda c: c.add("diagnosi"), ColumnNotFound, "Did you mean diagnosis"),
            (lambda c: c.exclude("diagnosi"), ColumnNotFound, "Did you mean diagnosis"),
            (lambda c: c.nest("observaton"), TableNotFound, "Did you mean observation"),
            (lambda c: c.filter(C.age == "x"), FilterTypeMismatch, "C.age == 'x' does not fit age"),
            (lambda c: c.filter(C.sex > 3), FilterTypeMismatch, "does not fit sex"),
            (lambda c: c.filter(C.age.like("5*")), FilterTypeMismatch, "does not fit age"),
            (lambda c: c.filter_text("diagnosis like null"), FilterTypeMismatch, "cannot compare with null"),
            (lambda c: c.filter_text("age < null"), FilterTypeMismatch, "cannot compare with null"),
            (lambda c: c.filter_text("age"), FilterSyntaxError, "operator in filter"),
            (lambda c: c.filter_text("sex = m*le"), FilterSyntaxError, "Wildcards"),
            (lambda c: c.filter(C.name.is_null()), NullNotFilterable, "name"),
            (lambda c: c.filter(C.sex == None), FieldTypeMismatch, "some_is_null"),  # noqa: E711 - is refused
            (lambda c: c.files().add_external_references(), RelationshipNotFound, "file"),
            (lambda c: c.limit(1).filter(C.sex == "x"), InvalidPlan, "comes too late"),
            (lambda c: c.offset(1).files(), InvalidPlan, "comes too late"),
            (lambda c: c.limit(1) | c, InvalidPlan, "comes too late"),
            (lambda c: c & c.files(), InvalidPlan, "nothing in common"),
            (lambda c: c.limit(-1), InvalidPlan, "whole number"),
            (lambda c: c & (C.sex == "x"), TypeError, "join cohorts"),
            (lambda c: c.filter("sex = male"), TypeError, "no condition"),
            (lambda c: c.filter(F.sex == "male"), TypeError, "no condition"),
            (lambda c: c.filter_text(C.sex == "male"), TypeError, "takes texts"),
            (lambda c: c.filter(~(C.sex == "male")), TypeError, "in_no_row"),
            (lambda c: c.filter((C.age > 1) and (C.age < 5)), TypeError, "truth value"),
            (lambda c: c.filter(((C.age > 1) & (C.sex == "x")) | (C.age == 0)), InvalidPlan, "cohorts"),
            (
                lambda c: c.filter((C.age > 1) | (C.age < 0), (C.sex == "a") | (C.sex == "b")),
                InvalidPlan,
                "cohorts",
            ),
            (lambda _: C[""], TypeError, "public name"),
            (bool, TypeError, "truth value"),
            (len, TypeError, "count"),
        ],
    )
    def test_at_once(
        self,
        known: RemoteCatalog,
        step: Callable[[Cohort], object],
        error: type[Exception],
        message: str,
    ) -> None:
        with pytest.raises(error, match=message):
            step(known.subjects)

    @pytest.mark.parametrize(
        ("condition", "some", "none"),
        [
            (C.diagnosis != "x", "some_is_not", "none_is"),
            (C.diagnosis.not_like("x*"), "some_is_not_like", "none_is_like"),
            (C.diagnosis.not_in(["x"]), "some_is_not_in", "none_is_in"),
        ],
    )
    def test_a_negation_names_its_two_spellings(
        self, known: RemoteCatalog, condition: Any, some: str, none: str
    ) -> None:
        with pytest.raises(AmbiguousNegation) as caught:
            known.subjects.filter(condition)
        assert f"C.diagnosis.{some}(…)" in str(caught.value)
        assert f"C.diagnosis.{none}(…)" in str(caught.value)
        argument = ["x"] if some.endswith("in") else "x"
        for name in (some, none):  # both exist, and are taken
            assert match_of(known.subjects.filter(getattr(C.diagnosis, name)(argument))).match_all

    def test_on_own_columns_a_negation_is_clear(self, known: RemoteCatalog) -> None:
        cohort = known.subjects.filter(
            C.species != "dog", C.species.not_like("h*"), C.species.not_in(["cat"])
        )
        assert [each.op for each in match_of(cohort).match_all] == ["!=", "not like", "not in"]
        with pytest.raises(AmbiguousNegation):
            known.files.filter(C.species != "dog")

    def test_a_catalog_without_cohorts(self) -> None:
        for changes, error in (
            ({"problem": "No relationship."}, InvalidCatalog),
            ({"problem": None}, UnknownCatalog),
        ):
            told = DESCRIPTION.model_copy(update={"serves_cohorts": False, **changes})
            catalog = Client(transport=MemoryTransport(act=lambda *_, told=told: told)).catalog("cda")
            with pytest.raises(error, match="serves"):
                _ = catalog.subjects
            assert catalog.table("subject").query().columns[:2] == ["id_alias", "id"]


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "op", "value"),
        [
            ("diagnosis = glio*", "like", "glio*"),
            ("diagnosis != *oma", "not like", "*oma"),
            ("diagnosis == glioma", "=", "glioma"),
            ("sex = null", "is", None),
            ("sex != NULL", "is not", None),
            ("sex like *", "like", "*"),
            ("diagnosis in ['a', 'b*']", "in", ("a", "b*")),
        ],
    )
    def test_they_mean_what_cdapython_sends(
        self, known: RemoteCatalog, text: str, op: str, value: object
    ) -> None:
        (condition,) = match_of(known.subjects.filter_text(text)).match_all
        assert (condition.op, condition.value) == (op, value)

    def test_alternatives(self, known: RemoteCatalog) -> None:
        cohort = known.subjects.filter_text("sex = male", some=["species = dog"])
        assert cohort.plan.entities == Match(match_all=(MALE,), match_some=(DOG,))


class TestLooks:
    @pytest.mark.parametrize(
        "shown",
        [
            "client.catalog('cda').subjects.filter(C.sex == 'male', C.diagnosis.like('glio*')).add('age')",
            "client.catalog('cda').subjects.filter(C.species != 'dog').match_some(C.age >= 60, C.sex == 'x')",
            "client.catalog('cda').subjects.filter(C.diagnosis.some_is_not('x'), C.sex.none_is_in(['a']))",
            "client.catalog('cda').subjects.filter(C.age.between(1, 5, closed='left')).nest('file').limit(3)",
            "client.catalog('cda').files.filter(C.anatomic_site.is_null()).subjects().offset(2)",
            "(client.catalog('cda').subjects - client.catalog('cda').files.subjects()).exclude('species')",
        ],
    )
    def test_a_cohort_is_shown_as_it_is_written(self, known: RemoteCatalog, shown: str) -> None:
        class Catalogs:
            def catalog(self, name: str) -> RemoteCatalog:
                assert name == "cda"
                return known

        made = eval(shown, {"client": Catalogs(), "C": C})  # noqa: S307 - written above
        assert repr(made) == shown

    def test_ranges_of_texts(self, known: RemoteCatalog) -> None:
        shown = repr(known.subjects.filter_text("1960 >= year_of_birth > 1940"))
        assert shown.endswith(".filter(C.year_of_birth.between(1940, 1960, closed='right'))")
        odd = repr(known.subjects.filter_text("1940 < year_of_birth > 1950"))
        assert odd.endswith(".filter((C.year_of_birth > 1940) & (C.year_of_birth > 1950))")

    def test_what_is_very_long_is_cut_short(self, known: RemoteCatalog) -> None:
        many = known.subjects.match_some(C.subject_id == f"S{number}" for number in range(1_000))
        assert len(repr(many)) < 1_000
        assert "980 more" in repr(many)
        listed = known.subjects.filter(C.subject_id.is_in(map(str, range(1_000))))
        assert "995 more" in repr(listed)

    def test_notebooks(self, known: RemoteCatalog) -> None:
        assert "diagnosis" in known._repr_html_()
        assert "List(Struct" in known.subjects.nest("observation")._repr_html_()
        assert "species" in known.table("subject")._repr_html_()
        assert "sex" in dir(known.C)
        with pytest.raises(ColumnNotFound, match="Did you mean sex"):
            _ = known.C.sexx

    def test_discovery(self, known: RemoteCatalog) -> None:
        assert known.columns.filter(pl.col("column") == "species").rows() == [
            ("subject", "species", "text", True, "Common name.")
        ]
        assert known.columns.filter(pl.col("column") == "anatomic_site")["table"].to_list() == ["file"]
        assert (known.name, known.release, len(known.tables)) == ("cda", "2025-12", 13)
        with pytest.raises(TableNotFound, match="Did you mean observation"):
            known.table("observatio")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_conditions_can_be_copied(duplicate: Callable[[Any], Any]) -> None:
    condition = (C.sex == "male") & (C.age > 1)
    again = duplicate(condition)
    if isinstance(again, bytes):
        again = pickle.loads(again)  # noqa: S301 - made here
    assert repr(again) == repr(condition)
