"""Texts become the plans that the client would build; mistakes are told with their place and a hint."""

from __future__ import annotations

from typing import Any

import pytest

from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import (
    FieldTypeMismatch,
    InvalidPlan,
    InvalidRequest,
    QuerySyntaxError,
    UnknownField,
    UnknownResourceType,
)
from vxdata.schemas.plan import digest
from vxdata.schemas.text_form import read_filter, read_query, write_query
from vxdata.sdk import ALL, ANY, COUNT, MAX, MEAN, MIN, Client, F, count, has_ancestor, has_descendant
from vxp_client import PlatformClient

NAMES: dict[str, Any] = {
    each.__name__: each for each in (ALL, ANY, COUNT, MAX, MEAN, MIN, count, has_ancestor, has_descendant)
}
QUERIES = (
    "client.volumes.query()",
    "client.volume.query().select(['identifier', F.b_value])",
    "client.namespace('volume').query().filter([F.b_value > -1, F.b_value < +2.5e3])",
    "client.query('Volume').limit(3).offset(2)",
    "client.resources.query().filter(has_ancestor('patient/1') | ~has_descendant('volume/1'))",
    "client.commits().order_by('version', descending=True).limit(1)",
    "client.volumes.query().filter(client.volumes.F.b_value.is_null(), F['image_plane'] == 'axial')",
    "client.volumes.query().filter(F.b_value == None, F.image_plane != None)",
    "client.volumes.query().filter(~(F.license == 'T2') & F.b_value.between(1, 2) | F.version.is_in([3]))",
    "client.volumes.query().filter('T2' == F.volume_type, 3 < F.b_value)",
    "client.volumes.query().filter(F.identifier.is_in(('volume/a', 'volume/b')))",
    "client.volumes.query().filter(F.series_description.matches('^t[12]', ignore_case=True))",
    "client.volumes.query().filter(F.volume_type.equals('T2', ignore_case=False))",
    "client.volumes.query().filter(F.derived_from.has('volume/1'), F.derived_from.n_items() >= 2)",
    "client.benchmarking_results.query().filter(F.summary_metrics['auc'] >= 0.9)",
    "client.benchmarking_results.query().group_by(F.summary_metrics['auc']).agg(count())",
    "client.volumes.query().filter(F.slice_thickness < ALL(client.volumes.query().select('b_value')))",
    "client.volumes.query().filter(F.version == MAX(client.volumes.query().limit(9).select('version')))",
    "client.volumes.query().filter(F.patient_id.is_in(client.patients.query().select('identifier')))",
    "client.volumes.query().group_by('patient_id', y=F.created_at.year()).agg(count(), n=count())",
    "client.volumes.query().group_by(y=F.created_at.year()).agg(n=count()).filter(F.n > 2).order_by(F.y)",
    "client.volumes.query().group_by().agg(F.b_value.quantile(0.5).alias('median'))",
    "client.volumes.query().group_by(**{'of x': F.acquisition_datetime.month()}).agg(count())",
    "client.imaging_studies.query().group_by(F.modalities.each_item()).agg(F.patient_id.n_unique())",
    "client.volumes.query().distinct('patient_id', 'volume_type')",
    "client.volumes.query().shard(1, 4).shard(0, 2, by='identifier').sample(10, seed=3)",
    "client.volumes.query().sample(fraction=0.5, seed=7, by=F.patient_id).order_by(F.identifier.shuffled(7))",
    "client.volumes.query().first_per('patient_id', order_by=F.created_at.desc()).limit(5)",
    "client.volumes.query().history().filter(F.deleted == True).as_of('2026-01-02T10:00:00Z')",
)


@pytest.mark.parametrize("text", QUERIES)
def test_a_text_becomes_the_plan_that_the_client_builds(text: str) -> None:
    client: Client
    with PlatformClient("grpc://localhost:1") as client:
        built = eval(text, {**NAMES, "F": F, "client": client})  # noqa: S307 - the text stands above
        plan = read_query(text, default_catalog())
        assert digest(plan) == built.digest
        assert write_query(plan) == repr(built)


def test_a_chain_may_go_over_lines_and_hold_comments() -> None:
    text = """
        client.volumes.query()  # all of them
          .filter(
            F.volume_type == "T2",  # (these
          )
          .limit(10)
    """
    assert write_query(read_query(text, default_catalog())) == (
        "client.volumes.query().filter(F.volume_type == 'T2').limit(10)"
    )


def test_dates_are_taken_in_utc() -> None:
    texts = (
        "datetime(2024, 1, 1)",
        "datetime(2024, 1, 1, tzinfo=UTC)",
        "datetime(2024, 1, 1, tzinfo=timezone.utc)",
    )
    found = {
        digest(
            read_query(f"client.volumes.query().filter(F.acquisition_datetime > {text})", default_catalog())
        )
        for text in texts
    }
    assert len(found) == 1
    instants = {
        read_query(f"client.volumes.query().as_of({text})", default_catalog()).as_of
        for text in (*texts, "date(2024, 1, 1)", "'2024-01-01'", "'2024-01-01T01:00:00+01:00'")
    }
    assert [instant.isoformat() for instant in instants if instant] == ["2024-01-01T00:00:00+00:00"]


def test_a_set_is_a_list_of_values() -> None:
    found = [
        read_filter(f"F.version.is_in({values})", default_catalog(), "volume")
        for values in ("{1, 2}", "[1, 2]", "(1, 2)")
    ]
    assert found[0] == found[1] == found[2]


def test_a_filter_is_one_condition_or_several() -> None:
    one = read_filter('(F.volume_type == "axial") & (F.b_value > 1)', default_catalog(), "volume")
    several = read_filter("F.volume_type == 'axial',\nF.b_value > 1,", default_catalog(), "volume")
    assert one == several
    assert read_filter(" \n ", default_catalog(), "volume") is None


MISTAKES: tuple[tuple[str, type[InvalidRequest], int, int, str], ...] = (
    ("", QuerySyntaxError, 1, 1, "holds no query"),
    ("client.volumes", QuerySyntaxError, 1, 1, "client.volumes is no query"),
    ("client.volumes.query(), F", QuerySyntaxError, 1, 25, "2 values"),
    ("cliet.volumes.query()", QuerySyntaxError, 1, 1, "Did you mean client"),
    ("client.volums.query()", QuerySyntaxError, 1, 8, "Did you mean volumes"),
    ("client.volumes.query().filtr(F.b_value > 1)", QuerySyntaxError, 1, 24, "Did you mean filter"),
    ("client.volumes.query()\n.collect()", QuerySyntaxError, 2, 2, "Leave .collect"),
    ("client.volumes.query().limit()", QuerySyntaxError, 1, 24, "missing a required argument: 'rows'"),
    ("client.volumes.query().limit(-1)", InvalidPlan, 1, 24, "0 or more"),
    ("client.volumes.query().limit", QuerySyntaxError, 1, 1, "Write .limit"),
    ("client.volumes.query().limit(1).filter(F.b_value > 1)", InvalidPlan, 1, 33, "comes too late"),
    ("client.volumes.query().filter(F.b_valu > 1)", UnknownField, 1, 31, "Did you mean b_value"),
    ("client.volumes.query().filter(F.b_value > 'x')", FieldTypeMismatch, 1, 31, "cannot be compared"),
    ("client.volumes.query().filter(b_value > 1)", QuerySyntaxError, 1, 31, "Fields are written F.name"),
    ("client.volumes.query().filter(F.ä == 'ä', F.b_value < 1 < 2)", QuerySyntaxError, 1, 43, "chained"),
    (
        "client.volumes.query().filter(F.b_value > 1 and F.b_value < 2)",
        QuerySyntaxError,
        1,
        31,
        "with & and |",
    ),
    ("client.volumes.query().filter(not F.b_value)", QuerySyntaxError, 1, 31, "negate them with ~"),
    ("client.volumes.query().filter(F.b_value)", QuerySyntaxError, 1, 24, "filter takes predicates"),
    (
        "client.volumes.query().filter(F.b_value == 1 & F.b_value == 2)",
        QuerySyntaxError,
        1,
        44,
        "parentheses",
    ),
    ("client.volumes.query().filter(F.b_value = 1)", QuerySyntaxError, 1, 31, '"=="'),
    ("client.volumes.query().filter('a' in F.b_value)", QuerySyntaxError, 1, 31, ".has(item)"),
    ("client.volumes.query().filter(F.b_value in [1])", QuerySyntaxError, 1, 31, ".is_in("),
    ("client.volumes.query().filter(F.b_value is None)", QuerySyntaxError, 1, 31, ".is_null()"),
    ("client.volumes.query().filter(F.b_value > 2 ** 9)", QuerySyntaxError, 1, 43, "** is not"),
    ("client.volumes.query().filter(F.b_value.between(1))", QuerySyntaxError, 1, 41, "'high'"),
    ("client.volumes.query().filter(F.b_value.__class__())", QuerySyntaxError, 1, 41, "__class__"),
    (
        "client.volumes.query().filter(F.b_value > F.version)",
        FieldTypeMismatch,
        1,
        31,
        "compares a field with values",
    ),
    ("client.volumes.query().filter(F.study_date > datetime(1, 1))", QuerySyntaxError, 1, 46, "'day'"),
    ("client.volumes.query().as_of('then')", InvalidRequest, 1, 24, "ISO 8601"),
    ("client.volumes.query().filter(F.b_value > 1", QuerySyntaxError, 1, 30, "never closed"),
    ("client.volumes.query()) | (F.b_value > 1", QuerySyntaxError, 1, 1, "brackets are closed"),
    ("query = client.volumes.query()", QuerySyntaxError, 1, 9, "compares by =="),
    ("import os", QuerySyntaxError, 1, 1, "invalid syntax"),
    ("__import__('os').system('true')", QuerySyntaxError, 1, 1, "no function __import__"),
    ("(lambda: client)().volumes.query()", QuerySyntaxError, 1, 1, "no function"),
    ("client.namespace('robot').query()", UnknownResourceType, 1, 8, "no resource type"),
    ("client.query(1)", QuerySyntaxError, 1, 8, "takes a name such as"),
    ("client.volumes.query().filter(f'{F}')", QuerySyntaxError, 1, 31, "without the f"),
    (
        "client.volumes.query().filter(F.volume_type.is_in([x for x in 'ab']))",
        QuerySyntaxError,
        1,
        51,
        "a loop",
    ),
)


@pytest.mark.parametrize(("text", "kind", "line", "column", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_place(
    text: str, kind: type[InvalidRequest], line: int, column: int, told: str
) -> None:
    with pytest.raises(kind) as caught:
        read_query(text, default_catalog())
    assert told in str(caught.value)
    assert (caught.value.details["line"], caught.value.details["column"]) == (line, column)
    assert isinstance(caught.value.details["hint"], str)


def test_a_filter_that_is_no_condition_is_refused() -> None:
    with pytest.raises(QuerySyntaxError, match=r"F\.b_value is no predicate"):
        read_filter("F.b_value", default_catalog(), "volume")
    with pytest.raises(UnknownField, match="Did you mean b_value") as caught:
        read_filter("F.version > 1,\n F.b_valu > 1", default_catalog(), "volume")
    assert (caught.value.details["line"], caught.value.details["column"]) == (2, 2)
