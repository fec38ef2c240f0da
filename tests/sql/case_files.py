"""Case files: plans, and the SQL that they become, one file for each rule, condition and guide.

A case is a title, a plan as JSON with a semicolon, and the expected statement with a semicolon. Below that
stands what DuckDB is asked: the same, another statement, or nothing, with the reason. Write the first two and
let this module fill in the rest, then read what it wrote::

    python -m tests.sql.case_files
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.identity import Grants
from vxdata.schemas.plan import Plan, decode
from vxdata.sql.dialect.duckdb import DUCKDB
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.instant import Instant
from vxdata.sql.names import column, unresolved
from vxdata.sql.query.at_instant import at_instant
from vxdata.sql.query.clauses import order, paginate, project, relatives, restrict
from vxdata.sql.query.compile import query_of
from vxdata.sql.query.engines import Abilities, reason_for_postgresql
from vxdata.sql.query.first import first_per
from vxdata.sql.query.group import group
from vxdata.sql.query.rewrites import RULES
from vxdata.sql.query.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.dialect.base import Dialect

CASES: Final = Path(__file__).parent / "cases"
SHOW_COLUMNS: Final = frozenset(
    {"project", "group", "count_everything", "each_item", "having", "distinct", "at_instant"}
)
"""Rules whose work shows in the columns."""

PRESENT: Final = datetime.fromisoformat("2025-01-01T00:00:00Z")
RULES_BY_NAME: Final = {getattr(rule, "__name__", ""): rule for rule in RULES}
BEFORE: Final = {
    "having": (group,),
    "relatives": (restrict,),
    "count_everything": (group,),
    "each_item": (group, restrict, first_per),
    "first_of_each_table": (restrict, order, paginate, at_instant),
}
"""Rule -> those whose work it continues."""

SYNTAX: Final = {POSTGRESQL.name: "postgres", DUCKDB.name: "duckdb"}
"""Dialect -> the name by which sqlglot knows it."""

DUCKDB_LINE: Final = "-- duckdb:"
"""What stands between a statement for PostgreSQL and what DuckDB is asked."""

THE_SAME: Final = "the same"


@dataclass(frozen=True)
class Case:
    """One plan and its SQL."""

    kind: str
    name: str
    headers: dict[str, str]
    text: str
    expected: str
    duckdb: str

    def __str__(self) -> str:
        """Name the case in reports."""
        return f"{self.name}: {self.headers['title']}"

    @property
    def plan(self) -> Plan:
        """The plan."""
        return decode(self.text.encode())

    @property
    def bound(self) -> BoundPlan:
        """The plan with its names resolved, for who has the grants of the header; without one, sees all."""
        grants = Grants.model_validate_json(self.headers.get("grants", "{}"))
        return bind(self.plan, default_catalog().seen_by(grants))

    @property
    def instant(self) -> Instant:
        """The instant of the header; without one, the present."""
        as_of = self.headers.get("as_of")
        return Instant(7, datetime.fromisoformat(as_of) if as_of else PRESENT, as_of is None)

    @property
    def stays(self) -> str | None:
        """Why DuckDB is not asked; None if it is."""
        return reason_for_postgresql(self.bound, Abilities(folds_case=True))


def read_cases(path: Path) -> list[Case]:
    """Read a file."""
    found = []
    for block in path.read_text("utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        body = list(dropwhile(lambda line: line.startswith("-- "), lines))
        headers = dict(line.removeprefix("-- ").split(": ", 1) for line in lines[: -len(body)])
        plan, *statement = body
        expected, _, duckdb = "\n".join(statement).partition(f"\n{DUCKDB_LINE}")
        texts = (text.removesuffix(";") for text in (plan, expected, duckdb.strip()))
        found.append(Case(path.parent.name, path.stem, headers, *texts))
    return found


def case_paths() -> Iterator[Path]:
    """All files."""
    yield from sorted(CASES.glob("*/*.sql"))


def written(case: Case, dialect: Dialect = POSTGRESQL) -> str:
    """What the code makes of a case, one clause a line; what runs has the same words on one line."""
    return tree_of(case, dialect).sql(dialect=SYNTAX[dialect.name], pretty=True)


def written_for_duckdb(case: Case) -> str:
    """What stands in the file: that the statement is the same, the statement, or why there is none."""
    if case.stays is not None:
        return f"none, because {case.stays}"
    statement = written(case, DUCKDB)
    return THE_SAME if statement == written(case) else statement


def tree_of(case: Case, dialect: Dialect = POSTGRESQL) -> exp.Select:
    """The rule alone, the condition alone, or the whole statement."""
    match case.kind:
        case "rewrites":
            return rewritten(case, dialect)
        case "conditions":
            target = Target(case.instant, dialect)
            query = restrict(_source(case, identifiers=True), case.bound, target)
            return relatives(query, case.bound, target)
        case _:
            return query_of(case.bound, case.instant, dialect)


def rewritten(case: Case, dialect: Dialect = POSTGRESQL) -> exp.Select:
    """Apply a rule to a query that selects the identifiers, or the plan's columns where these matter."""
    target = Target(case.instant, dialect)
    shows_columns = case.name in SHOW_COLUMNS
    query = _source(case, identifiers=not shows_columns)
    if shows_columns and case.name != "project":
        query = project(query, case.bound, target)
    for rule in BEFORE.get(case.name, ()):
        query = rule(query, case.bound, target)
    return RULES_BY_NAME[case.name](query, case.bound, target)


def _source(case: Case, *, identifiers: bool) -> exp.Select:
    relation = case.bound.relation
    table = exp.alias_(unresolved(relation.label), relation.name, table=True, quoted=True)
    query = exp.Select().from_(table)
    return query.select(column("identifier", relation.name)) if identifiers else query


def main() -> None:
    """Write the expected statements anew."""
    for path in case_paths():
        blocks = []
        for case in read_cases(path):
            headers = [f"-- {name}: {value}" for name, value in case.headers.items()]
            blocks.append("\n".join([*headers, f"{case.text};", f"{written(case)};", _below(case)]))
        path.write_text("\n\n".join(blocks) + "\n", "utf-8")


def _below(case: Case) -> str:
    asked = written_for_duckdb(case)
    return f"{DUCKDB_LINE}\n{asked};" if "\n" in asked else f"{DUCKDB_LINE} {asked}"


if __name__ == "__main__":
    main()
