"""Credentials for a run: tokens in a database, an identity provider on loopback, certificates for trials."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from pydantic import SecretStr

from vxdata.schemas.identity import Role
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.identities.token_store import TokenStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vxdata.schemas.identity import Grants

AUDIENCE: Final = "vxdata"
KEY: Final = "key"
DAY: Final = 86_400


def make_tokens(uri: str, grants: Mapping[str, Grants]) -> dict[str, str]:
    """Make the tokens of writers, by name, in a database whose servers have not started yet."""
    with closing(ConnectionPool(SecretStr(uri), size=1)) as database:
        store = TokenStore(database)
        return {
            name: store.create(name, Role.WRITER, granted).get_secret_value()
            for name, granted in grants.items()
        }


@dataclass(frozen=True)
class Provider:
    """An identity provider that vouches for one reader.

    Args:
        settings: Those of a server that accepts its JWTs.
        jwt: The reader's JWT.
    """

    settings: Mapping[str, str]
    jwt: str = field(repr=False)


@contextmanager
def provider() -> Iterator[Provider]:
    """Publish a key on loopback, and sign a JWT with it that holds for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    published = {"keys": [{**public, "kid": KEY, "use": "sig", "alg": "ES256"}]}
    with tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder:
        (Path(folder) / "keys").write_text(json.dumps(published), encoding="utf-8")
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder)) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield _provider_at(f"http://127.0.0.1:{server.server_port}", key)
            finally:
                server.shutdown()
                thread.join()


def _provider_at(issuer: str, key: ec.EllipticCurvePrivateKey) -> Provider:
    now = int(time.time())
    claims = {"iss": issuer, "aud": AUDIENCE, "sub": "bench", "iat": now, "exp": now + DAY}
    signed = jwt.encode({**claims, "roles": ["vxdata-reader"]}, key, "ES256", {"kid": KEY})
    settings = {
        "oidc_issuer": issuer,
        "oidc_audience": json.dumps([AUDIENCE]),
        "oidc_jwks_url": f"{issuer}/keys",
    }
    return Provider(settings, signed)


class _Files(SimpleHTTPRequestHandler):
    """Serves the files of a folder."""

    def log_message(self, *_: object) -> None:
        """Say nothing: what a run prints are its figures."""


@dataclass(frozen=True)
class Certificates:
    """The files of a server that speaks TLS, and of those who call it.

    Args:
        settings: Those of the server.
        ca: File with the authority that vouches for it.
    """

    settings: Mapping[str, str]
    ca: str


def make_certificates(folder: Path) -> Certificates:
    """Make certificates as users do for trials."""
    command = [sys.executable, "-m", "vxdata.cli", "certs", "dev", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    settings = {"tls_certificate": str(folder / "server.pem"), "tls_key": str(folder / "server.key")}
    return Certificates(settings, str(folder / "ca.pem"))
