"""The identity provider: where it says its keys are, and the keys, over HTTPS."""

from __future__ import annotations

import json
import ssl
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import jwt
import urllib3

from vxdata.server.access_settings import require_encrypted
from vxdata.server.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
"""Below the issuer: OpenID Connect Discovery 1.0, 4."""

MAX_BYTES: Final = 1024**2
"""Bytes of an answer, at most: a set of keys has a few thousand."""

TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=5.0)
"""Seconds to connect, and until the next byte: calls wait for the keys."""

CONTENT_SECONDS: Final = 5.0
"""Seconds until all of an answer is there, once it has begun."""

SYMMETRIC: Final = "oct"
"""Kind of keys that sign and verify alike; published, they would let everybody sign."""


class ProviderProblem(Exception):
    """The keys cannot be had from the provider now."""


class Provider:
    """Fetches the public keys of an issuer.

    Args:
        issuer: The issuer, an address.
        jwks_url: Address of the keys; the issuer is asked for it where None.
        authorities: Certificates, in PEM, of those that vouch for the issuer's HTTPS; those of the system
            where None.
    """

    def __init__(self, issuer: str, jwks_url: str | None = None, authorities: str | None = None) -> None:
        """Prepare; nothing is asked yet."""
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._tls = ssl.create_default_context(cadata=authorities)

    def keys(self) -> dict[str, jwt.PyJWK]:
        """Ask for the keys.

        Returns:
            The keys for signatures, by name. A key without a name has the empty one, if it is the only key.

        Raises:
            ProviderProblem: The provider does not answer, or not as it should.
        """
        listed = self._get(self._jwks_url or self._asked_address()).get("keys")
        if not isinstance(listed, list):
            msg = "its answer is no set of keys"
            raise ProviderProblem(msg)
        found = [pair for entry in listed if (pair := _signing_key(entry)) is not None]
        return {kid: key for kid, key in found if kid or len(found) == 1}

    def _asked_address(self) -> str:
        return keys_address(self._issuer, self._get(self._issuer.rstrip("/") + DISCOVERY_PATH))

    def _get(self, url: str) -> dict[str, Any]:
        """Get an object of JSON; redirects are not followed, as they could leave HTTPS."""
        try:
            with self._http(url) as http:
                response = http.request(
                    "GET", url, redirect=False, retries=False, timeout=TIMEOUT, preload_content=False
                )
                with response:
                    content = _content(response)
                status = response.status
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ProviderProblem(str(error)) from error
        if status != 200 or len(content) > MAX_BYTES:  # noqa: PLR2004 - OK
            msg = f"it answers with status {status} and {len(content):,} bytes"
            raise ProviderProblem(msg)
        try:
            found = json.loads(content)
        except ValueError as error:
            msg = "its answer is not JSON"
            raise ProviderProblem(msg) from error
        if not isinstance(found, dict):
            msg = "its answer is no object of JSON"
            raise ProviderProblem(msg)
        return found

    def _http(self, url: str) -> urllib3.PoolManager:
        """Make the way to an address, by the proxy of the environment if there is one."""
        host, scheme = _host(url), urlsplit(url).scheme
        proxy = None if is_loopback(host) or proxy_bypass(host) else getproxies().get(scheme)
        if proxy is None:
            return urllib3.PoolManager(ssl_context=self._tls)
        return urllib3.ProxyManager(proxy, ssl_context=self._tls)


def _content(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read an answer part by part, so that its time and its size are both bounded."""
    ends = time.monotonic() + CONTENT_SECONDS
    content = b""
    while len(content) <= MAX_BYTES and (part := response.read1(MAX_BYTES + 1)):
        content += part
        if time.monotonic() > ends:
            msg = f"its answer takes longer than {CONTENT_SECONDS:g} seconds"
            raise ProviderProblem(msg)
    return content


def keys_address(issuer: str, described: Mapping[str, Any]) -> str:
    """Read where an issuer says its keys are.

    Args:
        issuer: The issuer that was asked.
        described: What it says of itself.

    Returns:
        The address.

    Raises:
        ProviderProblem: It says that it is another issuer, or has its keys where others could change them.

    Example:
        >>> keys_address("https://idp", {"issuer": "https://idp", "jwks_uri": "http://localhost/keys"})
        Traceback (most recent call last):
        vxdata.server.identities.provider.ProviderProblem: its keys would be on this machine, and it is not
    """
    if described.get("issuer") != issuer:
        msg = f"it calls itself {str(described.get('issuer'))[:200]!r}"
        raise ProviderProblem(msg)
    address = str(described.get("jwks_uri"))
    try:
        require_encrypted(address)
    except ValueError as error:
        msg = f"the address of its keys is refused: {error}"
        raise ProviderProblem(msg) from None
    if is_loopback(_host(address)) and not is_loopback(_host(issuer)):
        msg = "its keys would be on this machine, and it is not"
        raise ProviderProblem(msg)
    return address


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _signing_key(entry: Mapping[str, Any]) -> tuple[str, jwt.PyJWK] | None:
    """Read one key and its name; None for those that sign nothing."""
    if not isinstance(entry, dict) or entry.get("kty") == SYMMETRIC or entry.get("use", "sig") != "sig":
        return None
    kid = entry.get("kid") or ""
    try:
        return str(kid), jwt.PyJWK(dict(entry))
    except jwt.PyJWTError:  # a kind of key that is newer than the library
        return None
