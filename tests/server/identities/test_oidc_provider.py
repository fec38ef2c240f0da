"""An identity provider that others have written: somebody signs in there, and then calls the server."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from vxdata.schemas.errors import NotAuthenticated, NotPermitted
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.config import Settings

LISTENS = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")
BACK = "http://127.0.0.1/signed-in"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Address of a provider that knows Ada, who may write, and lets others sign in."""
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", "0"]
    command += ["--user-claims", '{"sub": "ada", "groups": ["vxdata-writer"]}']
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = next(found for line in process.stderr if (found := LISTENS.search(line)))
        yield found[1]
        process.terminate()
        process.stderr.read()


def sign_in(provider: str, name: str, client_id: str) -> str:
    """Sign somebody in by the authorization code flow; return their ID token."""
    asked = {"client_id": client_id, "redirect_uri": BACK, "response_type": "code", "scope": "openid"}
    with httpx.Client(base_url=provider, trust_env=False, timeout=60) as browser:
        agreed = browser.post("/oauth2/authorize", params=asked, data={"sub": name})
        (code,) = parse_qs(urlsplit(agreed.headers["location"]).query)["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        form |= {"client_id": client_id, "client_secret": "any"}
        return str(browser.post("/oauth2/token", data=form).raise_for_status().json()["id_token"])


def test_who_signs_in_is_known(provider: str, settings: Settings, unique: str) -> None:
    given = {
        "authentication": "required",
        "oidc_issuer": provider,
        "oidc_audience": ("vxdata",),
        "oidc_role_claim": "groups",
    }
    with Server(settings.model_copy(update={**given, "cache_dir": None})) as server:
        text = sign_in(provider, "ada", "vxdata")
        with Client(server.flight_url, token=text) as client:
            assert client.volumes.query().count() >= 0
            with pytest.raises(NotPermitted):
                client.data_sources.delete(f"datasource/{unique}")
        refused = pytest.raises(NotPermitted, match="in the claim 'groups'")
        with Client(server.flight_url, token=sign_in(provider, "bob", "vxdata")) as client, refused:
            client.volumes.query().count()
        elsewhere = sign_in(provider, "ada", "another-service")
        assert jwt.decode(elsewhere, options={"verify_signature": False})["sub"] == "ada"
        with Client(server.flight_url, token=elsewhere) as client, pytest.raises(NotAuthenticated):
            client.volumes.query().count()
