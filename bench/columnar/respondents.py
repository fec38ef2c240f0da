"""Respondents: processes that answer questions by one way each, such as our server or plain SQL.

Each has a connection of its own, and answers one question at a time. It takes the time itself, from the
question to a frame of Polars.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from bench._harness.candidates import CandidateFailed, apart
from bench.columnar.column_questions import at_past, at_present, question_named
from bench.peers.adbc import cursor_on
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from multiprocessing.connection import Connection

    from bench.columnar.column_questions import ColumnQuestion

# ruff: noqa: PLC0415 - DuckDB is imported in the process that uses it, and nowhere else

Answering = Callable[["ColumnQuestion", "datetime | None"], pl.DataFrame]
"""Answers a question as of an instant, the present if None."""


@dataclass(frozen=True)
class Reply:
    """What a respondent returns.

    Args:
        seconds: From the question to the frame.
        frame: The answer.
    """

    seconds: float
    frame: pl.DataFrame


@dataclass(frozen=True)
class Respondent:
    """A process that answers questions.

    Args:
        pid: Its process id.
        talk: Our end of the pipe to it.
    """

    pid: int
    talk: Connection

    def ask(self, question: ColumnQuestion, as_of: datetime | None = None) -> Reply:
        """Ask a question.

        Args:
            question: One of those that have names.
            as_of: An instant of the past; the present if None.

        Returns:
            The answer and its time.

        Raises:
            CandidateFailed: The process ended.
        """
        self.talk.send((question.name, as_of))
        try:
            return Reply(*self.talk.recv())
        except EOFError:
            raise CandidateFailed("The respondent's process ended; its traceback stands above.") from None


@contextmanager
def connected(target: Callable[..., None], *arguments: object) -> Iterator[Respondent]:
    """Start a respondent, and wait until it is connected.

    Args:
        target: What its process runs: one of the functions below.
        *arguments: Its arguments after the pipe.

    Yields:
        The respondent.
    """
    with apart(target, *arguments) as (pid, talk):
        talk.recv()
        yield Respondent(pid, talk)


def through_vxdata(
    talk: Connection, url: str, token: str | None = None, sources: Sequence[str] | None = None
) -> None:
    """Answer by a VxData server.

    Args:
        talk: Its end of the pipe.
        url: The server.
        token: What the caller shows; None for nothing.
        sources: Identifiers of the data sources that every question is about; None for all.
    """
    with Client(url, token=token) as client:
        volumes = client.volumes.query()
        asked = volumes if sources is None else volumes.filter(F.datasource_id.is_in(sources))
        _answer_all(talk, lambda question, as_of: question.ask_of(asked, as_of))


def through_adbc(talk: Connection, uri: str) -> None:
    """Answer by plain SQL in PostgreSQL."""

    def answer(question: ColumnQuestion, as_of: datetime | None) -> pl.DataFrame:
        cursor.execute(at_present(question) if as_of is None else at_past(question, as_of))
        frame = pl.from_arrow(cursor.fetch_arrow_table(), rechunk=False)
        assert isinstance(frame, pl.DataFrame)
        return frame

    with cursor_on(uri) as cursor:
        _answer_all(talk, answer)


def through_duckdb(talk: Connection, path: str, threads: int) -> None:
    """Answer by DuckDB over a table of its own, which holds only the present state.

    Args:
        talk: Its end of the pipe.
        path: File with the table.
        threads: As many as the server's copies have.
    """
    import duckdb

    def answer(question: ColumnQuestion, _: datetime | None) -> pl.DataFrame:
        frame: pl.DataFrame = connection.execute(question.sql_of("volume", "true")).pl()
        return frame

    with duckdb.connect(path, read_only=True, config={"threads": threads}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        _answer_all(talk, answer)


def _answer_all(talk: Connection, answer: Answering) -> None:
    """Answer questions until the other end of the pipe is closed."""
    talk.send("connected")
    while True:
        try:
            name, as_of = talk.recv()
        except EOFError:
            return
        question = question_named(name)
        started = time.perf_counter()
        frame = answer(question, as_of)
        talk.send((time.perf_counter() - started, frame))
