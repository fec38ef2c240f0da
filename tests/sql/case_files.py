"""Case files: plans, and the SQL that they become, one file for each rule, condition and guide.

A case is a title, a plan as JSON with a semicolon, and the expected statement with a semicolon. Write the
first two and let this module fill in the third, then read what it wrote::

    python -m tests.sql.case_files
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Plan, decode
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.instant import Instant
from vxdata.sql.names import DIALECT, column, unresolved
from vxdata.sql.query.clauses import project, relatives, restrict
from vxdata.sql.query.compile import query_of
from vxdata.sql.query.group import group
from vxdata.sql.query.rewrites import RULES
from vxdata.sql.query.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding import BoundPlan

CASES: Final = Path(__file__).parent / "cases"
PRESENT: Final = datetime.fromisoformat("2025-01-01T00:00:00Z")
RULES_BY_NAME: Final = {getattr(rule, "__name__", ""): rule for rule in RULES}
BEFORE: Final = {"having": group, "relatives": restrict, "count_everything": group}
"""Rule -> the one whose work it continues."""


@dataclass(frozen=True)
class Case:
    """One plan and its SQL."""

    kind: str
    name: str
    headers: dict[str, str]
    text: str
    expected: str

    def __str__(self) -> str:
        """Name the case in reports."""
        return f"{self.name}: {self.headers['title']}"

    @property
    def plan(self) -> Plan:
        """The plan."""
        return decode(self.text.encode())

    @property
    def bound(self) -> BoundPlan:
        """The plan with its names resolved."""
        return bind(self.plan, default_catalog())

    @property
    def instant(self) -> Instant:
        """The instant of the header; without one, the present."""
        as_of = self.headers.get("as_of")
        return Instant(7, datetime.fromisoformat(as_of) if as_of else PRESENT, as_of is None)

    @property
    def target(self) -> Target:
        """What the statement is for."""
        return Target(self.instant, POSTGRESQL)


def read_cases(path: Path) -> list[Case]:
    """Read a file."""
    found = []
    for block in path.read_text("utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        headers = dict(line.removeprefix("-- ").split(": ", 1) for line in lines if line.startswith("-- "))
        body = [line for line in lines if not line.startswith("-- ")]
        plan, *expected = body
        statement = "\n".join(expected).removesuffix(";")
        found.append(Case(path.parent.name, path.stem, headers, plan.removesuffix(";"), statement))
    return found


def case_paths() -> Iterator[Path]:
    """All files."""
    yield from sorted(CASES.glob("*/*.sql"))


def written(case: Case) -> str:
    """What the code makes of a case, one clause a line; what runs has the same words on one line."""
    return tree_of(case).sql(dialect=DIALECT, pretty=True)


def tree_of(case: Case) -> exp.Select:
    """The rule alone, the condition alone, or the whole statement."""
    match case.kind:
        case "rewrites":
            return rewritten(case)
        case "conditions":
            query = restrict(_source(case, identifiers=True), case.bound, case.target)
            return relatives(query, case.bound, case.target)
        case _:
            return query_of(case.bound, case.instant, POSTGRESQL)


def rewritten(case: Case) -> exp.Select:
    """Apply a rule to a query that selects the identifiers, or the plan's columns where these matter."""
    shows_columns = case.name in {"project", "group", "count_everything", "having", "distinct", "at_instant"}
    query = _source(case, identifiers=not shows_columns)
    if shows_columns and case.name != "project":
        query = project(query, case.bound, case.target)
    if case.name in BEFORE:
        query = BEFORE[case.name](query, case.bound, case.target)
    return RULES_BY_NAME[case.name](query, case.bound, case.target)


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
            blocks.append("\n".join([*headers, f"{case.text};", f"{written(case)};"]))
        path.write_text("\n\n".join(blocks) + "\n", "utf-8")


if __name__ == "__main__":
    main()
