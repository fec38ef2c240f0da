"""The keys of an issuer: fetched when they are first needed, and again when they change.

A provider changes its keys from time to time, and each JWT names its key (`kid`). So an unknown name is a
reason to ask the provider; but whoever forges JWTs can invent names, so the provider is asked at most once in
some seconds, whatever the number of names. Calls with a known key never wait: it is refreshed in the
background.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.identities.errand import Errand
from vxdata.server.identities.provider import ProviderProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import jwt

ASK_SECONDS: Final = 10.0
"""Seconds between two questions to the provider, at least."""

FRESH_SECONDS: Final = 300.0
"""Seconds after which keys are fetched again: those that the provider has withdrawn must end."""

STALE_SECONDS: Final = 2 * FRESH_SECONDS
"""Seconds after which a key counts as one that is not known, so that its JWTs wait for the provider: nobody
has asked for long."""

KEEP_SECONDS: Final = 86_400.0
"""Seconds for which keys are used while the provider does not answer."""

WAIT_SECONDS: Final = 10.0
"""Seconds that a JWT waits for the provider, at most."""

MAX_WAITING: Final = 32
"""JWTs that wait at a time: each takes one of the threads that find out who calls (HTTP has 64 of them),
whoever has made it up."""

log = structlog.get_logger(__name__)


class Jwks:
    """The keys of an issuer.

    Args:
        fetch: Asks the provider for them, by name; raises `ProviderProblem`.
        clock: Seconds that never go back.
    """

    def __init__(
        self, fetch: Callable[[], Mapping[str, jwt.PyJWK]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Know none yet."""
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched = self._asked = -math.inf
        self._answers = True
        self._asking = Errand("vxdata-jwks", self._ask, WAIT_SECONDS)
        self._waiting = threading.Semaphore(MAX_WAITING)

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        """Return a key by its name.

        Args:
            kid: The name that a JWT gives; None for the only key (OpenID Connect Core 1.0, 10.1).

        Returns:
            The key; None if the provider has none of that name, or several of which none is named.

        Raises:
            ServerUnavailable: The provider has not answered for too long, or too many wait for its answer.
        """
        age = self._clock() - self._fetched
        if self._known(kid) is None or age > KEEP_SECONDS or (age > STALE_SECONDS and self._answers):
            self._wait()
        elif age > FRESH_SECONDS:
            self._begin()
        if self._clock() - self._fetched > KEEP_SECONDS:
            msg = "The identity provider does not give its keys, so JWTs cannot be checked; try again."
            raise ServerUnavailable(msg)
        return self._known(kid)

    def _known(self, kid: str | None) -> jwt.PyJWK | None:
        keys = self._keys
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        return None if kid is None else keys.get(kid)

    def _begin(self) -> None:
        """Have the provider asked, unless that has just been done; nobody waits for it."""
        if self._clock() - self._asked >= ASK_SECONDS:
            self._asking.begin()

    def _wait(self) -> None:
        """Have the provider asked, and wait for its answer, with the others who do."""
        self._begin()
        if not self._asking.is_under_way:
            return
        if not self._waiting.acquire(blocking=False):
            msg = "The keys of the identity provider are being fetched for other JWTs already; try again."
            raise ServerUnavailable(msg)
        try:
            self._asking.join()
        except TimeoutError:
            msg = "The identity provider takes too long to give its keys; try again."
            raise ServerUnavailable(msg) from None
        finally:
            self._waiting.release()

    def _ask(self) -> None:
        now = self._clock()
        if now - self._asked < ASK_SECONDS:
            return
        self._asked = now
        try:
            self._keys = self._fetch()
        except ProviderProblem as problem:
            self._answers = False
            log.warning("oidc_keys_not_fetched", reason=str(problem))
        else:
            self._answers = True
            self._fetched = now
            log.info("oidc_keys_fetched", keys=len(self._keys))
