"""The blob store: the S3 bucket that holds files, and the other buckets that clients may read."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vxdata.schemas.errors import (
    BlobForbidden,
    BlobNotFound,
    InvalidRequest,
    ServerUnavailable,
    StorageProblem,
    VxDataError,
)
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.schemas.types.read_addresses import ReadSigner
from vxdata.server.storage.blob_content import pieces_of
from vxdata.server.storage.public import PublicBuckets

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from datetime import datetime

    from vxdata.server.config import Settings

TIMEOUT_SECONDS: Final = 5
"""Seconds that the store may take for a health check."""

REMOVAL_SECONDS: Final = 300
"""How long the store may take to remove a page of objects."""

PRESIGNED_SECONDS: Final = 900
"""How long an address works; a transfer that has begun by then goes on."""

PAGE_OBJECTS: Final = 1_000
"""Objects of a page, which is S3's own limit for lists and for removals."""

Method = Literal["get", "head", "put"]

_MARKERS: Final = ("KeyMarker", "UploadIdMarker")
_UNREACHABLE: Final = "The blob store cannot be reached."
_UNUSABLE: Final = "The settings of boto3 cannot be used."
_REFUSALS: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_REDIRECTS: Final = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT}


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing tells of it.

    Args:
        url: The object.
        size: Its bytes.
        modified: When it was stored.
    """

    url: ObjectUrl
    size: int
    modified: datetime


@dataclass(frozen=True)
class UnfinishedUpload:
    """An upload in parts that was begun, and neither ended nor aborted: its parts take room.

    Args:
        url: The object that it was to become.
        upload: What S3 calls it.
        begun: When it was begun.
    """

    url: ObjectUrl
    upload: str
    begun: datetime


class BlobStore:
    """A bucket, reached with the server's own credentials.

    Args:
        settings: `s3_bucket` must be set. Without keys, boto3 looks for those of the environment.

    Attributes:
        private: The buckets that are not open to everybody.
    """

    def __init__(self, settings: Settings) -> None:
        """Prepare the client; nothing is sent yet."""
        self.bucket = str(settings.s3_bucket)
        self.public = PublicBuckets(settings, TIMEOUT_SECONDS)
        self.buckets = tuple(dict.fromkeys([self.bucket, *settings.s3_buckets, *self.public.names]))
        self.private = tuple(name for name in self.buckets if name not in self.public.names)
        self.url = settings.s3_url
        self.region = settings.s3_region
        self._settings = settings
        self._session = _session(settings)
        self._client = _client(
            self._session, settings, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 2}
        )

    @cached_property
    def _remover(self) -> Any:
        """Sends each removal once, and waits long for its end.

        A removal that goes on in the store after it was given up, or was sent twice, could hit an object
        that was stored anew meanwhile.
        """
        patience = {"read_timeout": REMOVAL_SECONDS, "retries": {"total_max_attempts": 1}}
        return _client(self._session, self._settings, **patience)

    @cached_property
    def _reads(self) -> ReadSigner:
        """Signs addresses to read by."""
        return ReadSigner(self._client, self._session.get_credentials(), PRESIGNED_SECONDS)

    def check(self) -> None:
        """Ask whether the bucket is there.

        Raises:
            ServerUnavailable: It is not, or the service does not answer.
        """
        try:
            self._ask(lambda: self._client.head_bucket(Bucket=self.bucket), self._own)
        except (StorageProblem, InvalidRequest) as refusal:  # the client cannot mend it
            raise ServerUnavailable(_UNREACHABLE) from refusal

    def presign(self, method: Method, url: ObjectUrl) -> str:
        """Make an address that works without credentials for `PRESIGNED_SECONDS`; of public buckets for ever.

        Args:
            method: What it allows; a put must carry the headers of the URL's conditions.
            url: The object.

        Returns:
            The address.

        Raises:
            ServerUnavailable: There are no credentials to sign with.
        """
        if url.bucket in self.public.names:
            return self.public.address(url)
        if method != "put":
            return str(self._ask(lambda: self._reads.sign(method, url), url))
        parameters = {"Bucket": url.bucket, "Key": url.key, **url.put_conditions}
        return str(
            self._ask(
                lambda: self._client.generate_presigned_url(
                    "put_object", Params=parameters, ExpiresIn=PRESIGNED_SECONDS
                ),
                url,
            )
        )

    def open(self, url: ObjectUrl) -> tuple[int, Generator[bytes]]:
        """Begin to read an object.

        Args:
            url: The object.

        Returns:
            Its bytes: how many there are, and the bytes themselves, to be closed.

        Raises:
            BlobNotFound: There is no such object.
            BlobForbidden: The server's own credentials may not read it.
            ServerUnavailable: The service does not answer.
        """
        client = self.public.client if url.bucket in self.public.names else self._client
        answer = self._ask(lambda: client.get_object(Bucket=url.bucket, Key=url.key), url)
        return answer["ContentLength"], pieces_of(answer["Body"])

    def page(
        self, bucket: str, prefix: str = "", after: str | None = None
    ) -> tuple[list[StoredObject], str | None]:
        """List objects in the order of their keys.

        Args:
            bucket: The bucket.
            prefix: What their keys begin with.
            after: What the page before ended with.

        Returns:
            A page of them, and what to ask for the next page with; None where this one is the last.

        Raises:
            BlobNotFound: There is no such bucket.
            BlobForbidden: The server's own credentials may not list it.
            InvalidRequest: S3 does not understand the prefix.
            ServerUnavailable: The service does not answer.
        """
        where = {} if after is None else {"ContinuationToken": after}
        client = self.public.client if bucket in self.public.names else self._client
        answer = self._ask(
            lambda: client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=PAGE_OBJECTS, **where),
            ObjectUrl(bucket, prefix),
        )
        objects = [
            StoredObject(ObjectUrl(bucket, found["Key"]), found["Size"], found["LastModified"])
            for found in answer.get("Contents", ())
            if not found["Key"].endswith(
                "/"
            )  # a folder that some tool has made: no content, and no key of ours
        ]
        return objects, answer.get("NextContinuationToken")

    def objects(self) -> Iterator[list[StoredObject]]:
        """Go through all of the bucket that new blobs go to, page by page."""
        after: str | None = None
        while True:
            objects, after = self.page(self.bucket, after=after)
            yield objects
            if after is None:
                return

    def unfinished(self) -> Iterator[UnfinishedUpload]:
        """Go through the uploads in parts that have not ended, of the bucket that new blobs go to.

        Yields:
            The uploads.

        Raises:
            StorageProblem: S3 refuses it.
            ServerUnavailable: The service does not answer.
        """
        where: dict[str, str] = {}
        while True:
            answer = self._ask(
                lambda: self._client.list_multipart_uploads(Bucket=self.bucket, **where),  # noqa: B023 - asked at once
                self._own,
            )
            for found in answer.get("Uploads", ()):
                url = ObjectUrl(self.bucket, found["Key"])
                yield UnfinishedUpload(url, found["UploadId"], found["Initiated"])
            if not answer.get("IsTruncated"):
                return
            # SeaweedFS tells only one of the two.
            where = {name: answer[f"Next{name}"] for name in _MARKERS if answer.get(f"Next{name}")}

    def abort(self, unfinished: UnfinishedUpload) -> None:
        """Let S3 forget the parts of an upload; one that has ended meanwhile is no problem.

        Args:
            unfinished: The upload.

        Raises:
            StorageProblem: S3 refuses it.
            ServerUnavailable: The service does not answer.
        """
        where = {"Key": unfinished.url.key, "UploadId": unfinished.upload}
        with suppress(BlobNotFound):
            self._ask(
                lambda: self._client.abort_multipart_upload(Bucket=self.bucket, **where), unfinished.url
            )

    def remove(self, urls: Sequence[ObjectUrl]) -> None:
        """Remove objects of the bucket that new blobs go to.

        Args:
            urls: At most `PAGE_OBJECTS` of them.

        Raises:
            BlobForbidden: The server's own credentials may not remove objects.
            ServerUnavailable: The service does not answer, or did not remove all.
        """
        named = {"Objects": [{"Key": url.key} for url in urls], "Quiet": True}
        answer = self._ask(lambda: self._remover.delete_objects(Bucket=self.bucket, Delete=named), self._own)
        kept = [failure["Key"] for failure in answer.get("Errors", ())]
        if kept:
            msg = f"The blob store did not remove {len(kept):,} objects, such as {kept[0]}."
            raise ServerUnavailable(msg, keys=kept)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self.public.close()
        if "_remover" in self.__dict__:
            self._remover.close()

    @property
    def _own(self) -> ObjectUrl:
        """All of the bucket that new blobs go to."""
        return ObjectUrl(self.bucket, "")

    def _ask(self, call: Callable[[], Any], about: ObjectUrl) -> Any:
        try:
            return call()
        except ClientError as error:
            raise _problem_of(error, str(about)) from error
        except BotoCoreError as error:
            raise ServerUnavailable(_UNREACHABLE) from error


def _problem_of(error: ClientError, url: str) -> VxDataError:
    """Tell what is wrong with one object or bucket from what is wrong with the whole service."""
    answer: Any = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = answer.get("Error", {}).get("Code") or status
    if code == "NoSuchBucket":
        return BlobNotFound.about(url, "there is no such bucket")
    if status == HTTPStatus.NOT_FOUND:
        return BlobNotFound.about(url, f"S3 has no such thing ({code})")
    if status in _REFUSALS:
        return BlobForbidden.about(url, f"S3 refuses it to the server ({code})")
    if status in _REDIRECTS or code == "AuthorizationHeaderMalformed":
        return BlobForbidden.about(url, "its bucket is in another region than the server's VXDATA_S3_REGION")
    if status == HTTPStatus.BAD_REQUEST:
        return InvalidRequest(f"S3 does not accept {url} ({code}).", urls=[url])
    return ServerUnavailable(_UNREACHABLE)


def _session(settings: Settings) -> boto3.Session:
    secret = None if settings.s3_secret_key is None else settings.s3_secret_key.get_secret_value()
    with _usable():
        return boto3.Session(settings.s3_access_key, secret, region_name=settings.s3_region)


def _client(session: boto3.Session, settings: Settings, **patience: Any) -> Any:
    config = Config(
        connect_timeout=TIMEOUT_SECONDS,
        # The older signatures, which are still the default of presigned addresses, sign no headers.
        signature_version="s3v4",
        # A client of a presigned URL would have to send the checksum that boto3 adds.
        request_checksum_calculation="when_required",
        **patience,
    )
    with _usable():
        return session.client("s3", endpoint_url=settings.s3_url, config=config)


@contextmanager
def _usable() -> Iterator[None]:
    """Say that the fault is a variable or a file of the environment, such as AWS_PROFILE."""
    try:
        yield
    except BotoCoreError as error:
        raise ServerUnavailable(_UNUSABLE) from error
