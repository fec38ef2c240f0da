"""What teams build otherwise: an HTTP endpoint over the table that answers in JSON.

Two of them, on FastAPI and psycopg. `/volumes` is the usual one: pages of JSON, each after the last
identifier of the one before, made by FastAPI from dictionaries. `/volumes.jsonl` is about the best that can
be done with JSON: all rows in one streamed answer, a line each, written by orjson from a server-side
cursor.
"""

from __future__ import annotations

import io
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bench._harness.candidates import Server, apart
from bench.data import VOLUMES, WHERE, select_volumes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from bench._harness.candidates import Work

# ruff: noqa: PLC0415 - imported in the processes that serve and ask, and nowhere else

PAGE: Final = 20_000
LINES_AT_ONCE: Final = 1_000


@contextmanager
def endpoint(uri: str) -> Iterator[Server]:
    """Serve the volumes of a database."""
    with apart(_serve, uri) as (pid, talk):
        yield Server(pid, talk.recv())


def _serve(talk: Connection, uri: str) -> None:
    import threading

    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(_application(uri), log_level="warning"))
        serving = threading.Thread(target=server.run, args=([listener],))
        serving.start()
        while not server.started:
            serving.join(0.01)
        talk.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
        talk.poll(None)  # until the other end is closed
        server.should_exit = True
        serving.join()


def _application(uri: str) -> Any:
    import orjson
    import psycopg
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse
    from psycopg.rows import dict_row

    application = FastAPI()
    page = f"SELECT {', '.join(VOLUMES)} FROM vxdata.volume WHERE {WHERE} AND identifier > %s "
    page += "ORDER BY identifier LIMIT %s"

    def volumes(after: str = "", limit: int = PAGE) -> list[dict[str, Any]]:
        with psycopg.connect(uri, row_factory=dict_row) as connection:
            rows: list[dict[str, Any]] = connection.execute(page, (after, limit)).fetchall()
            return rows

    def lines() -> Iterator[bytes]:
        with psycopg.connect(uri, row_factory=dict_row) as connection, connection.cursor("all") as cursor:
            cursor.itersize = LINES_AT_ONCE
            cursor.execute(select_volumes())
            while rows := cursor.fetchmany(LINES_AT_ONCE):
                yield b"\n".join(map(orjson.dumps, rows)) + b"\n"

    def volumes_in_lines() -> StreamingResponse:
        return StreamingResponse(lines(), media_type="application/jsonl")

    application.add_api_route("/volumes", volumes, response_model=list[dict[str, Any]])
    application.add_api_route("/volumes.jsonl", volumes_in_lines, response_model=None)
    return application


@contextmanager
def pages(_: int, url: str) -> Iterator[Work]:
    """Ask for page after page, and put them together."""
    import httpx

    types = _types()

    def work() -> pl.DataFrame:
        frames: list[pl.DataFrame] = []
        after = ""
        while True:
            answer = http.get("/volumes", params={"after": after, "limit": PAGE}).raise_for_status()
            frame = pl.read_json(io.BytesIO(answer.content), schema=_plain(types))
            if frame.is_empty():
                return _typed(pl.concat(frames), types)
            frames.append(frame)
            after = frame["identifier"][-1]
            if frame.height < PAGE:
                return _typed(pl.concat(frames), types)

    with httpx.Client(base_url=url, timeout=600) as http:
        http.get("/volumes", params={"limit": 10}).raise_for_status()
        yield work


@contextmanager
def streamed(_: int, url: str) -> Iterator[Work]:
    """Take all lines, and let Polars parse them on all cores."""
    import httpx

    types = _types()

    def work() -> pl.DataFrame:
        received = io.BytesIO()
        with http.stream("GET", "/volumes.jsonl") as answer:
            for part in answer.iter_raw():
                received.write(part)
        return _typed(pl.read_ndjson(received.getvalue(), schema=_plain(types)), types)

    with httpx.Client(base_url=url, timeout=600) as http:
        http.get("/volumes", params={"limit": 10}).raise_for_status()
        yield work


def _types() -> pl.Schema:
    from vxdata.sdk import Client

    with Client() as unconnected:
        return unconnected.volumes.query().schema


def _plain(types: pl.Schema) -> dict[str, pl.DataType]:
    """JSON knows no dates and no instants."""
    return {name: pl.String() if kind.is_temporal() else kind for name, kind in types.items()}


def _typed(frame: pl.DataFrame, types: pl.Schema) -> pl.DataFrame:
    dates = [pl.col(name).str.to_date("%Y-%m-%d") for name, kind in types.items() if kind == pl.Date]
    instants = [
        pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC")
        for name, kind in types.items()
        if kind == pl.Datetime
    ]
    return frame.with_columns(*dates, *instants)
