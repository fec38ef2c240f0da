"""Facets over HTTP, beside Polars over the rows that the Python client reads."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.plan import encode
from vxdata.sdk import F

if TYPE_CHECKING:
    import httpx

    from vxdata.sdk import Client, Query

VALUES: Final = ("sex", "vital_status", "has_family_history", "ethnic_group", "germline_variants")
NUMBERS: Final = ("birth_year", "age_at_enrolment", "version")
TIMES: Final = ("last_follow_up_on", "valid_from")
MAPPING: Final = "external_identifiers"
FIELDS: Final = (*VALUES, *NUMBERS, *TIMES, MAPPING)

FILTERS: Final = (
    (None, pl.lit(value=True)),
    (F.sex == "F", pl.col("sex") == "F"),
    (F.age_at_enrolment < 0.3, pl.col("age_at_enrolment") < 0.3),
    (F.birth_year >= 1980, pl.col("birth_year") >= 1980),
    (F.sex == "O", pl.col("sex") == "O"),
)
"""A condition, and the same one for Polars; the last one finds nothing."""


def patient(identifier: str, source: str, draw: random.Random) -> PatientCreate:
    """A patient, with values or without."""
    given: dict[str, Any] = {
        "sex": draw.choice(("F", "M")),
        "ethnic_group": draw.choice(("a", "b", "ä", "", "z" * 60)),
        "has_family_history": draw.random() < 0.5,
        "birth_year": draw.randint(1930, 2005),
        "age_at_enrolment": draw.choice((draw.randint(0, 30) / 10, draw.uniform(0, 3), 0.1 + 0.2)),
        "last_follow_up_on": date(2019, 12, 1) + timedelta(days=draw.randint(0, 1000)),
        "germline_variants": draw.sample(["BRCA1", "BRCA2", "ATM", "TP53"], draw.randint(0, 3)),
        "external_identifiers": dict.fromkeys(draw.sample(["a", "b", 'c"'], draw.randint(0, 2)), "1"),
    }
    kept = {name: value for name, value in given.items() if draw.random() < 0.85}
    return PatientCreate(identifier=identifier, parent_identifier=source, license="x", **kept)


@pytest.fixture(scope="module")
def patients(client: Client) -> Query[Any]:
    """Patients with values of every kind, and nulls among them."""
    unique = secrets.token_hex(6)
    draw = random.Random(7)
    source = f"datasource/{unique}"
    client.data_sources.create(DataSourceCreate(identifier=source, license="x"))
    client.patients.create([patient(f"{unique}-{number}", source, draw) for number in range(300)])
    return client.patients.query().filter(F.datasource_id == source)


@pytest.fixture(scope="module")
def frame(patients: Query[Any]) -> pl.DataFrame:
    return patients.collect()


def facets_of(http: httpx.Client, query: Query[Any], fields: tuple[str, ...], **detail: int) -> Any:
    body = {"question": {"plan": from_json(encode(query.plan))}, "fields": fields, **detail}
    found = http.post("/facets", json=body)
    assert found.status_code == 200, found.text
    return found.json()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    chosen=st.sampled_from(FILTERS),
    fields=st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True),
    top=st.integers(1, 6),
    bins=st.integers(1, 40),
)
def test_facets_are_those_of_polars(
    http: httpx.Client,
    patients: Query[Any],
    frame: pl.DataFrame,
    chosen: Any,
    fields: list[str],
    top: int,
    bins: int,
) -> None:
    condition, same = chosen
    query = patients if condition is None else patients.filter(condition)
    rows = frame.filter(same)
    found = facets_of(http, query.limit(3), tuple(fields), top=top, bins=bins)
    assert found["rows"] == rows.height
    for name in fields:
        facet, column = found["facets"][name], rows[name]
        assert facet["nulls"] == column.null_count()
        if name in NUMBERS:
            check_histogram(facet, column.drop_nulls(), bins)
        elif name in TIMES:
            check_years(facet, column.drop_nulls())
        else:
            check_values(facet, column.drop_nulls(), top)


def check_values(facet: Any, column: pl.Series, top: int) -> None:
    """The most frequent values, equally frequent ones in their order; whether these are all is told."""
    values: Any = column.to_list()
    if values and isinstance(values[0], list | dict):
        values = [key for value in values for key in value]
    counts = Counter(values)
    expected = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]).encode()))[:top]
    assert [(each["value"], each["count"]) for each in facet["values"]] == expected
    assert facet.get("distinct") == (len(counts) if len(counts) <= top else None)


def check_histogram(facet: Any, column: pl.Series, bins: int) -> None:
    """Bars follow each other without a gap, hold exactly the values between their edges, and are few."""
    bars = facet["histogram"]
    assert len(bars) <= bins + 1
    assert sum(bar["count"] for bar in bars) == len(column)
    for bar in bars:
        assert bar["count"] == ((column >= bar["from"]) & (column < bar["to"])).sum()
    assert [bar["to"] for bar in bars[:-1]] == [bar["from"] for bar in bars[1:]]
    if len(column):
        assert (facet["min"], facet["max"]) == (column.min(), column.max())
        assert facet["mean"] == pytest.approx(column.mean())


def check_years(facet: Any, column: pl.Series) -> None:
    """Years, or the months of one year."""
    years = column.dt.year().to_list()
    months = column.dt.month().to_list() if len(set(years)) == 1 else [None] * len(years)
    expected = Counter(zip(years, months, strict=True))
    assert {(each["year"], each.get("month")): each["count"] for each in facet["years"]} == dict(expected)


def test_a_copy_is_good_until_the_next_commit(http: httpx.Client, patients: Query[Any]) -> None:
    body = {"question": {"plan": from_json(encode(patients.plan))}, "fields": ["sex"]}
    first = http.post("/facets", json=body)
    known = {"If-None-Match": first.headers["ETag"]}
    assert http.post("/facets", json=body, headers=known).status_code == 304
    assert http.post("/facets", json={**body, "top": 3}, headers=known).status_code == 200
    assert first.headers["VxData-Version"] == str(first.json()["snapshot"]["version"])


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"question": {"type": "patient"}, "fields": ["sexx"]}, "UNKNOWN_FIELD", "Did you mean sex?"),
        ({"question": {"type": "patient"}, "fields": []}, "INVALID_REQUEST", "fields"),
        ({"question": {"type": "patient"}, "fields": ["sex"], "top": 0}, "INVALID_REQUEST", "top"),
        ({"question": {"type": "patient"}, "fields": ["sex"] * 51}, "INVALID_REQUEST", "50"),
        (
            {
                "question": {
                    "plan": {"version": 2, "relation": "patient", "select": ["sex"], "distinct": True}
                },
                "fields": ["sex"],
            },
            "INVALID_REQUEST",
            "groups already",
        ),
    ],
)
def test_what_has_no_facets_is_refused(http: httpx.Client, body: Any, code: str, told: str) -> None:
    found = http.post("/facets", json=body)
    assert (found.status_code, found.json()["code"]) == (400, code)
    assert told in found.json()["message"]
