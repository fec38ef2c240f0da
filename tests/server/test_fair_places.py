"""FairPlaces: who may enter does, and nobody is remembered who has gone."""

from __future__ import annotations

import threading

from vxdata.server.fair_places import FairPlaces, Waiter


def ask(places: FairPlaces, *callers: str) -> list[bool]:
    """Queue waiters, and tell which were admitted at once."""
    waiters = [Waiter(caller, threading.Event()) for caller in callers]
    for each in waiters:
        places.queue(each)
    return [each.admitted.is_set() for each in waiters]


def test_who_waits_for_room_does_not_keep_the_server_waiting() -> None:
    places = FairPlaces(4, keeps_room=True)
    assert ask(places, "any", "any", "any") == [True, True, False]
    assert ask(places, "", "") == [True, True]
    waiter = Waiter("", threading.Event())
    places.queue(waiter)
    places.pass_on("any")  # its third call holds fewer places than the server, and has no room yet
    assert waiter.admitted.is_set()


def test_callers_that_have_gone_are_forgotten() -> None:
    places = FairPlaces(1)
    assert ask(places, "first") == [True]
    waiter = Waiter("first", threading.Event())
    places.queue(waiter)
    assert ask(places, "second") == [False]
    places.pass_on("first")  # to the second, which was served the longest ago
    assert not places.leave(waiter)
    places.pass_on("second")
    assert (places.free, places.waiters) == (1, 0)
    assert (places._held, places._turns) == ({}, {})
