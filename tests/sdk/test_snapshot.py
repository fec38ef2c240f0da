"""Instants: every form in which a caller may give one, and what wins."""

from __future__ import annotations

import warnings
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import vxdata.sdk
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import FieldTypeMismatch, InvalidRequest, ResourceNotFound
from vxdata.schemas.models import NaiveTimestampWarning
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client, Result, Snapshot
from vxdata.sdk._snapshot import instant_of

if TYPE_CHECKING:
    from vxdata.server.app import Server

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        NOON,
        NOON.astimezone(timezone(timedelta(hours=5))),
        "2025-01-31T12:00:00Z",
        "2025-01-31T12:00:00+00:00",
        "2025-01-31 17:00:00+05:00",
    ],
)
def test_with_a_zone_it_is_exact(given: str | datetime) -> None:
    assert instant_of(given) == NOON


@pytest.mark.parametrize("given", ["2025-01-31", date(2025, 1, 31), datetime(2025, 1, 31)])  # noqa: DTZ001 - the point
def test_without_a_zone_it_is_utc_with_one_warning(given: Any) -> None:
    with pytest.warns(NaiveTimestampWarning, match="no time zone and is taken as UTC") as caught:
        assert instant_of(given) == datetime(2025, 1, 31, tzinfo=UTC)
    assert len(caught) == 1


@pytest.mark.parametrize("given", ["yesterday", "", "2025-02-30", "0001-01-01T00:00:00+05:00"])
def test_a_text_that_is_no_instant(given: str) -> None:
    with pytest.raises(InvalidRequest):
        instant_of(given)


@pytest.mark.parametrize("given", [5, 5.0, [], object()])
def test_what_knows_no_instant(given: Any) -> None:
    with pytest.raises(FieldTypeMismatch, match="as_of takes"):
        instant_of(given)


@pytest.fixture
def patient(client: Client, datasource: str, unique: str) -> str:
    """A patient that is updated in every test."""
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    return client.patients.create(model).identifier


def test_whatever_was_read_or_written_is_an_instant(client: Client, patient: str) -> None:
    frame = pl.DataFrame({"identifier": [patient], "sex": ["O"]})
    receipt = client.patients.update(frame)
    snapshot, result = client.now(), client.patients.query().run()
    client.patients.update(patient, PatientUpdate(sex="M"))
    stamp = snapshot.as_of
    for as_of in (receipt, snapshot, result, stamp, stamp.isoformat(), stamp.astimezone(timezone.max)):
        assert client.patients.retrieve(patient, as_of=as_of).sex == "O"
    assert client.patients.retrieve(patient).sex == "M"


def test_the_call_wins_over_the_client(client: Client, server: Server, patient: str) -> None:
    snapshot = client.now()
    client.patients.update(patient, PatientUpdate(sex="M"))
    with Client(server.flight_url, timestamp=snapshot) as past:
        assert past.patients.retrieve(patient).sex == "F"
        assert past.patients.retrieve(patient, as_of=client.now()).sex == "M"
        assert past.patients.query().run().as_of == snapshot.as_of
        assert len(past.patients.history(patient)) == 1
        assert past.commits().select("version").collect()["version"].max() == snapshot.version
        # What a write answers is what it wrote, and now is now.
        assert past.patients.update(patient, PatientUpdate(sex="O")).sex == "O"
        assert past.now().version > snapshot.version
        assert past.patients.retrieve(patient).sex == "F"


def test_before_it_was_created_it_is_not_found(client: Client, patient: str) -> None:
    created = client.patients.retrieve(patient).created_at
    assert client.patients.retrieve(patient, as_of=created).identifier == patient
    for as_of in (created - timedelta(microseconds=1), "2000-01-01T00:00:00Z"):
        with pytest.raises(ResourceNotFound):
            client.patients.retrieve(patient, as_of=as_of)


def test_an_instant_after_the_last_commit_is_closed_by_the_read(client: Client, patient: str) -> None:
    as_of = datetime.now(UTC)
    assert client.patients.retrieve(patient, as_of=as_of).sex == "F"
    client.patients.update(patient, PatientUpdate(sex="M"))
    assert client.patients.retrieve(patient, as_of=as_of).sex == "F"
    assert client.patients.retrieve(patient).valid_from > as_of


def test_the_warning_points_at_the_caller(client: Client, server: Server, patient: str) -> None:
    naive = datetime(2000, 1, 1)  # noqa: DTZ001 - the point
    calls = (
        lambda: client.patients.retrieve(patient, as_of=naive),
        lambda: client.patients.history(patient, as_of=naive),
        lambda: client.lineage.parents(patient, as_of=naive),
        lambda: client.lineage.children(patient, as_of=naive),
        lambda: client.patients.query().as_of(naive),
        lambda: Client(server.flight_url, timestamp=naive).close(),
    )
    for call in calls:
        with warnings.catch_warnings(record=True) as caught, suppress(ResourceNotFound):
            warnings.simplefilter("always")
            call()
        assert [(found.category, found.filename) for found in caught] == [(NaiveTimestampWarning, __file__)]


def test_the_former_names_still_work() -> None:
    snapshot = Snapshot(datetime(2026, 1, 2, tzinfo=UTC), 7)
    result = Result(pl.DataFrame({"a": [1]}), snapshot.as_of, snapshot.version)
    with pytest.warns(DeprecationWarning, match="Result.snapshot"):
        assert result.token == snapshot
    with pytest.warns(DeprecationWarning, match=r"vxdata\.sdk\.Snapshot"):
        assert vxdata.sdk.Token is Snapshot
    with pytest.raises(AttributeError, match="Tokens"):
        _ = vxdata.sdk.Tokens
