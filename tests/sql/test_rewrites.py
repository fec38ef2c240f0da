"""Each rewrite against its case file: input `;` expected `;`. Every case also runs on PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlglot import exp, parse_one

from tests.server.support import create, resources, scalar
from vxdata.schemas.payload_type import METADATA
from vxdata.schemas.plan import Plan, decode
from vxdata.schemas.registry import registry
from vxdata.sql.bind import bind
from vxdata.sql.catalog import Catalog, Relation
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.migrations import split_statements
from vxdata.sql.names import DIALECT, UNRESOLVED, column, render, unresolved
from vxdata.sql.rewrites import RULES

if TYPE_CHECKING:
    from vxdata.server.database import Database
    from vxdata.server.services.write import WriteService

CASES: Final = Path(__file__).parent / "cases"
CATALOG: Final = Catalog.from_registry(registry())
RULES_BY_NAME: Final = {getattr(rule, "__name__", ""): rule for rule in RULES}


@dataclass(frozen=True)
class Case:
    rule: str
    title: str
    as_of: datetime | None
    plan: Plan
    expected: str

    @property
    def instant(self) -> Instant:
        """The instant of the header; without one, the present."""
        return Instant(7, self.as_of or datetime.fromisoformat("2025-01-01T00:00:00Z"), self.as_of is None)


def read_cases(path: Path) -> list[Case]:
    """Read a file: headers, the plan as JSON, the expected SQL."""
    found = []
    for block in path.read_text("utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        headers = dict(line.removeprefix("-- ").split(": ", 1) for line in lines if line.startswith("-- "))
        body = [line for line in lines if not line.startswith("-- ")]
        plan, *expected = (line.removesuffix(";") for line in body)
        as_of = datetime.fromisoformat(headers["as_of"]) if "as_of" in headers else None
        found.append(Case(path.stem, headers["title"], as_of, decode(plan.encode()), " ".join(expected)))
    return found


ALL_CASES: Final = [case for path in sorted(CASES.glob("*.sql")) for case in read_cases(path)]


def rewritten(case: Case) -> exp.Select:
    """Apply the rule alone, to a query that selects the identifiers (to an empty one if it projects)."""
    name = case.plan.resource_type
    query = exp.Select().from_(exp.alias_(unresolved(name), name, table=True, quoted=True))
    bound = bind(case.plan, CATALOG)
    if case.rule != "project":
        query = query.select(column("identifier", name))
    if case.rule == "at_instant":
        # It lists all columns; the metadata alone, so that a new payload field changes no case.
        bound = replace(bound, relation=Relation(name, METADATA, (name,)))
    return RULES_BY_NAME[case.rule](query, bound, case.instant)


def test_every_rule_has_a_case_file() -> None:
    assert {path.stem for path in CASES.glob("*.sql")} == set(RULES_BY_NAME)


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: f"{case.rule}: {case.title}")
class TestCase:
    def test_text(self, case: Case) -> None:
        assert render(rewritten(case)) == case.expected

    def test_tree_is_sound(self, case: Case) -> None:
        for node in rewritten(case).walk():
            for child in node.iter_expressions():
                assert child.parent is node

    def test_input_is_left_alone(self, case: Case) -> None:
        query = exp.Select().from_(exp.alias_(unresolved(case.plan.resource_type), "x", table=True))
        before = render(query)
        RULES_BY_NAME[case.rule](query, bind(case.plan, CATALOG), case.instant)
        assert render(query) == before

    def test_one_statement_that_names_real_tables_only(self, case: Case) -> None:
        text = compile_plan(bind(case.plan, CATALOG), case.instant)
        assert len(split_statements(text)) == 1
        assert UNRESOLVED not in {table.db for table in parse_one(text, dialect=DIALECT).find_all(exp.Table)}

    def test_the_past_agrees_with_the_present(self, case: Case, database: Database, stamp: datetime) -> None:
        bound = bind(case.plan, CATALOG)
        present, past = (
            rows_of(database, compile_plan(bound, Instant(1, stamp, is_current=is_current)))
            for is_current in (True, False)
        )
        assert present == past

    def test_before_the_first_commit_there_is_nothing(self, case: Case, database: Database) -> None:
        instant = Instant(0, datetime.fromisoformat("2000-01-01T00:00:00Z"), is_current=False)
        assert rows_of(database, compile_plan(bind(case.plan, CATALOG), instant)) == []


def rows_of(database: Database, sql: str) -> list[str]:
    """Run a query as the server does; the rows as text, in some order."""
    with database.connection() as connection, connection.stream(sql) as batches:
        return sorted(str(row) for batch in batches for row in batch.to_pylist())


@pytest.fixture(scope="module")
def stamp(database: Database, creates: WriteService) -> datetime:
    """The commit of a few resources of each type that the cases read."""
    volume: dict[str, Any] = {"parent_identifier": "imagingstudy/a"}
    create(
        creates,
        resources("datasource", {"identifier": "datasource/a"}, {"identifier": "datasource/b"}),
        resources(
            "patient",
            *(
                {
                    "identifier": f"patient/{number}",
                    "parent_identifier": "datasource/a",
                    "external_identifiers": entries,
                }
                for number, entries in enumerate([None, [], [("a", "1")], [("ä", ""), ("b", "2")]])
            ),
        ),
        resources(
            "imagingstudy",
            {
                "identifier": "imagingstudy/a",
                "parent_identifier": "patient/1",
                "modalities": ["MR", "SEG"],
                "study_date": datetime.fromisoformat("2024-02-29").date(),
                "pi_qual": 4,
            },
        ),
        resources(
            "volume",
            {**volume, "identifier": "volume/a", "volume_type": "T2", "slice_thickness": 3.0},
            {**volume, "identifier": "volume/b", "volume_type": "DWI", "b_value": 1400.0},
            {**volume, "identifier": "volume/c", "series_description": 'O\'Brien -- $1 %s \\ "T2"'},
            {
                **volume,
                "identifier": "volume/d",
                "path_nii": "s3://bucket/a.nii.gz",
                "is_contrast_enhanced": False,
            },
        ),
        resources(
            "benchmarking",
            {
                "identifier": "benchmarking/a",
                "parent_identifier": "datasource/a",
                "eval_task": "segmentation",
                "summary_metrics": [("auc", 0.5), ("n", 3.0)],
            },
        ),
    )
    found = scalar(database, "SELECT stamp FROM vxdata.commit_clock")
    assert isinstance(found, datetime)
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"where": {"op": "==", "field": "series_description", "value": 'O\'Brien -- $1 %s \\ "T2"'}}, "c"),
        ({"where": {"op": "is_in", "field": "volume_type", "values": ["T2", "DWI"]}}, "ab"),
        ({"where": {"op": "is_in", "field": "volume_type", "values": []}}, ""),
        ({"where": {"op": "==", "field": "is_contrast_enhanced", "value": False}}, "d"),
        ({"where": {"op": "is_null", "field": "volume_type"}}, "cd"),
        ({"where": {"op": "is_not_null", "field": "path_nii"}}, "d"),
        ({"limit": 2}, "ab"),
        ({"limit": 2, "offset": 3}, "d"),
        ({"offset": 2}, "cd"),
        ({"limit": 0}, ""),
    ],
    ids=str,
)
def test_meaning(content: dict[str, Any], expected: str, database: Database, stamp: datetime) -> None:
    whole = {"version": 1, "resource_type": "volume", "select": ["identifier"], **content}
    sql = compile_plan(bind(decode(json.dumps(whole).encode()), CATALOG), Instant(1, stamp, is_current=True))
    assert rows_of(database, sql) == [str({"identifier": f"volume/{letter}"}) for letter in expected]
