"""The older client: its names, on the same machinery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

import vxdata.sdk
import vxp_client
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import UnknownResourceType
from vxdata.sdk import Client, Query
from vxp_client import ANY, F, PlatformClient, count, has_ancestor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server


@pytest.fixture
def platform(server: Server) -> Iterator[PlatformClient]:
    with PlatformClient(server.flight_url) as client:
        yield client


def test_the_names_are_those_published() -> None:
    assert vxp_client.__all__ == ["ALL", "ANY", "F", "PlatformClient", "count", "has_ancestor"]
    assert issubclass(PlatformClient, Client)
    for name in {*vxp_client.__all__} - {"PlatformClient"}:
        assert getattr(vxp_client, name) is getattr(vxdata.sdk, name), "one implementation"


def test_queries_go_by_payload_name(platform: PlatformClient, datasource: str, unique: str) -> None:
    platform.patients.create(
        PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    )
    frame = platform.query("Patient").filter(F.datasource_id == datasource, F.sex == "F").limit(5).collect()
    assert frame["identifier"].to_list() == [f"patient/{unique}"]


def test_queries_are_those_of_the_sdk(platform: PlatformClient) -> None:
    query = platform.query("Volume").filter(
        has_ancestor("patient/1"), F.b_value > ANY(platform.query("Volume").select("b_value"))
    )
    assert type(query) is Query
    assert repr(query).startswith("client.volumes.query().filter(has_ancestor('patient/1'), F.b_value > ANY(")
    assert query.group_by("volume_type").agg(count()).schema == {"volume_type": pl.String, "count": pl.Int64}


def test_every_payload_has_its_name(platform: PlatformClient) -> None:
    for payload_type in registry():
        assert platform.query(payload_type.name).plan == platform.namespace(payload_type.prefix).query().plan


@pytest.mark.parametrize(
    ("name", "hint"), [("Volumes", "Volume"), ("volume", "Volume"), ("PiradsAssessment", "PIRADSAssessment")]
)
def test_an_unknown_name_gets_a_hint(platform: PlatformClient, name: str, hint: str) -> None:
    with pytest.raises(
        UnknownResourceType, match=f"There is no resource type '{name}'. Did you mean .*{hint}"
    ):
        platform.query(name)


def test_the_default_address_is_that_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VXDATA_URL", "grpc://127.0.0.1:1")
    with PlatformClient() as client:
        assert repr(client) == "PlatformClient('grpc://127.0.0.1:1')"
