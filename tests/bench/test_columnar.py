"""The questions of the columnar benchmarks: all who are asked say the same, and what differs is noticed."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from bench._harness.copies import CopiesBehind, answered_by_copies, await_copies, health_of_copies
from bench._harness.figures import Moved
from bench.columnar import respondents
from bench.columnar.column_questions import COLUMN_QUESTIONS, at_past, at_present, question_named
from bench.columnar.own_table import copy_volumes
from bench.columnar.respondents import Respondent
from bench.columnar.rounds import Way, ask_all, milliseconds, most_over, over
from bench.columnar.same import WrongAnswer, check_same
from bench.growth import varied
from bench.growth.synthetic import name
from bench.peers import beside_copies
from bench.peers.adbc import cursor_on
from bench.questions.mechanisms import making_statements
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pydantic import SecretStr

    from bench.columnar.column_questions import ColumnQuestion
    from vxdata.server.config import Settings

ROWS = 2_000


@pytest.fixture(scope="module")
def uri(database_uri: SecretStr) -> str:
    """The database with the volumes."""
    return database_uri.get_secret_value()


@pytest.fixture(scope="module")
def own_server(settings: Settings, database_uri: SecretStr, session_dir: Path) -> Iterator[Server]:
    """A server on that database, with columnar copies."""
    changed = {"database_uri": database_uri, "cache_dir": session_dir / "bench", "copies": True}
    with Server(settings.model_copy(update=changed)) as running:
        yield running


@pytest.fixture(scope="module")
def volumes(own_server: Server) -> Iterator[Client]:
    """A client of the server, whose volumes differ in all that is asked for."""
    with Client(own_server.flight_url) as client:
        varied.create_parents(client)
        varied.create_volumes(client, 0, ROWS)
        yield client


@pytest.fixture(scope="module")
def past(volumes: Client) -> datetime:
    """An instant after which many volumes have changed in what is asked for."""
    instant = volumes.now().as_of
    names = pl.DataFrame({"identifier": [name(number) for number in range(0, ROWS, 2)]})
    receipt = volumes.volumes.update(names.with_columns(size_mb=pl.lit(1000.0), modality=pl.lit("US")))
    await_copies(volumes, receipt.version)
    return instant


@pytest.fixture(scope="module")
def alone(past: datetime, uri: str, session_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB over a table of its own, made of the present volumes."""
    path = session_dir / f"own-{past.timestamp()}.duckdb"
    copy_volumes(str(path), uri)
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.mark.parametrize("question", COLUMN_QUESTIONS, ids=lambda question: question.name)
def test_all_say_the_same(
    volumes: Client, past: datetime, uri: str, alone: duckdb.DuckDBPyConnection, question: ColumnQuestion
) -> None:
    then, now = question.ask(volumes, past), question.ask(volumes)
    assert min(then.height, now.height) > 0
    assert not then.equals(now) or question.name.startswith("text")
    with cursor_on(uri) as cursor:
        for own, sql in ((now, at_present(question)), (then, at_past(question, past))):
            cursor.execute(sql)
            other = pl.DataFrame(cursor.fetch_arrow_table())
            check_same(own, other, question.name, is_ordered=question.is_ordered)
    check_same(now, alone.execute(question.sql_of("volume", "true")).pl(), question.name)


def test_copies_answer_once_they_hold_the_last_commit(volumes: Client, past: datetime) -> None:
    before = answered_by_copies(volumes)
    for as_of in (None, past):
        question_named("median by group").ask(volumes, as_of)
    assert answered_by_copies(volumes) == before + 2
    assert health_of_copies(volumes).bytes > 0


def test_copies_that_do_not_come_are_told_of(volumes: Client) -> None:
    with pytest.raises(CopiesBehind, match=f"do not hold commit {volumes.now().version + 1}"):
        await_copies(volumes, volumes.now().version + 1, limit=0.05)


def test_what_differs_is_noticed() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0]})
    check_same(frame, pl.DataFrame({"b": [2.0, 1.0 + 1e-12]}), "close, in another order")
    for other in (
        pl.DataFrame({"a": [1.0, 2.1]}),
        pl.DataFrame({"a": [1.0]}),
        pl.DataFrame({"a": [1.0, None]}),
        frame.with_columns(b=1),
    ):
        with pytest.raises(WrongAnswer, match="a question"):
            check_same(frame, other, "a question")
    with pytest.raises(WrongAnswer):
        check_same(frame, frame.reverse(), "in order", is_ordered=True)


@contextmanager
def answering(answer: Callable[[int], int]) -> Iterator[Respondent]:
    """A respondent in a thread, whose nth answer is a number and took that many milliseconds."""
    ours, theirs = Pipe()

    def work() -> None:
        number = 0
        while theirs.recv() is not None:
            found = answer(number)
            theirs.send((found / 1e3, pl.DataFrame({"rows": [1 if found else 0]})))
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield Respondent(0, ours)
    finally:
        ours.send(None)
        thread.join()


def test_calls_are_timed_round_by_round_after_one_that_does_not_count() -> None:
    question = COLUMN_QUESTIONS[0]
    before: list[str] = []
    with answering(lambda number: 100 * (number + 1)) as slow, answering(lambda _: 50) as peer:
        ways = {
            "slow": Way(slow, "peer", before=lambda: before.append("touched")),
            "peer": Way(peer, "peer"),
        }
        found = ask_all(ways, [question], rounds=2, calls=2)
    seconds = found[question.name]
    assert seconds["slow"] == [[0.2, 0.3], [0.4, 0.5]]
    assert len(before) == 5
    assert (milliseconds(seconds, "slow").low, milliseconds(seconds, "slow").high) == (200, 400)
    assert over(seconds, "slow", "peer").median == 6.0
    assert most_over(found, "slow", "peer") == over(seconds, "slow", "peer")


def test_a_wrong_answer_ends_the_run() -> None:
    with answering(lambda number: 0 if number == 2 else 1) as wrong, answering(lambda _: 1) as peer:
        ways = {"wrong": Way(wrong, "peer"), "peer": Way(peer, "peer")}
        with pytest.raises(WrongAnswer, match="wrong beside peer"):
            ask_all(ways, COLUMN_QUESTIONS[:1], rounds=2, calls=2)


def test_clients_never_ask_what_was_asked_before(
    own_server: Server, volumes: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for kind in beside_copies.KINDS:
        assert kind(volumes.volumes.query(), 50.0) is not None
    monkeypatch.setattr(beside_copies, "KINDS", (lambda query, limit: asked.append(f"{query} {limit}"),))
    with ExitStack() as stack:
        calls = [beside_copies.asking(stack, own_server.flight_url) for _ in range(3)]
        for call in calls * 4:
            call()
    assert len(set(asked)) == 12


def test_statements_are_made_of_every_question() -> None:
    with making_statements(1) as work:
        made = work()
    assert isinstance(made, Moved)
    assert {name: len(values) for name, values in made.series.items()} == {
        "remembered": len(COLUMN_QUESTIONS),
        "rendered anew": len(COLUMN_QUESTIONS),
    }


def test_an_asker_answers_in_a_process_of_its_own(volumes: Client, uri: str, past: datetime) -> None:
    question = question_named("count by a number")
    with respondents.connected(respondents.through_adbc, uri) as respondent:
        replies = [respondent.ask(question), respondent.ask(question, past)]
    assert all(reply.seconds > 0 for reply in replies)
    assert [reply.frame.item() for reply in replies] == [
        question.ask(volumes, as_of).item() for as_of in (None, past)
    ]
