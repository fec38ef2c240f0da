"""A server and a session over another catalog than that of the installed payload types."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.registry import Registry, registry
from vxdata.schemas.errors import UnexpectedPayload, UnknownResourceType, ValidationFailed
from vxdata.schemas.fields import Field, Integer, Text
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.sdk import F
from vxdata.sdk._resources.namespace import Namespace, Resources
from vxdata.sdk._session import Session
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.server.app import Server
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

SEQUENCING: Final = PayloadType(
    name="SequencingRun",
    prefix="sequencingrun",
    namespace="sequencing_runs",
    description="A sequencing run.",
    fields=(
        Field(name="panel", type=Text(), description="", required=True),
        Field(name="depth", type=Integer(), description=""),
    ),
    license_required=False,
)
CATALOG: Final = Catalog.from_registry(Registry((*BUILTIN_PAYLOAD_TYPES, SEQUENCING)))


@pytest.fixture(scope="module")
def session(new_database: Callable[[], SecretStr]) -> Iterator[Session]:
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as database:
        upgrade(database, CATALOG.registry)
    with Server(Settings(database_uri=uri, port=0, http_port=0), CATALOG) as server:
        transport = FlightTransport(server.flight_url, None)
        with closing(transport):
            yield Session(transport, CATALOG)


def test_the_installed_types_do_not_know_it() -> None:
    with pytest.raises(UnknownResourceType):
        registry().get("sequencingrun")


def test_an_added_type_is_written_and_read(session: Session) -> None:
    patients: Namespace[Any, Any, Any] = Namespace(session, CATALOG.registry.get("patient"))
    runs: Namespace[Any, Any, Any] = Namespace(session, SEQUENCING)
    Resources(session).create(
        {
            "datasource": pl.DataFrame({"identifier": ["d"], "license": ["CC0"]}),
            "patient": pl.DataFrame(
                {"identifier": ["p"], "parent_identifier": ["datasource/d"], "license": ["CC0"]}
            ),
        }
    )
    frame = pl.DataFrame(
        {
            "identifier": ["sequencingruns/1", "2"],
            "parent_identifier": ["patients/p", "sequencingruns/1"],
            "panel": ["BRCA", "lung"],
            "depth": [30, None],
        }
    )
    assert runs.create(frame).counts == {"sequencingrun": 2}

    found = runs.query().filter(F.panel == "BRCA").select("identifier", "patient_id", "depth").collect()
    assert found.rows() == [("sequencingrun/1", "patient/p", 30)]
    (run, patient) = Resources(session).retrieve(["sequencingruns/1", "patient/p"])
    assert (run.identifier, run.children, patient.children) == (
        "sequencingrun/1",
        ["sequencingrun/2"],
        ["sequencingrun/1"],
    )
    assert [version.verb for version in runs.history("1")] == ["create"]
    assert patients.query().count() == 1
    assert repr(runs.query()) == "client.namespace('sequencingrun').query()"
    lazy = runs.query().lazy().filter(pl.col("depth") == 30).select("identifier").collect()
    assert lazy.rows() == [("sequencingrun/1",)]


def test_the_server_checks_prefixes_against_its_own_types(session: Session) -> None:
    runs: Namespace[Any, Any, Any] = Namespace(session, SEQUENCING)
    with pytest.raises(ValidationFailed, match="registered prefix"):
        runs.create(pl.DataFrame({"identifier": ["3"], "parent_identifier": ["genome/1"], "panel": ["BRCA"]}))
    with pytest.raises(UnexpectedPayload):
        runs.create(
            pl.DataFrame({"identifier": ["patients/3"], "parent_identifier": ["patient/p"], "panel": ["x"]})
        )
