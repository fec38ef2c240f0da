"""The question of access: its callers are let in, and who is granted data sources sees only these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from bench._harness.candidates import Candidate, run_once
from bench._harness.environment import served
from bench.access.callers import Caller, pulling, reading
from bench.access.credentials import make_certificates, make_tokens, provider
from bench.access.sources import create_sources, create_volumes, source_name
from bench.columnar.column_questions import question_named
from bench.columnar.respondents import connected, through_vxdata
from bench.columnar.same import check_same
from vxdata.schemas.errors import HandshakeFailed, NotAuthenticated
from vxdata.schemas.identity import EVERYTHING, Grants
from vxdata.sdk import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

SOURCES = 2
NAMES = [source_name(number) for number in range(SOURCES)]
ROWS = 800
"""Volumes below these data sources, and below as many others."""


@dataclass(frozen=True)
class Callers:
    """Callers of one server, which asks who calls and speaks TLS."""

    free: Caller
    granted: Caller
    vouched: Caller


@pytest.fixture(scope="module")
def callers(database_uri: SecretStr, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """All of them, where there are volumes of four data sources."""
    uri = database_uri.get_secret_value()
    tokens = make_tokens(uri, {"free": EVERYTHING, "granted": Grants(read=tuple(NAMES))})
    certificates = make_certificates(tmp_path_factory.mktemp("access") / "certificates")
    with (
        provider() as vouching,
        served(uri, authentication="required", **vouching.settings, **certificates.settings) as server,
    ):
        free = Caller(server.url, tokens["free"], certificates.ca)
        with free.connect() as client:
            for begin in (0, SOURCES):
                create_sources(client, range(begin, begin + SOURCES))
                create_volumes(client, ROWS, range(begin, begin + SOURCES))
        yield Callers(free, replace(free, token=tokens["granted"]), replace(free, token=vouching.jwt))


def test_volumes_lie_below_their_data_sources_in_turn(callers: Callers) -> None:
    with callers.free.connect() as client:
        counted = client.volumes.query().group_by("datasource_id").agg(count().alias("n")).collect()
        first = client.volumes.query().order_by("identifier").limit(4).select("datasource_id").collect()
        studies = client.volumes.query().distinct("study_id").count()
    assert dict(counted.iter_rows()) == {source_name(number): ROWS // SOURCES for number in range(4)}
    assert first["datasource_id"].to_list() == NAMES * 2
    assert studies == 4 * 100


def test_every_caller_reads_in_turn(callers: Callers) -> None:
    with callers.free.connect() as client:
        volumes = client.volumes.query().limit(100).select("identifier").collect()["identifier"].to_list()
    who = {"free": callers.free, "vouched": callers.vouched}
    series = run_once(Candidate(reading, (who, volumes, 3)), 1).moved.series
    assert {name: len(seconds) for name, seconds in series.items()} == {"free": 3, "vouched": 3}
    assert min(min(seconds) for seconds in series.values()) > 0


def test_who_is_granted_half_pulls_half(callers: Callers) -> None:
    for caller, rows in ((callers.free, 2 * ROWS), (callers.granted, ROWS), (callers.vouched, 2 * ROWS)):
        assert run_once(Candidate(pulling, (caller,)), 1).moved.rows == rows


def test_nobody_else_is_let_in(callers: Callers) -> None:
    with replace(callers.free, token=None).connect() as client, pytest.raises(NotAuthenticated):
        client.volumes.query().count()
    with replace(callers.free, ca=None).connect() as client, pytest.raises(HandshakeFailed):
        client.volumes.query().count()


def test_who_asks_for_data_sources_gets_what_is_granted(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callers.free.ca is not None
    monkeypatch.setenv("VXDATA_CA_FILE", callers.free.ca)  # respondents get no authority
    question = question_named("group by, count and sums")
    with (
        connected(through_vxdata, callers.free.url, callers.free.token, NAMES) as choosing,
        connected(through_vxdata, callers.free.url, callers.granted.token) as granted,
        connected(through_vxdata, callers.free.url, callers.free.token) as free,
    ):
        chosen, seen, everything = (each.ask(question).frame for each in (choosing, granted, free))
    check_same(seen, chosen, "granted beside chosen")
    assert everything["count"].sum() == 2 * chosen["count"].sum() == 2 * ROWS
