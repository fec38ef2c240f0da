"""What PostgreSQL looks up in an index, asked of its own plans over enough rows to make it care."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.server.support import create, resources, scalar
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Comparison, HasAncestor, HasDescendant, IsIn, OrderBy, Plan, TextTest
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.plan import Predicate
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

PATIENTS: Final = 200
VOLUMES_OF_EACH: Final = 100


@pytest.fixture(scope="module")
def stamp(database: ConnectionPool, creates: WriteService) -> datetime:
    """The commit of 200 patients with a study and 100 volumes each, counted by PostgreSQL's statistics."""
    studies = [f"imagingstudy/{number:03}" for number in range(PATIENTS)]
    volumes = [
        {
            "identifier": f"volume/{study[-3:]}-{number:03}",
            "parent_identifier": study,
            "series_instance_uid": f"1.{int(study[-3:])}.{number}",
        }
        for study in studies
        for number in range(VOLUMES_OF_EACH)
    ]
    create(
        creates,
        resources("datasource", {"identifier": "datasource/a"}, {"identifier": "datasource/b"}),
        resources(
            "patient",
            *(
                {"identifier": f"patient/{number:03}", "parent_identifier": f"datasource/{'ab'[number % 2]}"}
                for number in range(PATIENTS)
            ),
        ),
        resources(
            "imagingstudy",
            *({"identifier": study, "parent_identifier": f"patient/{study[-3:]}"} for study in studies),
        ),
        resources("volume", *volumes),
    )
    with database.connection() as connection:
        connection.execute("ANALYZE")
    found: datetime = scalar(database, "SELECT stamp FROM vxdata.commit_clock")
    return found


def scanned(database: ConnectionPool, plan: Plan, instant: Instant) -> set[str]:
    """The tables that PostgreSQL means to read from end to end, of those that are large."""
    sql = compile_plan(bind(plan, default_catalog()), instant)
    with database.connection() as connection:
        lines = [row["QUERY PLAN"] for row in connection.rows(f"EXPLAIN {sql}")]
    words: list[list[str]] = [line.split() for line in lines if "Seq Scan on" in line]
    names = {line[line.index("on") + 1] for line in words}
    return names & {"volume", "imagingstudy"}


PREDICATES: Final[dict[str, Predicate]] = {
    "identifier": Comparison(op="==", field="identifier", value="volume/017-003"),
    "identifiers": IsIn(field="identifier", values=("volume/017-003", "volume/018-004")),
    "many identifiers": IsIn(field="identifier", values=tuple(f"volume/017-{n:03}" for n in range(101))),
    "beginning of an identifier": TextTest(op="startswith", field="identifier", text="volume/017-"),
    "parent": Comparison(op="==", field="parent_identifier", value="imagingstudy/017"),
    "study": Comparison(op="==", field="study_id", value="imagingstudy/017"),
    "patients": IsIn(field="patient_id", values=("patient/017", "patient/018")),
    "external identifier": Comparison(op="==", field="series_instance_uid", value="1.17.3"),
    "many external identifiers": IsIn(
        field="series_instance_uid", values=tuple(f"1.17.{n}" for n in range(101))
    ),
    "below a patient": HasAncestor(identifier="patient/017"),
    "below a study": HasAncestor(identifier="imagingstudy/017"),
    "above": HasDescendant(identifier="volume/017-003"),
}


@pytest.mark.parametrize("where", PREDICATES.values(), ids=PREDICATES.keys())
@pytest.mark.parametrize("is_current", [True, False], ids=["now", "as of an instant"])
def test_few_resources(database: ConnectionPool, stamp: datetime, where: Predicate, is_current: bool) -> None:  # noqa: FBT001 - a case
    plan = Plan(relation="volume", where=where)
    assert scanned(database, plan, Instant(1, stamp, is_current)) == set()


@pytest.mark.parametrize(
    "parts",
    [{}, {"offset": 3}, {"order_by": (OrderBy(field="identifier", descending=True),)}],
    ids=["first", "page", "last"],
)
@pytest.mark.parametrize("resource_type", ["volume", "resource"])
@pytest.mark.parametrize("is_current", [True, False], ids=["now", "as of an instant"])
def test_a_limit_stops_early(
    database: ConnectionPool,
    stamp: datetime,
    resource_type: str,
    parts: dict[str, Any],
    is_current: bool,  # noqa: FBT001 - a case
) -> None:
    plan = Plan(relation=resource_type, limit=10, **parts)
    assert scanned(database, plan, Instant(1, stamp, is_current)) == set()


@pytest.mark.parametrize("resource_type", ["volume", "resource"])
def test_versions_after_a_commit(database: ConnectionPool, stamp: datetime, resource_type: str) -> None:
    last = scalar(database, "SELECT version FROM vxdata.commit_clock")
    written = Comparison(op=">", field="version", value=last)
    plan = Plan(relation=resource_type, where=written, history=True)
    assert scanned(database, plan, Instant(last, stamp, is_current=True)) == set()


def test_the_control_is_scanned(database: ConnectionPool, stamp: datetime) -> None:
    whole = Plan(relation="volume")
    assert scanned(database, whole, Instant(1, stamp - timedelta(days=1), is_current=False)) == {"volume"}
