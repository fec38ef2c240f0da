"""Addresses to read objects by: those of boto3, at a twentieth of the processor time (decision 0037).

Server and client both sign some. To sign opens nothing: a signature is a hash of the address and the keys.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from obstore.store import S3Credential, S3Store

    from vxdata.schemas.types.object_url import ObjectUrl

PROBE: Final = "probe"
"""Key of an object that is never asked for."""

_ADDRESS: Final = re.compile(rf"(?P<endpoint>.+)/{PROBE}\?.*%2F(?P<region>[^%&]+)%2Fs3%2Faws4_request&")
"""An address of the probe: whose endpoint, and the region that it is signed for."""

TRIES: Final = 3
"""Pairs of addresses to compare: the two of one pair may be signed in different seconds."""


class ReadSigner:
    """Signs addresses to get objects by, or to look at them.

    In each bucket boto3 signs first. Its address tells endpoint, style and region to obstore, which signs all
    others if it makes the very same one. Else boto3 signs on: the environment may have variables that obstore
    reads in its own way.

    Args:
        client: A boto3 client of S3.
        credentials: The credentials of its session; None if it has found none.
        seconds: How long an address works.
    """

    def __init__(self, client: Any, credentials: Any, seconds: int) -> None:
        """Sign nothing yet."""
        self._client = client
        self._credentials = credentials
        self._seconds = seconds
        self._stores: dict[str, tuple[object, S3Store | None]] = {}

    def sign(self, method: Literal["get", "head"], url: ObjectUrl) -> str:
        """Sign an address.

        Args:
            method: What it allows.
            url: The object.

        Returns:
            The address.

        Raises:
            BotoCoreError: There are no credentials, or boto3 cannot use its settings.
        """
        keys = None if self._credentials is None else self._credentials.get_frozen_credentials()
        found = self._stores.get(url.bucket)
        if found is None or found[0] != keys:
            found = keys, None if keys is None else self._verified(url.bucket, keys)
            self._stores[url.bucket] = found
        if found[1] is None:
            return self._by_boto(method, url.bucket, url.key)
        return self._by_obstore(found[1], method, url.key)

    def _verified(self, bucket: str, keys: Any) -> S3Store | None:
        """A store whose addresses are those of boto3, if there is one."""
        from obstore.exceptions import BaseError  # noqa: PLC0415 - for those who move files

        found = _ADDRESS.match(self._by_boto("get", bucket, PROBE))
        if found is None:
            return None
        with suppress(BaseError):
            store = _store(bucket, keys, **found.groupdict())
            for _ in range(TRIES):
                if self._by_boto("get", bucket, PROBE) == self._by_obstore(store, "get", PROBE):
                    return store
        return None

    def _by_boto(self, method: str, bucket: str, key: str) -> str:
        return str(
            self._client.generate_presigned_url(
                f"{method}_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=self._seconds
            )
        )

    def _by_obstore(self, store: S3Store, method: Literal["get", "head"], key: str) -> str:
        import obstore  # noqa: PLC0415 - for those who move files

        verb: Literal["GET", "HEAD"] = "GET" if method == "get" else "HEAD"
        return obstore.sign(store, verb, key, timedelta(seconds=self._seconds))


def _store(bucket: str, keys: Any, endpoint: str, region: str) -> S3Store:
    """A store whose endpoint names the bucket, as the address of a host or below it."""
    from obstore.store import S3Store  # noqa: PLC0415 - for those who move files

    credential: S3Credential = {
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
        "token": keys.token,
        "expires_at": None,
    }
    return S3Store(
        bucket,
        endpoint=endpoint,
        region=region,
        virtual_hosted_style_request=True,
        # What is not stated is taken from the environment, a session token for instance.
        skip_signature=False,
        s3_express=False,
        request_payer=False,
        credential_provider=lambda: credential,
    )
