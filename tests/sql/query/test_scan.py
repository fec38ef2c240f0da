"""Parallel scans: which plans are divided, and that the parts are the whole."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import create, resources
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Aggregate, Comparison, OrderBy, Plan
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan
from vxdata.sql.query.scan import Scan, count_pages, is_divisible, scan_of

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

NOW = datetime(2024, 2, 29, tzinfo=UTC)


def divisible(plan: BoundPlan, instant: Instant) -> Scan:
    scan = scan_of(plan, instant)
    assert scan is not None
    return scan


@pytest.mark.parametrize("name", ["volume", "resource", "patient"])
def test_whole_relations_are_divided(name: str) -> None:
    assert is_divisible(bind(Plan(relation=name), default_catalog()))
    assert is_divisible(bind(Plan(relation=name, select=("identifier",)), default_catalog()))


@pytest.mark.parametrize(
    "asked",
    [
        {"where": Comparison(op="==", field="license", value="a")},
        {"limit": 10},
        {"offset": 10},
        {"order_by": (OrderBy(field="license"),)},
        {"distinct": True, "select": ("license",)},
        {"group_by": ("license",)},
        {"group_by": (), "aggregates": (Aggregate(function="count", field=None, name="n"),)},
    ],
    ids="-".join,
)
def test_what_depends_on_other_rows_or_finds_few_is_not_divided(asked: dict[str, Any]) -> None:
    assert not is_divisible(bind(Plan(relation="volume", **asked), default_catalog()))


def test_the_log_is_not_divided() -> None:
    assert not is_divisible(bind(Plan(relation="commit"), default_catalog()))


def test_history_is_read_from_both_tables() -> None:
    plan = bind(Plan(relation="volume", history=True), default_catalog())
    assert divisible(plan, Instant(1, NOW, is_current=True)).tables == (
        '"vxdata"."volume"',
        '"vxdata"."volume_history"',
    )


@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("is_current", [True, False])
def test_the_parts_are_the_whole(
    database: ConnectionPool,
    creates: WriteService,
    unique: str,
    count: int,
    *,
    is_current: bool,
    history: bool,
) -> None:
    rows = [
        {"identifier": f"datasource/{unique}-{number}", "description": "x" * 900} for number in range(200)
    ]
    receipt = create(creates, resources("datasource", *rows))
    plan = bind(Plan(relation="datasource", select=("identifier",), history=history), default_catalog())
    instant = Instant(receipt.version, receipt.as_of, is_current=is_current)
    with database.connection() as connection:
        scan = divisible(plan, instant)
        pages = {row["name"]: row["pages"] for row in connection.rows(count_pages(scan.tables))}
        assert sum(pages.values()) > count
        whole = connection.rows(compile_plan(plan, instant))
        parts = [connection.rows(sql) for sql in scan.parts(pages, count)]
    found = [row["identifier"] for part in parts for row in part]
    assert sorted(found) == sorted(row["identifier"] for row in whole)
    assert sum(bool(part) for part in parts) == count


def test_the_first_part_is_small() -> None:
    """Sixty-four pages of each table, and the rest in equal parts."""
    instant = Instant(1, NOW, is_current=True)
    plan = bind(Plan(relation="datasource", select=("identifier",)), default_catalog())
    parts = divisible(plan, instant).parts({'"vxdata"."datasource"': 1064}, 5)
    found = [re.findall(r"'\((\d+),0\)'", part) for part in parts]
    pages = [(int(begin), int(end)) for begin, end in found]
    assert pages == [(0, 64), (64, 314), (314, 564), (564, 814), (814, 2**32 - 1)]


def test_rows_on_pages_that_were_added_meanwhile_belong_to_the_last_part(
    database: ConnectionPool, creates: WriteService, unique: str
) -> None:
    receipt = create(creates, resources("datasource", {"identifier": f"datasource/{unique}"}))
    plan = bind(Plan(relation="datasource", select=("identifier",)), default_catalog())
    instant = Instant(receipt.version, receipt.as_of, is_current=True)
    first, last = divisible(plan, instant).parts({'"vxdata"."datasource"': 0}, 2)
    with database.connection() as connection:
        assert not connection.rows(first)
        assert f"datasource/{unique}" in [row["identifier"] for row in connection.rows(last)]
