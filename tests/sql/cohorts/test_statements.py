"""Statements of cohorts: their form, whatever values they hold, and on PostgreSQL with many conditions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlglot import exp, parse_one

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.cohorts import (
    CohortCondition,
    CohortModel,
    CohortPlan,
    Match,
    SetOperation,
    bind_cohort,
    bind_summary,
)
from vxdata.schemas.cohorts.size import MAX_SEPARATE
from vxdata.sql.cohorts import (
    count,
    keys_of_page,
    page_as_arrow,
    page_as_json,
    portion_as_arrow,
    portion_as_json,
    portions,
    summary_as_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.schemas.cohorts.bound import BoundCohort
    from vxdata.server.database.pool import ConnectionPool

MODEL = CohortModel.of(EXAMPLE.schema, EXAMPLE.rows("column_metadata"))
HOSTILE = ("x' OR '1'='1", "'); DROP TABLE subject; --", '"', "\\", "$1", "{a,b}", "%s", "é'", "/* */", "\n")


def cohort(*conditions: CohortCondition, some: tuple[CohortCondition, ...] = (), **rest: Any) -> BoundCohort:
    entities = Match(match_all=conditions, match_some=some)
    return bind_cohort(CohortPlan(catalog="c", endpoint="subject", entities=entities, **rest), MODEL)


def where(column: str, op: Any, value: Any, **rest: Any) -> CohortCondition:
    return CohortCondition(column=column, op=op, value=value, **rest)


def shape(sql: str) -> str:
    """A statement without its texts."""
    tree = parse_one(sql, dialect="postgres")
    return tree.transform(lambda node: exp.null() if isinstance(node, exp.Literal) else node).sql()


@pytest.mark.parametrize("op", ["=", "!=", "<", "like", "not like"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_changes_the_statement(op: str, value: str) -> None:
    given = value.replace("\\", "\\\\") if "like" in op else value
    hostile = page_as_json(cohort(where("species", op, given), where("sex", op, given)))
    harmless = page_as_json(cohort(where("species", op, "x"), where("sex", op, "x")))
    assert shape(hostile.rows_sql) == shape(harmless.rows_sql)
    assert hostile.shown_sql == harmless.shown_sql
    assert shape(hostile.count_sql) == shape(harmless.count_sql)


def test_no_list_changes_the_statement() -> None:
    hostile = page_as_json(cohort(where("diagnosis", "in", (*HOSTILE, "é"))))
    harmless = page_as_json(cohort(where("diagnosis", "in", ("a", "é"))))
    assert shape(hostile.rows_sql) == shape(harmless.rows_sql)
    assert "DROP" not in hostile.shown_sql


def test_equalities_of_a_column_are_one_membership_test() -> None:
    terms = tuple(where("subject_id", "=", f"S{number}") for number in range(500))
    sql = page_as_json(cohort(some=terms)).count_sql
    assert sql.count("UPPER") == 1
    assert sql.count("ANY") == 1


def test_conditions_that_hold_on_one_file_are_asked_of_one_row() -> None:
    found = page_as_json(cohort(where("file_type", "=", "CT"), where("size", ">", 5))).count_sql
    assert found.count('"file_describes_subject"') == 1
    assert found.count('"public"."file" AS') == 1


def test_only_pages_that_show_linked_rows_are_read_in_portions() -> None:
    assert keys_of_page(cohort(limit=100_000)) is None
    assert keys_of_page(cohort(add=("sex",), limit=100_000)) is None
    assert keys_of_page(cohort(add=("file_type",), limit=100)) is None
    assert keys_of_page(cohort(add=("file_type",))) is not None
    keys = list(range(123_456))
    assert [key for portion in portions(keys) for key in portion] == keys


@pytest.mark.parametrize("write", [portion_as_json, portion_as_arrow])
def test_a_portion_looks_its_rows_up_by_their_keys(
    write: Callable[[BoundCohort, Sequence[int]], str],
) -> None:
    sql = write(cohort(add=("sex", "file_type", "anatomic_site")), [3, 5])
    assert sql.count('"m"."subject_alias" = ANY(CAST(') == 2
    assert sql.count('"t"."subject_alias" = ANY(CAST(') == 1
    assert " IN (" not in sql


def test_a_statement_without_values_is_shown_as_it_is() -> None:
    page = page_as_json(cohort(limit=100))
    assert page.shown_sql == page.rows_sql


@pytest.mark.parametrize("op", ["like", "!=", "<"])
def test_a_thousand_alternatives_are_written(op: str) -> None:
    terms = tuple(where("diagnosis", op, f"a{number}") for number in range(MAX_SEPARATE))
    assert page_as_json(cohort(some=terms, limit=5)).count_sql.count("'a") == MAX_SEPARATE


def test_a_large_whole_number_finds_no_neighbour(database: ConnectionPool) -> None:
    for values in ((9007199254740993, 1.5), (1.5, 9007199254740993)):
        terms = tuple(where("size", "=", value) for value in values)
        sql = page_as_json(cohort(some=terms)).count_sql
        array = re.search(r"ANY\((CAST\(.*?\[\]\))\)", sql)
        assert array is not None, sql
        with database.connection() as connection:
            test = f"SELECT 9007199254740992::bigint = ANY({array[1]}) AS found"
            assert connection.rows(test) == [{"found": False}], test


def test_hundreds_of_different_conditions_run(database: ConnectionPool) -> None:
    """The planner would search the orders of as many joins for ever."""
    columns = ("sex", "diagnosis", "name", "file_type", "anatomic_site", "species")
    every = tuple(where(name, "not like", f"x{number}*") for number in range(60) for name in columns)
    none = tuple(where(name, "=", f"y{at}", quantifier="none") for at in range(20) for name in columns)
    plan = CohortPlan(
        catalog="c",
        endpoint="subject",
        entities=SetOperation(
            op="difference", of=(Match(match_all=every), Match(match_some=every), Match(match_all=none))
        ),
        add=("observation.*", "anatomic_site", "file_type"),
        nest=True,
    )
    model = CohortModel.of(replace(EXAMPLE.schema, name="many"), EXAMPLE.rows("column_metadata"))
    bound = bind_cohort(plan, model)
    with database.connection() as connection:
        connection.execute(*EXAMPLE.statements("many"))
        page = page_as_json(bound)
        for sql in (
            page.rows_sql,
            page.count_sql,
            count(bound),
            page_as_arrow(bound)[0],
            portion_as_json(bound, [0, 1, 2]),
            summary_as_json(bind_summary(plan, model))[0],
        ):
            assert connection.table(sql).num_rows >= 0
