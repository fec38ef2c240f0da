"""Client certificates, at both ports: who has none that counts is turned away."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.certificates import Authority, Pair
from vxdata.schemas.errors import NotAuthenticated, NotPermitted, ServerUnavailable
from vxdata.sdk import TLS, Client
from vxdata.server.identities.tokens import new_token

if TYPE_CHECKING:
    from tests.fixtures.certificates import Pki
    from vxdata.server.app import Server


def curl(
    server: Server, pki: Pki, pair: Pair | None, path: str = "/livez"
) -> subprocess.CompletedProcess[str]:
    """Ask over HTTP, by default whether the server lives."""
    command = ["curl", "--silent", "--noproxy", "*", "--cacert", str(pki.root.certificate)]
    if pair is not None:
        command += ["--cert", str(pair.certificate), "--key", str(pair.key)]
    command.append(f"{server.http_url}{path}")
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def connect(server: Server, pki: Pki, pair: Pair | None) -> Client:
    """Make a client that shows a certificate."""
    given = (None, None) if pair is None else (pair.certificate, pair.key)
    return Client(server.flight_url, tls=TLS(pki.root.certificate, *given), retry_seconds=0)


def test_who_has_a_certificate_comes_in(mutual_server: Server, pki: Pki) -> None:
    pair = pki.issuing.issue("pipeline", subject="/CN=pipeline", uses="clientAuth")
    assert curl(mutual_server, pki, pair).stdout == '{"status":"ok"}'
    with connect(mutual_server, pki, pair) as client:
        assert client.health().status == "ok"


def certificate_of_nobody(pki: Pki, lacking: str) -> Pair | None:
    """Make a certificate that lacks something, or none."""
    match lacking:
        case "a known authority":
            return pki.foreign.issue("stranger", subject="/CN=pipeline")
        case "time":
            return pki.issuing.issue("late", subject="/CN=pipeline", days=-1)
        case "the use":
            return pki.issuing.issue("mail", subject="/CN=pipeline", uses="emailProtection")
        case "any authority":
            own = Authority.at_top(pki.foreign.folder, "pipeline-itself")
            return Pair(own.certificate, own.key)
        case _:
            return None


@pytest.mark.parametrize("lacking", ["everything", "a known authority", "time", "the use", "any authority"])
def test_everybody_else_is_turned_away(mutual_server: Server, pki: Pki, lacking: str) -> None:
    pair = certificate_of_nobody(pki, lacking)
    done = curl(mutual_server, pki, pair)
    assert (done.returncode != 0, done.stdout) == (True, "")
    with connect(mutual_server, pki, pair) as client, pytest.raises(ServerUnavailable) as caught:
        client.health()
    assert "give yours by Client(…, tls=TLS(certificate=…, key=…))" in caught.value.message


@pytest.mark.parametrize(
    ("subject", "alternatives"),
    [
        ("/O=Hospital/CN=pipeline", []),
        ("/CN=someone", ["DNS:node1.example.org", "DNS:node2.example.org"]),
        ("/CN=someone", ["email:ada@example.org", "DNS:node2.example.org"]),
        ("/CN=someone", ["URI:spiffe://example.org/pipeline"]),
        ("/CN=someone", ["IP:192.0.2.7"]),
    ],
    ids=["common name", "host", "mail", "uri", "address"],
)
def test_a_name_has_its_role_at_both_ports(
    mutual_server: Server, pki: Pki, subject: str, alternatives: list[str]
) -> None:
    pair = pki.issuing.issue("named", *alternatives, subject=subject)
    with connect(mutual_server, pki, pair) as client:
        assert client.volumes.query().count() >= 0
        with pytest.raises(NotPermitted):
            client.data_sources.delete("datasource/none")
    assert "volume" in curl(mutual_server, pki, pair, "/v1/types").stdout


@pytest.mark.parametrize(
    ("subject", "alternatives"),
    [
        ("/CN=someone", []),
        ("/CN=pipeline", ["DNS:node2.example.org"]),
        ("/CN=someone", ["DNS:node2.example.org", "DNS:node1.example.org"]),
        ("/O=pipeline", []),
        ("/CN=PIPELINE", []),
    ],
    ids=["unknown", "hidden behind a host", "not the first", "no common name", "other letters"],
)
def test_other_names_have_none(
    mutual_server: Server, pki: Pki, subject: str, alternatives: list[str]
) -> None:
    pair = pki.issuing.issue("unnamed", *alternatives, subject=subject)
    with connect(mutual_server, pki, pair) as client, pytest.raises(NotAuthenticated):
        client.volumes.query().count()
    assert "NOT_AUTHENTICATED" in curl(mutual_server, pki, pair, "/v1/types").stdout


def test_a_certificate_does_not_make_a_wrong_token_good(mutual_server: Server, pki: Pki) -> None:
    pair = pki.issuing.issue("with-token", subject="/CN=pipeline")
    tls = TLS(pki.root.certificate, pair.certificate, pair.key)
    wrong, refused = new_token().get_secret_value(), pytest.raises(NotAuthenticated)
    with Client(mutual_server.flight_url, tls=tls, token=wrong) as client, refused:
        client.volumes.query().count()
