"""Another user of the machine, who has no token and tries every door, file, folder and process.

It is a program, as a process can become another user only once: what to try is JSON on standard input, what
has come of it JSON on standard output.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from tests.server.identities.asking import PASSED, Clients, ask
from vxdata.server.identities.tokens import new_token


@dataclass(frozen=True)
class Goal:
    """What is tried, as the test tells it."""

    uid: int
    flight_url: str
    http_url: str
    doors: list[str]
    paths: list[str]
    pids: list[int]


@dataclass
class Success:
    """What has let the other user in."""

    doors: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)


def attack(goal: Goal, clients: Clients) -> Success:
    """Try everything."""
    found = Success()
    for token in (None, new_token().get_secret_value()):
        found.doors += [door for door in goal.doors if ask(clients, door, token, "owner") == PASSED]
    for path in goal.paths:
        with suppress(OSError):
            found.listed += [path] if os.listdir(path) is not None else []  # noqa: PTH208 - no iterator: now
        with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - as a text, which is reported
            file.read(1)
            found.read.append(path)
        for change in (_append, _add, _rename):
            with suppress(OSError):
                change(path)
                found.changed.append(path)
    for pid in goal.pids:
        with suppress(OSError):
            os.kill(pid, 0)
            found.processes.append(pid)
        with suppress(OSError):
            os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208 - a word for errors
            found.processes.append(pid)
    return found


def _append(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND))


def _add(path: str) -> None:
    os.close(os.open(f"{path}/x", os.O_WRONLY | os.O_CREAT))


def _rename(path: str) -> None:
    os.rename(path, f"{path}.x")  # noqa: PTH104 - a text, as all the others


def main() -> None:
    """Become the other user, attack, and print what has let him in."""
    goal = Goal(**json.load(sys.stdin))
    with Clients.of(goal.flight_url, goal.http_url) as clients:
        # What is loaded late is used once before: the interpreter may be closed to the other user.
        for door in ("handshake", "do_action", "GET /v1/types"):
            ask(clients, door, None, "owner")
        os.setgroups([])
        os.setgid(goal.uid)
        os.setuid(goal.uid)
        json.dump(asdict(attack(goal, clients)), sys.stdout)


if __name__ == "__main__":
    main()
