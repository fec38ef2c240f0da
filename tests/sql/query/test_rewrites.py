"""Each rule, condition and guide snippet against its case file; every case also runs on PostgreSQL."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from sqlglot import exp, parse_one

from tests.server.copies.support import copies as copies_of
from tests.server.copies.support import followed
from tests.server.support import create, resources, scalar
from tests.sql.case_files import (
    CASES,
    RULES_BY_NAME,
    Case,
    case_paths,
    read_cases,
    rewritten,
    tree_of,
    written,
    written_for_duckdb,
)
from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bound_predicates import BoundPredicate, walk
from vxdata.schemas.catalog import RelationKind, default_catalog
from vxdata.schemas.plan import decode
from vxdata.sql.dialect.duckdb import DUCKDB
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.instant import Instant
from vxdata.sql.names import DIALECT, UNRESOLVED, render, tokens
from vxdata.sql.query.at_instant import ROWS
from vxdata.sql.query.compile import compile_plan
from vxdata.sql.query.conditions import CONDITIONS
from vxdata.sql.schema.migrations import split_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from vxdata.server.copies import Copies
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService
    from vxdata.sql.dialect.base import Dialect

ALL_CASES: Final = [case for path in case_paths() for case in read_cases(path)]


def test_every_rule_has_a_case_file() -> None:
    assert {path.stem for path in CASES.glob("rewrites/*.sql")} == set(RULES_BY_NAME)


def test_every_bound_predicate_has_a_condition() -> None:
    assert set(CONDITIONS) == set(get_args(BoundPredicate))


def test_every_condition_has_a_case() -> None:
    asked = [case.bound.where for case in ALL_CASES if case.kind == "conditions"]
    kinds = {type(node) for where in asked if where is not None for node in walk(where)}
    assert kinds == set(CONDITIONS)


def words(sql: str) -> list[str]:
    """A statement without its white space."""
    return [token.text for token in tokens(sql)]


@pytest.mark.parametrize("case", ALL_CASES, ids=str)
class TestCase:
    def test_text(self, case: Case) -> None:
        assert written(case) == case.expected

    def test_what_runs_has_the_same_words(self, case: Case) -> None:
        assert words(render(tree_of(case))) == words(case.expected)

    def test_what_duckdb_is_asked(self, case: Case) -> None:
        assert written_for_duckdb(case) == case.duckdb

    @pytest.mark.parametrize("dialect", [POSTGRESQL, DUCKDB], ids=lambda dialect: dialect.name)
    def test_tree_is_sound(self, case: Case, dialect: Dialect) -> None:
        if case.kind == "rewrites":
            for node in rewritten(case, dialect).walk():
                for child in node.iter_expressions():
                    assert child.parent is node

    def test_one_statement_that_names_real_tables_only(self, case: Case) -> None:
        text = compile_plan(case.bound, case.instant)
        assert len(split_statements(text)) == 1
        assert UNRESOLVED not in {table.db for table in parse_one(text, dialect=DIALECT).find_all(exp.Table)}

    def test_the_past_agrees_with_the_present(
        self, case: Case, database: ConnectionPool, stamp: datetime
    ) -> None:
        bound = case.bound
        present, past = (
            rows_of(database, compile_plan(bound, Instant(1, stamp, is_current=is_current)))
            for is_current in (True, False)
        )
        assert present == past

    def test_duckdb_agrees(
        self, case: Case, database: ConnectionPool, stamp: datetime, copies: Copies
    ) -> None:
        if case.stays is None:
            for is_current in (True, False):
                instant = Instant(1, stamp, is_current=is_current)
                sql = compile_plan(case.bound, instant, DUCKDB)
                assert len(split_statements(sql)) == 1
                with copies.connection(wait=30.0) as connection, connection.stream(sql) as batches:
                    found = rows_in_words(batches)
                assert found == rows_of(database, compile_plan(case.bound, instant))

    def test_before_the_first_commit_there_is_nothing(self, case: Case, database: ConnectionPool) -> None:
        instant = Instant(0, datetime.fromisoformat("2000-01-01T00:00:00Z"), is_current=False)
        rows = rows_of(database, compile_plan(case.bound, instant))
        of_no_rows = case.plan.group_by == () and case.plan.having is None
        assert len(rows) == (1 if of_no_rows else 0)


def rows_of(database: ConnectionPool, sql: str) -> list[str]:
    """Run a query as the server does; the rows as text, in some order."""
    with database.connection() as connection, connection.stream(sql) as batches:
        return rows_in_words(batches)


def rows_in_words(batches: Iterable[pa.RecordBatch]) -> list[str]:
    """Rows as text, in some order; the entries of mappings alike, be they pairs or structs."""
    rows = (row for batch in batches for row in batch.to_pylist())
    return sorted(str({name: _in_words(value) for name, value in row.items()}) for row in rows)


def _in_words(value: Any) -> Any:
    if isinstance(value, list):
        return [tuple(entry.values()) if isinstance(entry, dict) else entry for entry in value]
    return value


@pytest.fixture(scope="module")
def copies(
    database: ConnectionPool, stamp: datetime, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Copies]:
    """Copies of what is stored."""
    with copies_of(database, tmp_path_factory.mktemp("copies")) as opened:
        assert followed(opened, database).applied["volume"].stamp == stamp
        yield opened


@pytest.fixture(scope="module")
def stamp(database: ConnectionPool, creates: WriteService) -> datetime:
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
def test_meaning(content: dict[str, Any], expected: str, database: ConnectionPool, stamp: datetime) -> None:
    whole = {"version": 2, "relation": "volume", "select": ["identifier"], **content}
    sql = compile_plan(
        bind(decode(json.dumps(whole).encode()), default_catalog()), Instant(1, stamp, is_current=True)
    )
    assert rows_of(database, sql) == [str({"identifier": f"volume/{letter}"}) for letter in expected]


def test_every_kind_of_relation_has_its_rows() -> None:
    assert set(ROWS) == set(RelationKind) - {RelationKind.GROUP}  # groups are made of rows that were read
