"""An issuer of JWTs: a real HTTP server on loopback, with keys that change."""

from __future__ import annotations

import json
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fixtures.certificates import Pair

AUDIENCE: Final = "vxdata"

KEYS: Final[dict[str, tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]]] = {
    "RS256": (
        lambda: rsa.generate_private_key(65537, 2048),
        lambda key: RSAAlgorithm.to_jwk(key.public_key(), as_dict=True),
    ),
    "ES256": (
        lambda: ec.generate_private_key(ec.SECP256R1()),
        lambda key: ECAlgorithm.to_jwk(key.public_key(), as_dict=True),
    ),
    "EdDSA": (
        ed25519.Ed25519PrivateKey.generate,
        lambda key: OKPAlgorithm.to_jwk(key.public_key(), as_dict=True),
    ),
}
"""For each algorithm: makes a private key, and writes its public one."""


class Issuer:
    """Signs JWTs, and publishes the keys.

    Attributes:
        url: The issuer.
        asked: Paths of the requests so far.
        answers: Answers to paths in the place of the usual ones: status and content.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.published: dict[str, dict[str, Any]] = {}
        self._private: dict[str, tuple[str, Any]] = {}
        self.kid = self.add_key()

    def add_key(self, algorithm: str = "ES256") -> str:
        """Publish one more key, and return its name."""
        make, describe = KEYS[algorithm]
        kid, key = f"key-{len(self._private)}", make()
        self._private[kid] = algorithm, key
        self.published[kid] = {**describe(key), "kid": kid, "use": "sig", "alg": algorithm}
        return kid

    def rotate(self) -> None:
        """Replace the key."""
        del self.published[self.kid]
        self.kid = self.add_key()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """The claims of a reader; those that are None are left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600}
        every = {**usual, "roles": ["vxdata-reader"], **changed}
        return {name: value for name, value in every.items() if value is not None}

    def sign(self, *, kid: str | None = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Sign a JWT with a key of that name, the current one by default."""
        algorithm, key = self._private[kid or self.kid]
        headers = {"kid": kid or self.kid, **(header or {})}
        return jwt.encode(self.claims(**changed), key, algorithm, headers)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Answer a request."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        contents = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": list(self.published.values())},
        }
        return (200, json.dumps(contents[path]).encode()) if path in contents else (404, b"")


@contextmanager
def running_issuer(pair: Pair | None = None) -> Iterator[Issuer]:
    """Start an issuer, with TLS if there is a certificate for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = issuer.answer(self.path)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", content.decode())
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            """Give a JWT to a service that signs in with its secret, as at a token endpoint."""
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            is_known = form["grant_type"] == ["client_credentials"] and "client_secret" in form
            self.send_response(200 if is_known else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"access_token": issuer.sign()} if is_known else {}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer = Issuer(f"http{'' if pair is None else 's'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
