"""JWTs at the doors of a server: over Flight and HTTP, with a token that is fetched anew."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.server.identities.issuer import AUDIENCE, Issuer, running_issuer
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import NotAuthenticated, NotPermitted, ServerUnavailable
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.config import Settings


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def trusting(settings: Settings, issuer: Issuer) -> Iterator[Server]:
    """A server that takes the JWTs of the issuer."""
    given = {"authentication": "required", "oidc_issuer": issuer.url, "oidc_audience": (AUDIENCE,)}
    with Server(settings.model_copy(update={**given, "cache_dir": None})) as running:
        yield running


def get(server: Server, text: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {text}"}
    return httpx.get(f"{server.http_url}/v1/types", headers=headers, trust_env=False, timeout=60)


def test_roles_open_doors(trusting: Server, issuer: Issuer, unique: str) -> None:
    source = DataSourceCreate(identifier=unique, license="CC BY 4.0")
    with Client(trusting.flight_url, token=issuer.sign()) as reader:
        assert reader.data_sources.query().count() >= 0
        with pytest.raises(NotPermitted):
            reader.data_sources.create(source)
    with Client(trusting.flight_url, token=issuer.sign(roles="vxdata-writer")) as writer:
        assert writer.data_sources.create(source).identifier == f"datasource/{unique}"
    assert get(trusting, issuer.sign()).status_code == 200


def test_forgeries_do_not(trusting: Server, issuer: Issuer) -> None:
    expired = issuer.sign(exp=int(time.time()) - 60)
    with Client(trusting.flight_url, token=expired) as client, pytest.raises(NotAuthenticated):
        client.volumes.query().count()
    found = get(trusting, expired)
    assert (found.status_code, found.json()["code"]) == (401, "NOT_AUTHENTICATED")
    assert expired not in found.text


def test_who_has_no_role_is_told(trusting: Server, issuer: Issuer) -> None:
    refused = pytest.raises(NotPermitted, match="none of this server's roles")
    with Client(trusting.flight_url, token=issuer.sign(roles=[])) as client, refused:
        client.volumes.query().count()
    assert get(trusting, issuer.sign(roles=[])).status_code == 403


def test_an_expired_jwt_is_fetched_anew(trusting: Server, issuer: Issuer) -> None:
    fetched: list[str] = []

    def fetch() -> str:
        fetched.append(issuer.sign(exp=int(time.time()) + (600 if fetched else -60)))
        return fetched[-1]

    with Client(trusting.flight_url, token=fetch) as client:
        assert client.volumes.query().count() >= 0
    assert len(fetched) == 2


def test_without_the_provider_nobody_is_refused_for_good(settings: Settings) -> None:
    with running_issuer() as away:
        text = away.sign()
    given = {"authentication": "required", "oidc_issuer": away.url, "oidc_audience": (AUDIENCE,)}
    with Server(settings.model_copy(update={**given, "cache_dir": None})) as server:
        unavailable = pytest.raises(ServerUnavailable, match="identity provider")
        with Client(server.flight_url, token=text, retry_seconds=0) as client, unavailable:
            client.volumes.query().count()
        assert get(server, text).status_code == 503
