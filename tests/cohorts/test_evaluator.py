"""The evaluator gives every answer of the contract's example."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cohorts.compare import without_order
from tests.cohorts.evaluator import Evaluator
from tests.cohorts.example import EXAMPLE, FOUND, SHOWN, SUMMARISED, Found, Shown, Summarised
from tests.cohorts.refusals import Refused

EVALUATOR = Evaluator(EXAMPLE)
NOT_VALID = '"project_type =/is/== null" is not valid'


@pytest.mark.parametrize(
    "case", FOUND, ids=lambda case: f"{case.endpoint} {case.match_all or case.match_some}"
)
def test_it_finds_what_the_contract_finds(case: Found) -> None:
    page = EVALUATOR.data(case.endpoint, case.body)
    assert [row[f"{case.endpoint}_id"] for row in page.rows] == case.found.split(), case.trap
    assert page.total == len(case.found.split())


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: str(case.body))
def test_it_shows_the_rows_of_the_contract(case: Shown) -> None:
    page = EVALUATOR.data(case.endpoint, case.body)
    rows = {row[f"{case.endpoint}_id"]: row for row in page.rows}
    assert rows.keys() == case.rows.keys()
    for name, expected in case.rows.items():
        shown = {key: rows[name][key] for key in expected}
        assert without_order(shown) == without_order(expected)


@pytest.mark.parametrize("case", SUMMARISED, ids=lambda case: str(case.body))
def test_it_summarises_as_the_contract_does(case: Summarised) -> None:
    answer = EVALUATOR.summary(case.endpoint, case.body)
    assert without_order({key: answer[key] for key in case.parts}) == without_order(case.parts)


@pytest.mark.parametrize(
    ("body", "error_type", "message"),
    [
        ({"MATCH_ALL": ["species"]}, "ParsingError", 'Unable to parse out operator in filter: "species"'),
        ({"MATCH_ALL": ["species ~ x"]}, "ParsingError", 'Parsed operator: "~" is not a valid operator'),
        ({"MATCH_ALL": ["species not x"]}, "ParsingError", "Unexpected operator: not"),
        ({"MATCH_ALL": ["species = [1]"]}, "ParsingError", None),
        ({"MATCH_SOME": ["species in 1"]}, "ParsingError", None),
        ({"MATCH_ALL": ["species = {'a': 1}"]}, "ParsingError", None),
        ({"MATCH_ALL": ["species is x"]}, "ParsingError", None),
        ({"MATCH_ALL": ["Nothing = x"]}, "ColumnNotFound", "Column Not Found: nothing"),
        ({"MATCH_ALL": ["subject.species = x"]}, "ColumnNotFound", "Column Not Found: subject.species"),
        ({"ADD_COLUMNS": ["Species"]}, "ColumnNotFound", "Column Not Found: Species"),
        ({"EXCLUDE_COLUMNS": ["id"]}, "ColumnNotFound", "Column Not Found: id"),
        ({"ADD_COLUMNS": ["nothing.*"]}, "TableNotFound", "Table not found: nothing"),
        ({"MATCH_ALL": ["year_of_birth = '1950'"]}, "InvalidFilterError", None),
        ({"MATCH_ALL": ["species = 5"]}, "InvalidFilterError", None),
        ({"MATCH_ALL": ["species in ['a', 5]"]}, "InvalidFilterError", None),
        ({"MATCH_ALL": ["subject_data_at_gdc < true"]}, "InvalidFilterError", None),
        ({"MATCH_ALL": ["species is true"]}, "InvalidFilterError", None),
        (
            {"MATCH_ALL": ["project_type is null"]},
            "RelationshipError",
            f'Cannot properly filter "project" columns as being null: {NOT_VALID}',
        ),
        ({"EXCLUDE_COLUMNS": ["subject.*"]}, "EmptyQueryError", "No columns are left to return"),
        ({"SEARCH_LIST": ["brain"]}, "InvalidSearchError", None),
    ],
)
def test_it_refuses_what_the_contract_refuses(
    body: dict[str, Any], error_type: str, message: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        EVALUATOR.data("subject", body)
    assert (refused.value.status, refused.value.error_type) == (400, error_type)
    assert message in {None, refused.value.message}


def test_it_reads_bodies_strictly() -> None:
    assert EVALUATOR.data("subject", {"MATCH_ALL": None, "COLLATE_RESULTS": None}).total == 4
    some = {"MATCH_SOME": ["species = dog"], "MATCH_ANY": ["species is null"]}
    assert EVALUATOR.data("subject", some).total == 2
    wrong: tuple[dict[str, Any], ...] = (
        {"ADD_COLUMN": []},
        {"ADD_COLUMNS": "sex"},
        {"COLLATE_RESULTS": "yes"},
    )
    for body in wrong:
        with pytest.raises(Refused) as refused:
            EVALUATOR.data("subject", body)
        assert refused.value.status == 422


def test_it_turns_pages() -> None:
    page = EVALUATOR.data("subject", {}, limit=3, offset=2)
    assert ([row["subject_id"] for row in page.rows], page.total, page.has_next) == (["S2", "S3"], 4, False)
    page = EVALUATOR.data("subject", {}, limit=0)
    assert (page.rows, page.total) == ([], 4)
    assert EVALUATOR.data("subject", {}, limit=3).has_next


def test_it_counts_values() -> None:
    page = EVALUATOR.column_values("species")
    assert [tuple(row.values()) for row in page.rows] == [("Human", 1), ("dog", 1), ("human", 1), (None, 1)]
    assert EVALUATOR.column_values("anatomic_site", "gdc").rows == [
        {"anatomic_site": "brain", "value_count": 1},
        {"anatomic_site": "lung", "value_count": 1},
    ]
    assert EVALUATOR.column_values("file_type", "GDC, idc").rows == [{"file_type": "CT", "value_count": 1}]
    with pytest.raises(Refused, match="pdc - not found"):
        EVALUATOR.column_values("species", "GDC, pdc")


def test_an_empty_cohort_has_a_summary_too() -> None:
    answer = EVALUATOR.summary("subject", {"MATCH_ALL": ["species = cat"], "EXCLUDE_COLUMNS": ["subject_id"]})
    assert (answer["total_count"], answer["file_count"], answer["species_summary"]) == (0, 0, None)
    assert set(answer["year_of_birth_summary"][0].values()) == {None}
    assert answer["data_source"] == {"gdc_exclusive": 0, "idc_exclusive": 0, "gdc_idc": 0}


def test_it_lists_columns_under_the_table_that_they_appear_in() -> None:
    columns = {(row["table"], row["column"]): row for row in EVALUATOR.columns()}
    assert len(columns) == 19
    assert ("file", "anatomic_site") in columns
    assert columns["subject", "species"] == {
        "table": "subject",
        "column": "species",
        "data_type": "text",
        "nullable": True,
        "description": "Common name.",
    }
