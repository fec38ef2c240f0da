"""Access with S3 credentials of the client's own environment, by boto3."""

from __future__ import annotations

import base64
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from s3transfer.exceptions import RetriesExceededError
from s3transfer.subscribers import BaseSubscriber
from urllib3.exceptions import HTTPError

from vxdata.schemas.blob_urls import SCHEME
from vxdata.schemas.errors import BlobForbidden, LocalFileProblem, TransferFailed
from vxdata.sdk._storage.access import CHUNK_BYTES, LARGE_BYTES, Stat
from vxdata.sdk._storage.answers import AlreadyThere, problem_of_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vxdata.schemas.blob_urls import ObjectUrl
    from vxdata.sdk._storage.access import Method, Source
    from vxdata.sdk._storage.progress import Tally

ATTEMPTS: Final = 2
"""Tries of one request; the engine tries whole objects again, with longer waits."""


class DirectAccess:
    """Reaches S3 with credentials.

    Args:
        threads: Requests at a time, and those of large objects in parts again as many.
        endpoint: Address of the S3 service; AWS if None.
        region: Its region; what boto3 finds if None.
        access_key: Access key; what boto3 finds if None.
        secret_key: Secret key that belongs to it.
    """

    def __init__(
        self,
        threads: int,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        """Prepare the client; nothing is sent yet."""
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                max_pool_connections=2 * threads,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            ),
        )
        # The transfer manager has no parameter for what must hold when it puts the parts together.
        self._sending: dict[tuple[str, str], Source] = {}
        self._client.meta.events.register(
            "provide-client-params.s3.CompleteMultipartUpload", self._completing
        )
        # One manager for all threads, so that large objects together open no more connections than one.
        config = TransferConfig(
            max_concurrency=threads, multipart_threshold=LARGE_BYTES, preferred_transfer_client="classic"
        )
        self._manager: Any = create_transfer_manager(self._client, config)

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Nothing needs to be prepared."""

    def head(self, url: ObjectUrl) -> Stat:
        """Look at an object."""
        with _translated(url):
            return _stat(self._client.head_object(Bucket=url.bucket, Key=url.key))

    def get(self, url: ObjectUrl, path: Path, tally: Tally) -> Stat:
        """Write an object to a file: a small one in one stream, a large one in parts."""
        with _translated(url):
            answer = self._client.get_object(Bucket=url.bucket, Key=url.key)
            stat = _stat(answer)
            tally.sized(stat.size)
            with path.open("wb") as file, closing(answer["Body"]) as body:
                if stat.size > LARGE_BYTES:
                    body.close()
                    self._manager.download(url.bucket, url.key, file, subscribers=[_Reporter(tally)]).result()
                    return stat
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    file.write(chunk)
                    tally.moved(len(chunk))
            return stat

    def put(self, url: ObjectUrl, source: Source, tally: Tally) -> bool:
        """Upload a file unless the object is there."""
        try:
            with _translated(url):
                if source.size <= LARGE_BYTES:
                    self._put_whole(url, source)
                    tally.moved(source.size)
                else:
                    self._put_parts(url, source, tally)
        except AlreadyThere:
            return False
        return True

    def _put_whole(self, url: ObjectUrl, source: Source) -> None:
        # S3 compares the hash with what arrives, so the key never names content that it does not have.
        self._client.put_object(
            Bucket=url.bucket,
            Key=url.key,
            Body=source.path.read_bytes(),
            IfNoneMatch="*",
            ChecksumSHA256=base64.b64encode(bytes.fromhex(source.sha256)).decode(),
            Metadata={"sha256": source.sha256},
        )

    def _put_parts(self, url: ObjectUrl, source: Source, tally: Tally) -> None:
        self._sending[url.bucket, url.key] = source
        try:
            self._manager.upload(
                str(source.path),
                url.bucket,
                url.key,
                extra_args={"Metadata": {"sha256": source.sha256}},
                subscribers=[_Reporter(tally)],
            ).result()
        finally:
            del self._sending[url.bucket, url.key]

    def _completing(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        """Overwrite nothing, and never give content a key with the hash of another."""
        source = self._sending[params["Bucket"], params["Key"]]
        if source.has_changed():
            url = f"{SCHEME}{params['Bucket']}/{params['Key']}"
            raise LocalFileProblem.about(url, f"{source.path} changed while it was uploaded")
        return params | {"IfNoneMatch": "*"}

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix."""
        pages = self._client.get_paginator("list_objects_v2")
        with _translated(prefix):
            for page in pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key):
                for found in page.get("Contents", ()):
                    yield f"{SCHEME}{prefix.bucket}/{found['Key']}", int(found["Size"])

    def close(self) -> None:
        """Close the connections."""
        self._manager.shutdown()
        self._client.close()


class _Reporter(BaseSubscriber):
    """Tells a tally what the transfer manager moves."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def on_progress(self, future: Any, bytes_transferred: int, **_: object) -> None:  # noqa: ARG002 - the manager's form
        """Pass it on."""
        self._tally.moved(bytes_transferred)


def _stat(answer: dict[str, Any]) -> Stat:
    return Stat.from_headers(answer["ResponseMetadata"]["HTTPHeaders"])


@contextmanager
def _translated(url: ObjectUrl) -> Iterator[None]:
    """Say in the project's errors what boto3 says in many of its own."""
    try:
        yield
    except ClientError as error:
        answer: Any = error.response
        said = answer.get("Error", {})
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise problem_of_status(url, status, said.get("Code"), said.get("Message")) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise BlobForbidden.about(str(url), f"no S3 credentials were found ({error})") from error
    except (BotoCoreError, Boto3Error, RetriesExceededError, HTTPError) as error:
        raise TransferFailed.about(str(url), f"S3 did not answer or broke off ({error!s:.300})") from error
