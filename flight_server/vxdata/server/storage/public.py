"""Buckets that everybody may read, such as those of open data: reached without credentials."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

if TYPE_CHECKING:
    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.server.config import Settings


class PublicBuckets:
    """The public buckets that a deployment lists.

    Args:
        settings: Which they are and where; the bucket for new blobs is never one of them.
        seconds: How long the service may take to answer.
    """

    def __init__(self, settings: Settings, seconds: int) -> None:
        """Connect to nothing yet."""
        self.names = tuple(name for name in settings.s3_public_buckets if name != settings.s3_bucket)
        self._url = settings.s3_public_url
        self._region = settings.s3_public_region
        self._seconds = seconds

    def address(self, url: ObjectUrl) -> str:
        """Return the plain HTTP address of an object: it is not signed, and works for ever.

        Args:
            url: The object.

        Returns:
            The address.
        """
        parameters = {"Bucket": url.bucket, "Key": url.key}
        return str(self.client.generate_presigned_url("get_object", Params=parameters))

    @cached_property
    def client(self) -> Any:
        """A client that signs nothing and looks for no credentials."""
        # A session of its own: the default one of the process is not safe among threads.
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self._url,
            region_name=self._region,
            config=Config(  # type: ignore[call-arg] # the stubs lack the last argument
                signature_version=UNSIGNED,
                connect_timeout=self._seconds,
                read_timeout=self._seconds,
                retries={"total_max_attempts": 2},
                ignore_configured_endpoint_urls=True,  # of the environment, which is meant for the own bucket
            ),
        )

    def close(self) -> None:
        """Close the connections, if there are any."""
        if "client" in self.__dict__:
            self.client.close()
