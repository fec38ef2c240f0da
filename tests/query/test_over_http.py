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
    """A server, asked in both ways, and another one of the same database."""

    def __init__(self, material: Material, flight: Any, http: httpx.Client, other: httpx.Client) -> None:
        self.material = material
        self._flight = flight
        self._http = http
        self._other = other

    def flight(self, plan: Plan) -> pa.Table | str:
        """The rows, or the code of the refusal."""
        try:
            return self._flight.do_get(fl.Ticket(encode(plan))).read_all()
        except fl.FlightError as error:
            return WireError.model_validate_json(error.extra_info).code

    def address(self, plan: Plan) -> httpx.Response:
        """Give the answer an address."""
        return self._http.post("/answers", json={"question": {"plan": from_json(encode(plan))}})

    def files(self, path: str) -> tuple[bytes, bytes]:
        """The file of an answer, as either server makes it."""
        first, second = (http.get(path) for http in (self._http, self._other))
        assert (first.status_code, second.status_code) == (200, 200), first.text
        assert first.headers["ETag"] == second.headers["ETag"]
        return first.content, second.content

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
    alone = settings.model_copy(update={"database_uri": uri, "cache_dir": None})
    with (
        Server(alone) as server,
        Server(alone) as second,
        closing(fl.connect(server.flight_url)) as flight,
        httpx.Client(base_url=f"{server.http_url}/v1", trust_env=False, timeout=60) as http,
        httpx.Client(base_url=f"{second.http_url}/v1", trust_env=False, timeout=60) as other,
    ):
        yield Both(material, flight, http, other)


@pytest.mark.slow
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


def test_every_answer_has_an_address_and_the_same_bytes_on_each_server(both: Both) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(plan=plans(both.material), form=st.sampled_from(["parquet", "csv", "ndjson"]))
    def servers_agree(plan: Plan, form: str) -> None:
        note(shown(plan))
        expected, given_ = both.flight(plan), both.address(plan)
        if isinstance(expected, str):
            assert (given_.status_code, given_.json()["code"]) == (400, expected)
            return
        assert given_.status_code == 200, given_.text
        answer = given_.json()
        assert answer["rows"] == len(expected)
        arrow, again = both.files(f"/answers/{answer['digest']}.arrow")
        assert arrow == again
        found = pa.ipc.open_file(arrow).read_all()
        assert found.schema.equals(expected.schema, check_metadata=True)
        assert sorted(map(repr, rows_of(found))) == sorted(map(repr, rows_of(expected)))
        if plan.order_by or plan.limit is not None or plan.offset:
            assert rows_of(found) == rows_of(expected)
        first, second = both.files(f"/answers/{answer['digest']}.{form}")
        assert first == second

    servers_agree()
