"""The boundary: what every call passes, whichever listener takes it."""

from __future__ import annotations

import gc
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow.flight
import pytest
import structlog
from structlog.testing import capture_logs

from tests.server.support import OPEN, never, until
from vxdata.schemas.errors import (
    InvalidPlan,
    RequestCancelled,
    RequestTimedOut,
    ServerUnavailable,
    VxDataError,
)
from vxdata.schemas.plan import Plan, encode
from vxdata.schemas.wire import TIMEOUT, Action
from vxdata.server.app import Server
from vxdata.server.call import ANONYMOUS
from vxdata.server.database.errors import StatementCancelled
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.listeners.boundary import OK, Boundary, CallFailed, Outcome
from vxdata.server.listeners.errors import ErrorReporter
from vxdata.server.listeners.flight.actions import Actions
from vxdata.server.listeners.flight.status import FLIGHT_ERRORS
from vxdata.server.listeners.http.status import HTTP_STATUSES, http_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings


def tree(root: type[VxDataError] = VxDataError) -> Iterator[type[VxDataError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.fixture
def outcomes() -> list[Outcome]:
    return []


@pytest.fixture
def boundary(outcomes: list[Outcome]) -> Boundary:
    return Boundary("test", ErrorReporter(), OPEN, [outcomes.append])


def test_a_call_is_named_bound_to_the_log_and_observed(boundary: Boundary, outcomes: list[Outcome]) -> None:
    with boundary.call("look", never, timeout=60) as opened:
        bound = structlog.contextvars.get_contextvars()
        assert bound == {"request_id": opened.call.request_id, "listener": "test", "operation": "look"}
        assert opened.call.principal is ANONYMOUS
        assert not opened.call.is_cancelled()
        assert not outcomes
    (outcome,) = outcomes
    assert (outcome.listener, outcome.operation, outcome.call, outcome.code) == (
        "test",
        "look",
        opened.call,
        OK,
    )
    assert 0 <= outcome.seconds < 60
    assert not structlog.contextvars.get_contextvars()


@pytest.mark.parametrize(
    ("error", "code"), [(InvalidPlan("x"), "INVALID_PLAN"), (KeyError("s3kret"), "INTERNAL_ERROR")]
)
def test_whatever_is_raised_leaves_as_an_error_of_ours(
    boundary: Boundary, outcomes: list[Outcome], error: Exception, code: str
) -> None:
    with capture_logs(), pytest.raises(CallFailed) as caught, boundary.call("look", never):
        raise error
    assert (caught.value.error.code, caught.value.wire.code) == (code, code)
    assert "s3kret" not in caught.value.wire.message
    assert [(outcome.code, outcome.call.request_id) for outcome in outcomes] == [
        (code, caught.value.wire.request_id)
    ]


def test_a_draining_listener_refuses_new_calls_alone(boundary: Boundary, outcomes: list[Outcome]) -> None:
    with boundary.call("first", never):
        boundary.drain()
    with pytest.raises(CallFailed) as caught, boundary.call("second", never):
        pytest.fail("the call was taken")
    assert isinstance(caught.value.error, ServerUnavailable)
    assert [outcome.code for outcome in outcomes] == [OK, "SERVER_UNAVAILABLE"]


def test_a_call_whose_body_comes_too_late_takes_no_place(boundary: Boundary) -> None:
    with boundary.call("first", never, admit_now=False) as opened:
        boundary.drain()
        with pytest.raises(ServerUnavailable, match="shutting down"):
            opened.admit()


class TestStreams:
    def test_a_call_ends_with_its_stream(self, boundary: Boundary, outcomes: list[Outcome]) -> None:
        with boundary.call("read", never) as opened:
            stream = opened.stream(iter([b"1", b"2"]))
        assert (next(stream), outcomes) == (b"1", [])
        assert list(stream) == [b"2"]
        assert [outcome.code for outcome in outcomes] == [OK]
        del stream
        gc.collect()
        assert len(outcomes) == 1

    def test_a_stream_that_fails_has_the_id_of_its_call(
        self, boundary: Boundary, outcomes: list[Outcome]
    ) -> None:
        def items() -> Iterator[bytes]:
            yield b"1"
            raise InvalidPlan("x")

        with boundary.call("read", never) as opened:
            stream = opened.stream(items())
        assert next(stream) == b"1"
        with pytest.raises(CallFailed) as caught:
            next(stream)
        assert caught.value.wire.request_id == opened.call.request_id
        assert [outcome.code for outcome in outcomes] == ["INVALID_PLAN"]

    def test_a_stream_that_is_dropped_was_cancelled(
        self, boundary: Boundary, outcomes: list[Outcome]
    ) -> None:
        with boundary.call("read", never) as opened:
            stream = opened.stream(iter([b"1", b"2"]))
        del stream
        gc.collect()
        assert [outcome.code for outcome in outcomes] == [RequestCancelled.code]


class TestDeadlines:
    def test_it_counts_as_a_caller_that_has_gone(self, boundary: Boundary) -> None:
        with boundary.call("read", never, timeout=0) as opened:
            assert opened.call.is_cancelled()

    def test_what_was_cancelled_after_it_has_timed_out(self, boundary: Boundary) -> None:
        with pytest.raises(CallFailed) as caught, boundary.call("read", never, timeout=0):
            raise StatementCancelled("cancelled")
        assert isinstance(caught.value.error, RequestTimedOut)
        with pytest.raises(CallFailed) as caught, boundary.call("read", never, timeout=60):
            raise StatementCancelled("cancelled")
        assert isinstance(caught.value.error, RequestCancelled)

    def test_it_ends_the_wait_for_a_connection(self, database_uri: SecretStr, boundary: Boundary) -> None:
        with closing(ConnectionPool(database_uri, size=1, wait=600)) as pool, pool.connection():
            with (
                pytest.raises(CallFailed) as caught,
                boundary.call("read", never, timeout=0.05) as opened,
                pool.connection(deadline=opened.call.deadline),
            ):
                pytest.fail("there was a connection")
            assert isinstance(caught.value.error, RequestTimedOut)

    def test_it_ends_a_statement_that_waits(
        self, settings: Settings, database_uri: SecretStr, outcomes: list[Outcome]
    ) -> None:
        """The header ends it on the server; this client would wait for ever."""
        here = settings.model_copy(update={"database_uri": database_uri})
        plan = encode(Plan(relation="datasource", order_by=(), offset=1))
        with (
            Server(here, observers=[outcomes.append]) as server,
            closing(ConnectionPool(database_uri, size=1)) as own,
            own.connection() as connection,
            connection.transaction("BEGIN"),
            pyarrow.flight.connect(server.flight_url) as client,
        ):
            connection.execute("LOCK TABLE vxdata.datasource IN ACCESS EXCLUSIVE MODE")
            options = pyarrow.flight.FlightCallOptions(headers=[(TIMEOUT.encode(), b"0.3")])
            with pytest.raises(pyarrow.flight.FlightTimedOutError, match="REQUEST_TIMED_OUT"):
                client.do_get(pyarrow.flight.Ticket(plan), options).read_all()
            until(lambda: outcomes, "the call was observed")
        assert [
            (outcome.operation, outcome.code) for outcome in outcomes if outcome.listener == "flight"
        ] == [("do_get", "REQUEST_TIMED_OUT")]

    @pytest.mark.parametrize("value", [b"", b"soon", b"-1", b"nan", b"0"])
    def test_a_header_that_states_no_time_sets_no_limit(self, server: Server, value: bytes) -> None:
        options = pyarrow.flight.FlightCallOptions(headers=[(TIMEOUT.encode(), value)])
        with pyarrow.flight.connect(server.flight_url) as client:
            (found,) = client.do_action(pyarrow.flight.Action(Action.HEALTH, b""), options)
        assert b'"ok"' in found.body.to_pybytes()


def test_every_call_over_the_wire_is_observed_once(
    settings: Settings, database_uri: SecretStr, outcomes: list[Outcome]
) -> None:
    here = settings.model_copy(update={"database_uri": database_uri})
    with (
        Server(here, observers=[outcomes.append]) as server,
        pyarrow.flight.connect(server.flight_url) as client,
    ):
        whole, whole_plan = (
            Plan(relation="datasource", offset=1),
            Plan(relation="datasource", limit=1),
        )
        for plan in (whole, whole_plan):
            client.do_get(pyarrow.flight.Ticket(encode(plan))).read_all()
        with pytest.raises(pyarrow.flight.FlightServerError):
            client.do_get(pyarrow.flight.Ticket(b"{}"))
        client.get_schema(pyarrow.flight.FlightDescriptor.for_path("datasource"))
        list(client.list_flights())
        expected = [
            ("do_get", OK),
            ("do_get", OK),
            ("do_get", "INVALID_PLAN"),
            ("get_schema", OK),
            ("list_flights", OK),
        ]
        until(lambda: len(outcomes) >= len(expected), "all calls were observed")
    assert [(outcome.operation, outcome.code) for outcome in outcomes] == expected
    assert len({outcome.call.request_id for outcome in outcomes}) == len(expected)


@pytest.mark.parametrize("error_class", list(tree()))
def test_every_error_has_a_status(error_class: type[VxDataError]) -> None:
    error: Any = error_class("x")
    assert any(isinstance(error, kind) for kind, _ in FLIGHT_ERRORS)
    status = http_status(error)
    assert 400 <= status < 600
    assert status >= 500 or status == 429 or not error.retryable, (
        "whoever may try again is told so by the status"
    )


def test_no_status_is_hidden_behind_an_earlier_one() -> None:
    for table in (FLIGHT_ERRORS, HTTP_STATUSES):
        kinds = [kind for kind, _ in table]
        hidden = [
            later
            for place, later in enumerate(kinds)
            for earlier in kinds[:place]
            if issubclass(later, earlier)
        ]
        assert hidden == []


def test_every_action_is_offered(server: Server) -> None:
    assert set(Actions(server._services, ErrorReporter()).by_name) == set(Action)


def test_observers_are_told_by_whichever_thread_ends_the_call(
    boundary: Boundary, outcomes: list[Outcome]
) -> None:
    with boundary.call("read", never) as opened:
        stream = opened.stream(iter([b"1"]))
    thread = threading.Thread(target=lambda: list(stream))
    thread.start()
    thread.join()
    assert [outcome.code for outcome in outcomes] == [OK]
