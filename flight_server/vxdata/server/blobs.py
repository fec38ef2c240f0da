"""The blob store: the S3 bucket that holds files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vxdata.schemas.errors import ServerUnavailable

if TYPE_CHECKING:
    from vxdata.server.config import Settings

TIMEOUT_SECONDS: Final = 5
"""How long the store may take to answer a check."""


class BlobStore:
    """A bucket, reached with the server's own credentials.

    Args:
        settings: `s3_bucket` must be set. Without keys, boto3 looks for those of the environment.
    """

    def __init__(self, settings: Settings) -> None:
        """Prepare the client; nothing is sent yet."""
        secret = settings.s3_secret_key
        self._bucket = settings.s3_bucket
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.s3_url,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key,
            aws_secret_access_key=None if secret is None else secret.get_secret_value(),
            config=Config(
                connect_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
                retries={"total_max_attempts": 2},
            ),
        )

    def check(self) -> None:
        """Ask whether the bucket is there.

        Raises:
            ServerUnavailable: It is not, or the service does not answer.
        """
        try:
            self._client.head_bucket(Bucket=str(self._bucket))
        except (BotoCoreError, ClientError) as error:
            msg = "The blob store cannot be reached."
            raise ServerUnavailable(msg) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
