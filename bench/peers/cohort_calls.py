"""Calls of the CDA API over HTTP, made with as little as Python has, so that the client weighs little."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from bench._harness.figures import Moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench._harness.candidates import Work

SEPARATOR: Final = ": "
PATIENCE: Final = 600
SLOW_SECONDS: Final = {1.0: 2, 0.2: 5}
"""Calls that take so long are made this often at most; the longest first."""


@dataclass(frozen=True)
class Request:
    """A call, or a walk through the pages that begins with it.

    Args:
        name: What it asks, in words.
        path: Below the root of the API.
        body: JSON to send; None for a GET.
        pages: How many pages are walked, each where the answer before it says that the next one is.
        rows: Rows of the answer, where that is what matters.
    """

    name: str
    path: str
    body: Mapping[str, Any] | None = None
    pages: int = 1
    rows: int = 1

    @property
    def method(self) -> str:
        """How it is sent."""
        return "GET" if self.body is None else "POST"


class Caller:
    """Makes calls over one connection.

    Args:
        root: Root of an API.
    """

    def __init__(self, root: str) -> None:
        parts = urlsplit(root)
        assert parts.hostname is not None
        self._root = parts.path
        self._connection = HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)

    def __enter__(self) -> Self:
        """It connects at the first call."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.close()

    def make(self, request: Request) -> bytes:
        """Make a call and read all of the answer; of a walk, the last page."""
        path, answer = self._root + request.path, b""
        body = None if request.body is None else json.dumps(request.body).encode()
        for _ in range(request.pages):
            answer = self._send(request, path, body)
            if request.pages > 1:
                following = urlsplit(json.loads(answer)["next_url"])
                path = f"{following.path}?{following.query}"
        return answer

    def _send(self, request: Request, path: str, body: bytes | None) -> bytes:
        response = self._begin(request, path, body)
        answer = response.read()
        if response.status != 200:  # noqa: PLR2004 - the one that is wanted
            raise RuntimeError(f"{request.name}: {response.status} {answer[:300]!r}")
        return answer

    def _begin(self, request: Request, path: str, body: bytes | None) -> HTTPResponse:
        """Send a request; again over a new connection if the server has closed one that was idle."""
        for _ in range(2):
            try:
                self._connection.request(request.method, path, body, {"Content-Type": "application/json"})
                return self._connection.getresponse()
            except ConnectionError:
                self._connection.close()
        raise RuntimeError(f"{request.name}: there is no connection.")

    def timed(self, request: Request) -> tuple[float, int]:
        """Make a call; tell when the first bytes of its body came, and how many there were."""
        body = None if request.body is None else json.dumps(request.body).encode()
        begun = time.perf_counter()
        response = self._begin(request, self._root + request.path, body)
        size = len(response.read(1))
        first = time.perf_counter() - begun
        while part := response.read(1 << 20):
            size += len(part)
        return first, size


@contextmanager
def one_by_one(_: int, roots: Mapping[str, str], requests: Sequence[Request], most: int) -> Iterator[Work]:
    """Make each call so many times at each of the APIs, which take turns.

    Args:
        _: Number of the round.
        roots: Root of each API, by name.
        requests: The calls.
        most: Calls of each kind; slow ones are fewer.
    """
    with ExitStack() as stack:
        callers = {name: stack.enter_context(Caller(root)) for name, root in roots.items()}

        def work() -> Moved:
            series: dict[str, list[float]] = {}
            for request in requests:
                slowest = max(_seconds(caller, request) for caller in callers.values())
                times = next((count for limit, count in SLOW_SECONDS.items() if slowest > limit), most)
                for _, (name, caller) in product(range(min(times, most)), callers.items()):
                    found = series.setdefault(f"{request.name}{SEPARATOR}{name}", [])
                    found.append(_seconds(caller, request))
            return Moved(sum(map(len, series.values())), series=series)

        yield work


def _seconds(caller: Caller, request: Request) -> float:
    begun = time.perf_counter()
    caller.make(request)
    return time.perf_counter() - begun


@contextmanager
def at_once(_: int, root: str, request: Request, callers: int, calls: int) -> Iterator[Work]:
    """Make a call from several threads at once, each with its own connection.

    Args:
        _: Number of the round.
        root: Root of the API.
        request: The call.
        callers: How many threads.
        calls: Calls of each.
    """
    seconds: list[float] = []
    begin = threading.Event()
    ready = threading.Barrier(callers + 1)

    def member() -> None:
        with Caller(root) as caller:
            caller.make(request)
            ready.wait()
            begin.wait()
            seconds.extend([_seconds(caller, request) for _ in range(calls)])

    members = [threading.Thread(target=member) for _ in range(callers)]
    for each in members:
        each.start()

    def work() -> Moved:
        begin.set()
        for each in members:
            each.join()
        return Moved(len(seconds), series={"seconds": seconds})

    ready.wait()
    yield work


@contextmanager
def whole_page(_: int, root: str, request: Request) -> Iterator[Work]:
    """Read a large page to its end, and keep when its first byte came.

    Args:
        _: Number of the round.
        root: Root of the API.
        request: The call.
    """
    with _connected(root) as caller:

        def work() -> Moved:
            first, size = caller.timed(request)
            return Moved(request.rows, size, series={"first byte": [first]})

        yield work


def _connected(root: str) -> Caller:
    """A caller that has made a small call before."""
    caller = Caller(root)
    caller.make(Request("columns", "/columns/"))
    return caller


def same_answers(answers: Mapping[str, bytes], request: Request) -> int:
    """Check that all APIs give the same rows, in whatever order of rows, lists and keys.

    Args:
        answers: By name of the API.
        request: What was asked.

    Returns:
        The number of rows.

    Raises:
        RuntimeError: Some do not.
    """
    parsed = {name: json.loads(answer) for name, answer in answers.items()}
    (first, standard), *others = parsed.items()
    for name, other in others:
        for key in ("total_row_count", "result"):
            if _in_order(standard.get(key)) != _in_order(other.get(key)):
                raise RuntimeError(f"{request.name}: {key} of {name} is not that of {first}.")
    return len(standard["result"])


def _in_order(value: Any) -> Any:
    """A value with its lists in an order of their own."""
    if isinstance(value, dict):
        return {name: _in_order(each) for name, each in value.items()}
    if isinstance(value, list):
        items = [_in_order(each) for each in value]
        return sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
    return value
