"""The dialect: it is asked for everything that engines write differently, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from tests.sql.case_files import case_paths, read_cases
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Aggregate, And, Comparison, GroupKey, IsIn, ItemsTest, Plan
from vxdata.sql.dialect.base import Dialect
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.instant import Instant

DECLARED: Final = {name for name in vars(Dialect) if not name.startswith("_")}


class Noting:
    """PostgreSQL's dialect, which notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.asked.add(name)
        return getattr(POSTGRESQL, name)


def plans() -> list[tuple[BoundPlan, Instant]]:
    found = [(case.bound, case.instant) for path in case_paths() for case in read_cases(path)]
    terms = (
        IsIn(field="license", values=tuple(f"{number}" for number in range(101))),
        ItemsTest(op="contains_any", field="modalities", values=tuple(f"{number}" for number in range(21))),
        And(op="and", terms=tuple(Comparison(op="!=", field="version", value=n) for n in range(101))),
    )
    aggregates = (
        Aggregate(function="mean", field="version", name="mean"),
        Aggregate(function="quantile", quantile=0.5, field="version", name="median"),
    )
    more = (
        Plan(relation="imagingstudy", where=And(op="and", terms=terms)),
        Plan(relation="imagingstudy", group_by=(), aggregates=aggregates),
        Plan(
            relation="benchmarking", group_by=(GroupKey(field="summary_metrics", part="item", name="metric"),)
        ),
        Plan(relation="volume", group_by=(GroupKey(field="slice_thickness", width=0.5, name="thickness"),)),
    )
    return [*found, *((bind(plan, default_catalog()), found[0][1]) for plan in more)]


def test_all_that_a_dialect_knows_is_asked_for() -> None:
    noting = Noting()
    for plan, instant in plans():
        assert compile_plan(plan, instant, cast("Dialect", noting)) == compile_plan(plan, instant)
    # The others: templates read tokens, explanations name the engine, scans are divided by pages, and no case
    # has an empty relation.
    assert DECLARED - noting.asked == {"tokens", "name", "null_of"}
    assert noting.asked <= DECLARED
