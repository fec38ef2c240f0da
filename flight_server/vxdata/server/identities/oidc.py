"""JWTs of an identity provider (OpenID Connect): checked by its public keys, and remembered for a while."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt
import structlog
from cachetools import TLRUCache

from vxdata.server.identities.authenticator import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.server.call import Principal
    from vxdata.server.identities.authenticator import Presented
    from vxdata.server.identities.claims import ClaimRules
    from vxdata.server.identities.jwks import Jwks

REMEMBER_SECONDS: Final = 300.0
"""Seconds for which a checked JWT is not checked again, at most: its key may have been withdrawn."""

REMEMBERED: Final = 10_000
"""Checked JWTs that are remembered, at most."""

PARTS: Final = 3
"""Parts of a signed JWT, with dots between."""

TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What the header `typ` may say: JWTs for other uses, such as `logout+jwt`, are signed by the same keys."""

REQUIRED: Final = ("exp", "iat", "sub", "iss", "aud")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Accepted:
    """Which JWTs are accepted.

    Args:
        issuer: Their issuer.
        audiences: Audiences, one of which they are for.
        algorithms: Algorithms of their signatures.
        leeway: Seconds that the clocks may differ.
    """

    issuer: str
    audiences: Sequence[str]
    algorithms: Sequence[str]
    leeway: float


class JwtAuthenticator:
    """Knows callers by the JWTs of an identity provider.

    Args:
        accepted: Which JWTs are accepted.
        keys: The provider's keys.
        rules: What their claims mean.
        clock: Seconds since 1970, as `exp` counts them.
    """

    def __init__(
        self, accepted: Accepted, keys: Jwks, rules: ClaimRules, clock: Callable[[], float] = time.time
    ) -> None:
        """Remember none yet."""
        self._accepted = accepted
        self._keys = keys
        self._rules = rules
        self._remembered: TLRUCache[bytes, tuple[Principal, float]] = TLRUCache(
            REMEMBERED, ttu=lambda _, entry, now: min(entry[1], now + REMEMBER_SECONDS), timer=clock
        )
        self._lock = threading.Lock()

    def identify(self, presented: Presented) -> Principal | None:
        """Return whom a JWT is about.

        Args:
            presented: What the call shows.

        Returns:
            The principal; None where the call shows no JWT.

        Raises:
            NotAuthenticated: The JWT is forged, expired, or of another issuer or for another audience.
            NotPermitted: The JWT is right, and gives its caller no role or no grants here.
            ServerUnavailable: The provider's keys cannot be had.
        """
        text = presented.bearer
        if text is None or not text.isascii() or text.count(".") != PARTS - 1:
            return None
        digest = hashlib.sha256(text.encode()).digest()
        with self._lock:
            known = self._remembered.get(digest)
        if known is not None:
            return known[0]
        try:
            claims = self._checked(text)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:  # the last: a header of many brackets
            log.info("jwt_refused", reason=type(error).__name__)
            raise refused() from None
        principal = self._rules.principal(claims)
        with self._lock:
            self._remembered[digest] = principal, float(claims["exp"])
        return principal

    def _checked(self, text: str) -> dict[str, Any]:
        """Check a JWT.

        The name of its key and the algorithm are the caller's to write: both must be known, and the algorithm
        must be that of the key.
        """
        if not _is_canonical(text.rpartition(".")[2]):
            msg = "another spelling of the signature"
            raise jwt.InvalidSignatureError(msg)
        header = jwt.get_unverified_header(text)
        if str(header.get("typ", "JWT")).lower() not in TYPES or "crit" in header:
            msg = "a JWT for another use"
            raise jwt.InvalidTokenError(msg)
        if header.get("alg") not in self._accepted.algorithms:
            msg = "the algorithm is not accepted"
            raise jwt.InvalidAlgorithmError(msg)
        key = self._keys.find(header.get("kid"))
        if key is None:
            msg = "the key is unknown"
            raise jwt.InvalidKeyError(msg)
        return jwt.decode(
            text,
            key,
            algorithms=list(self._accepted.algorithms),
            audience=list(self._accepted.audiences),
            issuer=self._accepted.issuer,
            leeway=self._accepted.leeway,
            options={"require": list(REQUIRED)},
        )


def _is_canonical(part: str) -> bool:
    """Whether a part is base64 as an encoder writes it: its last bits and padding could vary otherwise."""
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return base64.urlsafe_b64encode(decoded).rstrip(b"=") == part.encode()
