"""Fair use: each principal has its own quotas, errors tell when there is more, and answers are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa
import pytest

from tests.server.support import OPEN, never
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import QuotaExceeded
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.call import Call, Principal
from vxdata.server.listeners.admission import Admission
from vxdata.server.listeners.boundary import Boundary, CallFailed
from vxdata.server.listeners.errors import ErrorReporter
from vxdata.server.listeners.fair_use import FairUse, Quotas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.config import Settings

HOUR = 3600


def call(name: str = "ada") -> Call:
    return Call("1", never, Principal(name, Role.READER, EVERYTHING, "token"))


class TestRate:
    def test_calls_beyond_it_are_told_when_to_come_back(self) -> None:
        fair_use = FairUse(Quotas(rate_calls=2))
        fair_use.enter("do_get", call())
        fair_use.enter("do_get", call())
        with pytest.raises(QuotaExceeded, match="2 calls in a minute") as caught:
            fair_use.enter("do_get", call())
        assert caught.value.retryable
        assert caught.value.details["setting"] == "VXDATA_RATE_CALLS"
        assert 0 < caught.value.details["retry_after"] <= 60

    def test_each_principal_has_its_own(self) -> None:
        fair_use = FairUse(Quotas(rate_calls=1))
        fair_use.enter("do_get", call("ada"))
        fair_use.enter("do_get", call("bob"))
        with pytest.raises(QuotaExceeded):
            fair_use.enter("do_get", call("ada"))


class TestDays:
    def test_rows_are_counted_over_calls(self) -> None:
        fair_use = FairUse(Quotas(daily_rows=10))
        first, second = call(), call()
        for each in (first, second):
            fair_use.enter("do_get", each)
        first.trail.read(6)
        second.trail.read(4)
        with pytest.raises(QuotaExceeded, match="10 rows in a day") as caught:
            first.trail.read(1)
        assert first.trail.rows == 6
        assert 23 * HOUR < caught.value.details["retry_after"] <= 24 * HOUR
        with pytest.raises(QuotaExceeded):
            fair_use.enter("do_get", call())
        fair_use.enter("do_get", call("bob"))

    def test_a_call_may_take_exactly_what_is_left(self) -> None:
        fair_use = FairUse(Quotas(daily_bytes=100))
        whole = call()
        fair_use.enter("do_get", whole)
        whole.trail.send(100)
        with pytest.raises(QuotaExceeded, match="100 bytes in a day"):
            fair_use.enter("do_get", call())

    def test_writes_take_nothing(self) -> None:
        fair_use = FairUse(Quotas(daily_rows=1))
        writing = call()
        fair_use.enter("do_put", writing)
        writing.trail.wrote(1000)
        fair_use.enter("do_get", call())


def test_a_stream_is_cut_with_the_error() -> None:
    admission = Admission(9, 9, [FairUse(Quotas(daily_bytes=100)).enter])
    boundary = Boundary("test", ErrorReporter(), OPEN, admission=admission)
    with boundary.call("read", never) as opened:
        stream = opened.stream(iter([b"x" * 60, b"x" * 60]))
    assert len(next(stream)) == 60
    with pytest.raises(CallFailed) as caught:
        next(stream)
    assert isinstance(caught.value.error, QuotaExceeded)


def test_batches_are_counted_as_they_pass() -> None:
    fair_use = FairUse(Quotas(daily_rows=5))
    reading = call()
    fair_use.enter("do_get", reading)
    batches = [pa.record_batch({"n": [1, 2, 3]}) for _ in range(2)]
    counted = reading.trail.counted(batches)
    assert next(counted).num_rows == 3
    with pytest.raises(QuotaExceeded):
        next(counted)


class TestServer:
    """Both listeners of one server count together; callers without an identity, by their address."""

    @pytest.fixture
    def limited(self, settings: Settings) -> Iterator[Server]:
        changed: dict[str, Any] = {"daily_rows": 30, "rate_calls": 1000, "cache_dir": None}
        with Server(settings.model_copy(update=changed)) as server:
            yield server

    def test_rows_of_a_day(self, limited: Server, unique: str) -> None:
        with Client(limited.flight_url, retry_seconds=0) as client:
            sources = [DataSourceCreate(identifier=f"{unique}-{n}", license="CC0") for n in range(20)]
            client.data_sources.create(sources)
            query = client.data_sources.query().filter(client.data_sources.F.identifier.contains(unique))
            assert len(query.collect()) == 20
            with pytest.raises(QuotaExceeded, match="30 rows in a day") as caught:
                query.collect()
            assert caught.value.details["retry_after"] > HOUR
        answer = httpx.get(f"{limited.http_url}/v1/query?type=datasource")
        assert (answer.status_code, answer.json()["code"]) == (429, "QUOTA_EXCEEDED")
        assert int(answer.headers["retry-after"]) > HOUR
