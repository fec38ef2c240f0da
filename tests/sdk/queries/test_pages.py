"""Pages: together they are the result, each begins behind the one before, and all show one instant."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.create import BenchmarkingResultCreate, VolumeCreate
from vxdata.schemas.errors import InvalidPlan, InvalidRequest
from vxdata.sdk import Client, F, Query

if TYPE_CHECKING:
    from vxdata.schemas.notation.aggregates import Order

ROWS = 60


@pytest.fixture(scope="module")
def volumes(client: Client, root: str) -> pl.DataFrame:
    """Volumes with many equal values and nulls in every column that is ordered by."""
    frame = pl.DataFrame(
        {
            "identifier": [f"{root.rpartition('-')[2]}-{number * 37 % ROWS:03}" for number in range(ROWS)],
            "parent_identifier": root,
            "license": "x",
            "series_description": [["b", "a", "Ä", "", None, "a b"][number % 6] for number in range(ROWS)],
            "b_value": [
                [0.0, -0.0, 0.1, None, 49999.999999, 0.30000000000000004][number % 6]
                for number in range(ROWS)
            ],
            "series_number": [[5, None, -(2**31), 2**31 - 1][number % 4] for number in range(ROWS)],
            "is_contrast_enhanced": [[True, None, False][number % 3] for number in range(ROWS)],
            "series_date": [
                [date(2024, 2, 29), None, date(1969, 1, 1)][number % 3] for number in range(ROWS)
            ],
            "acquisition_datetime": [
                None
                if number % 5 == 0
                else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=number % 4)
                for number in range(ROWS)
            ],
        }
    )
    client.volumes.create(frame)
    return client.volumes.query().filter(F.parent_identifier == root).collect()


@pytest.fixture
def query(client: Client, root: str, volumes: pl.DataFrame) -> Query:
    return client.volumes.query().filter(F.parent_identifier == root)


def joined(query: Query, rows: int) -> pl.DataFrame:
    pages = list(query.iter_pages(rows))
    assert all(page.frame.height == rows for page in pages[:-1])
    assert len({page.snapshot for page in pages}) == 1
    assert [page.cursor is None for page in pages] == [False] * (len(pages) - 1) + [True]
    return pl.concat([page.frame for page in pages])


ORDERS: list[tuple[Any, ...]] = [
    (),
    ("identifier",),
    (F.identifier.desc(),),
    *(
        (getattr(F[name], way)(nulls_first=first),)
        for name in (
            "series_description",
            "b_value",
            "series_number",
            "is_contrast_enhanced",
            "series_date",
            "acquisition_datetime",
        )
        for way in ("asc", "desc")
        for first in (False, True)
    ),
    ("b_value", F.series_description.desc(nulls_first=True), F.acquisition_datetime),
    (F.created_at.desc(), "version"),
]


@pytest.mark.parametrize("order", ORDERS, ids=repr)
def test_together_they_are_the_result(query: Query, order: tuple[Any, ...]) -> None:
    ordered = query.order_by(*order) if order else query.order_by("identifier")
    paged = ordered if order else query
    # Pages of one row begin behind each row, in sixty queries: the orders of several columns have them.
    for rows in (*((4,) if len(order) == 1 else (1, 7)), ROWS - 1, ROWS, 1000):
        assert joined(paged, rows).equals(ordered.collect())


@pytest.mark.parametrize("rows", [1, 4, 100])
def test_parts_of_a_query(query: Query, rows: int) -> None:
    for part in (
        query.limit(10),
        query.limit(0),
        query.offset(5),
        query.offset(ROWS),
        query.order_by(F.b_value.desc()).offset(3).limit(20),
        query.select("b_value"),
        query.select("series_description", "b_value").order_by("series_number"),
        query.distinct("b_value", "series_description"),
        query.distinct("series_number").order_by(F.series_number.desc()),
        query.filter(F.b_value.is_null() | (F.series_number > 0)),
        query.filter(F.identifier == "volume/absent"),
    ):
        found = joined(part, rows)
        if part.plan.distinct:
            assert found.sort(pl.all()).equals(part.collect().sort(pl.all()))
        elif part.plan.order_by or part.plan.limit is not None or part.plan.offset:
            assert found.equals(part.collect())
        else:
            assert found.equals(part.order_by("identifier").collect())


@pytest.mark.parametrize(
    "order", [F.summary_metrics["auc"].desc(), F.summary_metrics["auc"].asc(nulls_first=True)]
)
def test_an_entry_of_a_mapping(client: Client, root: str, order: Order) -> None:
    name = f"{root.rpartition('-')[2]}-{'a' if order.node.descending else 'b'}"
    client.benchmarking_results.create(
        [
            BenchmarkingResultCreate(
                identifier=f"{name}-{number}",
                parent_identifier=root,
                license="x",
                eval_task=name,
                summary_metrics={"auc": number % 3 / 7} if number % 4 else {"dice": 1.0},
            )
            for number in range(13)
        ]
    )
    query = client.benchmarking_results.query().filter(F.eval_task == name).order_by(order)
    for ordered in (query, query.select("identifier")):
        assert joined(ordered, 2).equals(ordered.collect())


def test_versions_and_commits(client: Client, query: Query) -> None:
    commits = client.commits().pin()
    assert joined(commits, 3).equals(commits.order_by("version").collect())
    metadata = client.resources.query().pin()
    assert joined(metadata, 50).equals(metadata.order_by("identifier").collect())


def test_they_show_one_instant(client: Client, root: str, query: Query) -> None:
    name = f"volume/{root.rpartition('-')[2]}"
    before = query.order_by("identifier").collect()
    pages = query.iter_pages(25)
    first = next(pages)
    client.volumes.create(VolumeCreate(identifier=f"{name}-999", parent_identifier=root, license="x"))
    try:
        rest = list(pages)
        assert pl.concat([first.frame, *(page.frame for page in rest)]).equals(before)
        assert {page.snapshot.as_of for page in rest} == {first.snapshot.as_of}
        assert query.count() == ROWS + 1
    finally:
        client.volumes.delete(f"{name}-999")


def test_a_reader_goes_on_behind_a_known_page(query: Query) -> None:
    ordered = query.order_by(F.b_value.desc()).limit(50)
    pages = list(ordered.iter_pages(8))
    for number, page in enumerate(pages[:-1]):
        rest = list(ordered.iter_pages(8, after=page.cursor))
        assert [other.frame.rows() for other in rest] == [other.frame.rows() for other in pages[number + 1 :]]
        assert rest[0].snapshot == page.snapshot
        bigger = list(ordered.iter_pages(30, after=page.cursor))
        assert sum(other.frame.height for other in bigger) == 50 - 8 * (number + 1)
    pinned = ordered.as_of(pages[0].snapshot)
    assert next(pinned.iter_pages(8, after=pages[0].cursor)).frame.equals(pages[1].frame)


def test_what_is_no_cursor_is_refused(query: Query) -> None:
    cursor = next(query.iter_pages(8)).cursor
    assert cursor is not None
    changed = json.loads(cursor)
    for wrong in (
        3,
        "",
        "{}",
        b"x",
        cursor[:-1],
        json.dumps({**changed, "as_of": "yesterday"}),
        json.dumps({**changed, "more": 1}),
        json.dumps({**changed, "left": 0}),
    ):
        with pytest.raises(InvalidRequest, match="after takes the cursor of a page"):
            query.iter_pages(8, after=wrong)  # type: ignore[arg-type]
    for other in (query.select("identifier"), query.order_by("b_value"), query.limit(3)):
        with pytest.raises(InvalidRequest, match="another query"):
            other.iter_pages(8, after=cursor)
    with pytest.raises(InvalidRequest, match="another query"):
        query.iter_pages(8, after=json.dumps({**changed, "after": []}))
    with pytest.raises(InvalidRequest, match="Leave its as_of out"):
        query.as_of("2024-01-01T00:00:00Z").iter_pages(8, after=cursor)


def test_what_has_no_pages_is_refused(alone: Client) -> None:
    volumes = alone.volumes.query()
    for rows in (0, -1, 1.5, True, None):
        with pytest.raises(InvalidPlan, match="iter_pages takes a whole number"):
            volumes.iter_pages(rows)  # type: ignore[arg-type]
    for made in (volumes.group_by("volume_type").agg(), volumes.first_per("patient_id")):
        with pytest.raises(InvalidPlan, match="not read in pages"):
            made.iter_pages()
    with pytest.raises(InvalidPlan, match="shuffled"):
        volumes.order_by(F.identifier.shuffled(1)).iter_pages()
