"""Errors over the wire: they arrive whole, in their own class, and say what to do."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import polars as pl
import pytest

import vxdata.sdk
from vxdata.schemas import errors
from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.errors import (
    InternalError,
    ParentNotFound,
    ResourceAlreadyExists,
    ServiceProblem,
    ValidationFailed,
    VxDataError,
)
from vxdata.schemas.wire import WireError
from vxdata.sdk import Client
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.sdk._transport.received import error_of

if TYPE_CHECKING:
    from vxdata.server.app import Server

MANY = 10_000


def patients(parent: str, prefix: str, count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "identifier": [f"patient/{prefix}/{'x' * 40}/{number:06}" for number in range(count)],
            "parent_identifier": parent,
            "license": "CC BY 4.0",
        }
    )


def assert_survives_pickling(error: VxDataError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert type(again) is type(error)
    assert (again.message, again.details, str(again)) == (error.message, error.details, str(error))


def test_a_short_one_arrives_whole(client: Client, datasource: str) -> None:
    with pytest.raises(ResourceAlreadyExists) as caught:
        client.data_sources.create(DataSourceCreate(identifier=datasource, license="x"))
    error = caught.value
    assert error.message == str(error) == f"Already exists: {datasource}."
    assert error.details == {"identifiers": [datasource], "live": [datasource], "deleted": []}
    assert not error.retryable
    assert_survives_pickling(error)


def test_ten_thousand_identifiers_arrive(client: Client, datasource: str, unique: str) -> None:
    frame = patients(datasource, unique, MANY)
    client.patients.create(frame)
    with pytest.raises(ResourceAlreadyExists, match=r"Already exists: patient/.* and 9,980 more\.") as caught:
        client.patients.create(frame)
    identifiers = frame["identifier"].to_list()
    assert sorted(caught.value.details["identifiers"]) == identifiers
    assert sorted(caught.value.details["live"]) == identifiers
    assert_survives_pickling(caught.value)


def test_ten_thousand_children_of_missing_parents_arrive(client: Client, unique: str) -> None:
    frame = patients("x", unique, MANY).with_columns(
        parent_identifier=pl.format("datasource/{}-{}", pl.lit(unique), pl.int_range(MANY))
    )
    with pytest.raises(ParentNotFound) as caught:
        client.patients.create(frame)
    assert set(caught.value.details["identifiers"]) == set(frame["parent_identifier"])
    assert set(caught.value.details["children"]) == set(frame["identifier"])
    assert isinstance(caught.value, LookupError)


def test_a_thousand_violations_arrive(client: Client, datasource: str, unique: str) -> None:
    frame = patients(datasource, unique, 1_000).with_columns(sex=pl.lit("X"))
    with pytest.raises(ValidationFailed, match=r"\(997 more\)") as caught:
        client.patients.create(frame)
    assert caught.value.details["count"] == 1_000
    assert [found["row"] for found in caught.value.violations] == list(range(1_000))
    assert {(found["field"], found["value"]) for found in caught.value.violations} == {("sex", "X")}
    assert_survives_pickling(caught.value)


def test_what_the_server_no_longer_keeps_is_made_do_with(server: Server) -> None:
    with Client(server.flight_url) as client:
        transport = client._session.transport
        assert isinstance(transport, FlightTransport)
        lost = WireError(code="PARENT_NOT_FOUND", message="x", request_id="gone", abridged=True)
        assert transport._whole(lost) == lost


def test_a_fault_names_its_request() -> None:
    error = error_of(WireError(code="INTERNAL_ERROR", message="x", request_id="abc"))
    assert isinstance(error, InternalError)
    assert error.details == {"request_id": "abc"}
    assert isinstance(error, ServiceProblem)


def test_an_error_of_a_newer_server_is_named() -> None:
    error = error_of(WireError(code="NOT_YET_INVENTED", message="x", request_id="abc"))
    assert str(error) == "NOT_YET_INVENTED: x"


def test_the_sdk_offers_every_error_that_a_caller_may_meet() -> None:
    offered = {name for name in vxdata.sdk.__all__ if isinstance(getattr(vxdata.sdk, name), type)}
    tree = [VxDataError]
    for error_class in tree:
        tree += error_class.__subclasses__()
    ours = {error_class.__name__ for error_class in tree if error_class.__module__ == errors.__name__}
    assert ours <= offered


def test_one_broken_model_stops_the_others(client: Client, datasource: str, unique: str) -> None:
    good = PatientCreate(identifier=unique, parent_identifier=datasource, license="x")
    orphan = PatientCreate(identifier=f"{unique}-2", parent_identifier=f"datasource/{unique}-no", license="x")
    with pytest.raises(ParentNotFound):
        client.patients.create([good, orphan])
    assert client.patients.create(good).identifier == good.identifier
