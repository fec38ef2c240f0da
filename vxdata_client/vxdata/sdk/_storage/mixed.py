"""Own credentials for private buckets, plain addresses for public ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sdk._storage.direct import DirectAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Method, Stat
    from vxdata.sdk._storage.http import ObjectReader
    from vxdata.sdk._storage.presigned import PresignedAccess


class MixedAccess(DirectAccess):
    """Reaches public buckets by the addresses that the server gives, and all others with credentials.

    They may lie in another service than the one that the credentials are for.

    Args:
        threads: As for `DirectAccess`.
        served: The way by addresses from the server.
        ask_public: Asks which buckets are public; not called before another bucket than `own` is wanted, and
            again only if it returned None.
        own: The bucket for uploads, where it is known.
        credentials: As for `DirectAccess`.
    """

    def __init__(
        self,
        threads: int,
        *,
        served: PresignedAccess,
        ask_public: Callable[[], Collection[str] | None],
        own: str | None,
        **credentials: str | None,
    ) -> None:
        """Prepare both ways; connections are made at the first requests."""
        super().__init__(threads, **credentials)
        self._served = served
        self._ask_public = ask_public
        self._own = own
        self._public: Collection[str] | None = None

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Say what will be asked for soon; only addresses from the server need to be prepared."""
        if method != "put":
            self._served.expect(method, [url for url in urls if self._is_public(url)])

    def head(self, url: ObjectUrl) -> Stat:
        """Look at an object."""
        return self._served.head(url) if self._is_public(url) else super().head(url)

    def object(self, url: ObjectUrl) -> ObjectReader:
        """Give an object to read from."""
        return self._served.object(url) if self._is_public(url) else super().object(url)

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix."""
        return self._served.list(prefix) if self._is_public(prefix) else super().list(prefix)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._served.close()

    def _is_public(self, url: ObjectUrl) -> bool:
        if url.bucket == self._own:
            return False
        if self._public is None:  # or the server did not answer the last time
            self._public = self._ask_public()
        return url.bucket in (self._public or ())
