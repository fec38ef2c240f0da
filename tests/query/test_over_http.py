"""Random plans over HTTP: every format holds the rows that Flight gives, with their types."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import httpx
import pyarrow as pa
import pyarrow.flight as fl
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from tests.query.data import dump, fill
from tests.query.formats import read_back, rows_of
from tests.query.material import Material
from tests.query.plans import plans
from tests.query.shown import shown
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import encode
from vxdata.schemas.wire import AS_OF_KEY, WireError
from vxdata.server.app import Server
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.formats.known import FORMATS
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.schemas.plan import Plan
    from vxdata.server.config import Settings
    from vxdata.server.database.monitor import CancellationMonitor

PROFILE: Final = (settings.default or settings()).max_examples
EXAMPLES: Final = PROFILE // 4 if PROFILE > 100 else 60
"""Plans: 60, and with the thorough profile 500."""


class Both:
    """One server, asked in both ways."""

    def __init__(self, material: Material, flight: Any, http: httpx.Client) -> None:
        self.material = material
        self._flight = flight
        self._http = http

    def flight(self, plan: Plan) -> pa.Table | str:
        """The rows, or the code of the refusal."""
        try:
            return self._flight.do_get(fl.Ticket(encode(plan))).read_all()
        except fl.FlightError as error:
            return WireError.model_validate_json(error.extra_info).code

    def http(self, plan: Plan, **parameters: str) -> httpx.Response:
        return self._http.post("/query", json={"plan": from_json(encode(plan))}, params=parameters)


@pytest.fixture(scope="module")
def both(
    request: pytest.FixtureRequest,
    settings: Settings,
    new_database: Callable[[], SecretStr],
    monitor: CancellationMonitor,
) -> Iterator[Both]:
    """A server over a random past that follows from the seed of the test run; it keeps no results."""
    uri = new_database()
    with closing(ConnectionPool(uri, size=4, wait=30.0)) as database:
        upgrade(database, registry())
        writes = WriteService(database, registry(), monitor, allow_purge=False)
        fill(database, writes, request.config.getoption("randomly_seed", default=0))
        material = Material(dump(database), default_catalog())
    with (
        Server(settings.model_copy(update={"database_uri": uri, "cache_dir": None})) as server,
        closing(fl.connect(server.flight_url)) as flight,
        httpx.Client(base_url=f"{server.http_url}/v1", trust_env=False, timeout=60) as http,
    ):
        yield Both(material, flight, http)


def test_every_format_has_the_rows_of_flight(both: Both) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(plan=plans(both.material), codecs=st.tuples(*(st.sampled_from(form.codecs) for form in FORMATS)))
    def formats_agree(plan: Plan, codecs: tuple[str, ...]) -> None:
        note(shown(plan))
        expected = both.flight(plan)
        for form, codec in zip(FORMATS, codecs, strict=True):
            found = both.http(plan, format=form.name, codec=codec)
            if isinstance(expected, str):
                assert (found.status_code, found.json()["code"]) == (400, expected)
                continue
            assert found.status_code == 200, found.text
            assert read_back(form, found.content, expected.schema) == rows_of(expected), (form.name, codec)
            as_of = expected.schema.metadata[AS_OF_KEY].decode()
            assert found.headers["VxData-As-Of"] == as_of.replace("+00:00", "Z")

    formats_agree()
