"""Admission: calls in progress are limited, in all and for each caller, and none is counted for ever."""

from __future__ import annotations

import pytest

from tests.server.support import OPEN, never
from vxdata.schemas.errors import ServerBusy
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.server.call import ANONYMOUS, NOBODY, Call, Principal
from vxdata.server.listeners.admission import STRANGERS, STRANGERS_EACH, Admission
from vxdata.server.listeners.boundary import Boundary, CallFailed
from vxdata.server.listeners.errors import ErrorReporter


def call(number: int, host: str = "ipv4:10.0.0.1", principal: Principal = ANONYMOUS) -> Call:
    return Call(f"{number}", never, principal, f"{host}:{4000 + number}")


def address(number: int) -> str:
    """An address that takes as many of the places for callers who are not known as one may."""
    return f"ipv4:10.0.1.{number // STRANGERS_EACH}"


def test_a_limit_for_all() -> None:
    admission = Admission(2, 2)
    admission.enter(call(1))
    admission.enter(call(2, "ipv4:10.0.0.2"))
    with pytest.raises(ServerBusy, match="2 calls are in progress") as caught:
        admission.enter(call(3, "ipv4:10.0.0.3"))
    assert caught.value.retryable
    assert caught.value.details["setting"] == "VXDATA_MAX_CALLS"
    admission.leave(call(1))
    admission.enter(call(3, "ipv4:10.0.0.3"))
    assert admission.in_progress == 2


def test_a_limit_for_each_caller() -> None:
    """Anonymous callers are told apart by their addresses, others by their names."""
    admission = Admission(10, 1)
    admission.enter(call(1))
    with pytest.raises(ServerBusy, match="1 calls of this caller") as caught:
        admission.enter(call(2))
    assert caught.value.details["setting"] == "VXDATA_MAX_CALLS_EACH"
    admission.enter(call(3, "ipv4:10.0.0.2"))
    ann = Principal("ann", Role.READER, EVERYTHING, "token")
    admission.enter(call(4, principal=ann))
    with pytest.raises(ServerBusy):
        admission.enter(call(5, "ipv4:10.0.0.9", principal=ann))
    assert admission.peers == {"ipv4:10.0.0.1:4001", "ipv4:10.0.0.2:4003", "ipv4:10.0.0.1:4004"}


def test_strangers_take_no_places_of_others() -> None:
    admission = Admission(1, STRANGERS + 1)
    strangers = [call(number, address(number), NOBODY) for number in range(STRANGERS)]
    for each in strangers:
        admission.enter(each)
    with pytest.raises(ServerBusy, match="as many as may be"):
        admission.enter(call(STRANGERS, address(STRANGERS), NOBODY))
    ann = Principal("ann", Role.READER, EVERYTHING, "token")
    admission.enter(call(100, principal=ann))
    with pytest.raises(ServerBusy, match="1 calls are in progress"):
        admission.enter(call(101, principal=ann))
    admission.leave(strangers[0])
    admission.enter(call(STRANGERS, address(STRANGERS), NOBODY))
    assert admission.in_progress == STRANGERS + 1


def test_strangers_of_one_address_leave_places_to_others() -> None:
    admission = Admission(1, STRANGERS)
    for number in range(STRANGERS_EACH):
        admission.enter(call(number, principal=NOBODY))
    with pytest.raises(ServerBusy, match="from this address") as caught:
        admission.enter(call(STRANGERS, principal=NOBODY))
    assert (caught.value.retryable, caught.value.details["limit"]) == (True, STRANGERS_EACH)
    admission.enter(call(STRANGERS, "ipv4:10.0.0.2", NOBODY))
    admission.leave(call(0, principal=NOBODY))
    admission.enter(call(0, principal=NOBODY))


def test_a_refused_call_is_not_counted_out() -> None:
    admission = Admission(1, 1)
    admission.enter(call(1))
    with pytest.raises(ServerBusy):
        admission.enter(call(2))
    admission.leave(call(2))
    admission.leave(call(2))
    assert admission.in_progress == 1
    admission.leave(call(1))
    admission.leave(call(1))
    assert admission.in_progress == 0
    admission.enter(call(3))


@pytest.mark.parametrize("fails", [True, False])
def test_a_call_leaves_with_its_response(*, fails: bool) -> None:
    admission = Admission(1, 1)
    boundary = Boundary("test", ErrorReporter(), OPEN, admission=admission)

    def items() -> object:
        yield b"1"
        if fails:
            raise ServerBusy("no")

    with boundary.call("read", never, peer="ipv4:10.0.0.1:1") as opened:
        response = opened.stream(iter(items()))  # type: ignore[call-overload]
    assert admission.in_progress == 1
    with pytest.raises(CallFailed), boundary.call("read", never, peer="ipv4:10.0.0.2:1"):
        pytest.fail("the block must not begin")
    next(response)
    with pytest.raises((StopIteration, CallFailed)):
        next(response)
    assert admission.in_progress == 0
    with pytest.raises(CallFailed), boundary.call("read", never):
        raise ServerBusy("no")
    assert admission.in_progress == 0
