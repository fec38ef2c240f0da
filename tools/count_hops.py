"""Count the way of a request through the code: files, functions, calls, and changes of file.

A real server and a client run in this process, on PostgreSQL and S3 of their own in a temporary folder.
A profile function sees every call in every thread and keeps those whose code belongs to `vxdata`; resuming
a generator is a call too, and so is a comprehension before Python 3.12. A change of file is a call whose
file differs from the file of the call before it in the same thread. Each way runs before it is counted, so
imports, connections and what is remembered of statements do not count. A thread that Flight starts in C++
has no profile function until Python runs in it, so the methods and streams that Flight calls set it
themselves.

Run it as `python -m tools.count_hops`, or with `--files WAY` to list the files of one way.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import itertools
import secrets
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.flight

from tools.tree import TOP, package_folders
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import DataSourceCreate
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ROOTS = tuple(f"{TOP / folder}/" for folder in package_folders())
CALLED_BY_FLIGHT = (
    pyarrow.flight.FlightServerBase,
    pyarrow.flight.ServerMiddlewareFactory,
    pyarrow.flight.ServerMiddleware,
)


@dataclass
class Trace:
    """The calls of one way.

    Args:
        calls: For each thread, file and function of its calls in order.

    Example:
        >>> Trace({1: [("a.py", "f"), ("b.py", "g"), ("a.py", "f")], 2: [("b.py", "g")]}).numbers
        (2, 2, 4, 2)
    """

    calls: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def files(self) -> set[str]:
        """Every file that was entered."""
        return {file for calls in self.calls.values() for file, _ in calls}

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """Files, functions, calls, changes of file."""
        functions = {call for calls in self.calls.values() for call in calls}
        changes = sum(
            before[0] != after[0]
            for calls in self.calls.values()
            for before, after in itertools.pairwise(calls)
        )
        return len(self.files), len(functions), sum(map(len, self.calls.values())), changes


class Tracer:
    """Profile function of all threads; it keeps calls while a trace is open."""

    def __init__(self) -> None:
        self._trace: Trace | None = None

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Keep a call of the project's own code."""
        trace = self._trace
        if trace is None or event != "call" or not frame.f_code.co_filename.startswith(ROOTS):
            return
        code = frame.f_code
        function = f"{code.co_qualname}:{code.co_firstlineno}"
        trace.calls.setdefault(threading.get_ident(), []).append((code.co_filename, function))

    @contextmanager
    def tracing(self) -> Iterator[Trace]:
        """Keep the calls of all threads until the block ends.

        Yields:
            What they are kept in.
        """
        self._trace = trace = Trace()
        sys.setprofile(self)
        try:
            yield trace
        finally:
            sys.setprofile(None)
            self._trace = None

    def entered(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Let a function that C++ calls set the profile function of its thread.

        Args:
            function: A method that Flight calls.

        Returns:
            The same, traced.
        """

        @wraps(function)
        def traced(*args: Any, **options: Any) -> Any:
            sys.setprofile(self)
            return function(*args, **options)

        return traced

    def stream(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Let every batch of a stream set the profile function of its thread.

        Args:
            original: Flight's stream over a generator.

        Returns:
            The same over a traced one.
        """

        def make(schema: object, batches: Iterator[Any], *args: Any, **options: Any) -> Any:
            step = self.entered(batches.__next__)
            end = object()
            return original(schema, iter(lambda: _or_end(step, end), end), *args, **options)

        return make


def _or_end(step: Callable[..., Any], end: object) -> Any:
    try:
        return step()
    except StopIteration:
        return end


def enter_by_flight(tracer: Tracer) -> None:
    """Trace what Flight calls in threads of its own; only after the server's modules are imported.

    Args:
        tracer: Gets the calls.
    """
    kinds = [kind for base in CALLED_BY_FLIGHT for kind in base.__subclasses__()]
    for kind in kinds:
        for name, function in list(vars(kind).items()):
            if kind.__module__.startswith("vxdata.") and inspect.isfunction(function):
                setattr(kind, name, tracer.entered(function))
    pyarrow.flight.GeneratorStream = tracer.stream(pyarrow.flight.GeneratorStream)


@contextmanager
def connected_client() -> Iterator[Client]:
    """Start PostgreSQL, S3 and a server.

    Yields:
        A client of the server.
    """
    server = importlib.import_module("vxdata.server.app").Server
    settings = importlib.import_module("vxdata.server.config").Settings
    embedded = importlib.import_module("vxdata.server.embedded").EmbeddedStack
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="vxdata-hops-")))
        folder.chmod(0o755)  # the account that PostgreSQL runs under must reach it
        stack = opened.enter_context(embedded.start(folder / "stack"))
        upgrade_database(stack.postgres_uri)
        running = opened.enter_context(
            server(
                settings(
                    port=0,
                    http_port=0,
                    database_uri=stack.postgres_uri,
                    s3_url=stack.s3.url,
                    s3_bucket=stack.s3.bucket,
                    s3_region=stack.s3.region,
                    s3_access_key=stack.s3.access_key,
                    s3_secret_key=stack.s3.secret_key,
                    cache_dir=folder / "cache",
                )
            )
        )
        yield opened.enter_context(Client(running.flight_url))


def query(client: Client, least: int) -> Any:
    """Build the query that is counted.

    Args:
        client: A client; it is not asked.
        least: A value by which one query differs from the next.

    Returns:
        The query.
    """
    chosen = client.data_sources.query().filter(F.license == "CC BY 4.0", F.name != str(least))
    return chosen.select("identifier", "license")


def model() -> DataSourceCreate:
    """Make the model that is created.

    Returns:
        A data source with a name of its own.
    """
    return DataSourceCreate(identifier=secrets.token_hex(6), license="CC BY 4.0", name="a source")


def ways(client: Client) -> dict[str, Iterator[Callable[[], object]]]:
    """List what is counted.

    Args:
        client: A connected client.

    Returns:
        Name -> runs without end; making a run is no part of it.
    """
    for _ in range(20):
        client.data_sources.create(model())
    new = itertools.count(1)
    return {
        "build": (partial(query, client, 0) for _ in new),
        "collect": (query(client, number).collect for number in new),
        "kept": (query(client, 0).collect for _ in new),
        "limit": (client.data_sources.query().limit(10).collect for _ in new),
        "create": (partial(client.data_sources.create, model()) for _ in new),
    }


def count(client: Client, tracer: Tracer) -> dict[str, Trace]:
    """Run every way until it is warm, then once more and count.

    Args:
        client: A connected client.
        tracer: Set in all threads.

    Returns:
        Way -> its calls.
    """
    traces = {}
    for name, runs in ways(client).items():
        for run in itertools.islice(runs, 5):
            run()
        counted = next(runs)
        with tracer.tracing() as traces[name]:
            counted()
    return traces


def main() -> None:
    """Count, and print a table or the files of one way."""
    parser = argparse.ArgumentParser(prog="python -m tools.count_hops", description=__doc__)
    parser.add_argument(
        "--files", metavar="WAY", help="list the files of build, collect, kept, limit or create"
    )
    wanted = parser.parse_args().files
    importlib.import_module("vxdata.server.logs").configure_logs("WARNING")
    tracer = Tracer()
    threading.setprofile(tracer)
    importlib.import_module("vxdata.server.app")
    enter_by_flight(tracer)
    with connected_client() as client:
        traces = count(client, tracer)
    if wanted:
        print(*sorted(str(Path(file).relative_to(TOP)) for file in traces[wanted].files), sep="\n")
        return
    print(f"{'way':<10}{'files':>8}{'functions':>12}{'calls':>8}{'changes':>10}")
    for name, trace in traces.items():
        files, functions, calls, changes = trace.numbers
        print(f"{name:<10}{files:>8}{functions:>12}{calls:>8}{changes:>10}")


if __name__ == "__main__":
    main()
