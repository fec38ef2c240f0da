"""Access with S3 credentials of the client's own environment, which signs the addresses itself."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from vxdata.schemas.errors import BlobForbidden, InvalidRequest, StorageProblem, TransferFailed
from vxdata.schemas.types.object_url import SCHEME, headers_of
from vxdata.schemas.types.read_addresses import ReadSigner
from vxdata.sdk._storage.access import PART_BYTES, Span
from vxdata.sdk._storage.checks import chunks_of
from vxdata.sdk._storage.http import Body, HttpAccess, Signed
from vxdata.sdk._storage.parallel import side_by_side
from vxdata.sdk._storage.s3_errors import ConditionFailed, problem_of_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Method, Source
    from vxdata.sdk._storage.progress import FileProgress

ATTEMPTS: Final = 2
"""Tries of one request that boto3 sends; the engine tries whole objects again, with longer waits."""

SIGNED_SECONDS: Final = 900
"""How long an address works; requests begin in the first half of that."""


class DirectAccess(HttpAccess):
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
        session = boto3.Session(access_key, secret_key, region_name=region)
        self._client: Any = session.client(
            "s3",
            endpoint_url=endpoint,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                # The older signatures, which are still the default of presigned addresses, sign no headers.
                signature_version="s3v4",
                # It would become part of what is signed, and the engine has checks of its own.
                request_checksum_calculation="when_required",
            ),
        )
        super().__init__(
            threads,
            proxy=_proxy_to(self._client.meta.endpoint_url),
            ca_certs=os.environ.get("AWS_CA_BUNDLE"),
        )
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="vxdata-part")
        self._reads = ReadSigner(self._client, session.get_credentials(), SIGNED_SECONDS)

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Nothing needs to be prepared."""

    def signed(self, method: Method, url: ObjectUrl) -> Signed:
        """Sign an address; one to put with is good for the content that the key names."""
        if method == "put":
            return self._sign(url, "put_object", url.put_conditions)
        until = time.monotonic() + SIGNED_SECONDS / 2
        with _translated(url):
            return Signed(self._reads.sign(method, url), {}, until)

    def put(self, url: ObjectUrl, source: Source, file_progress: FileProgress) -> bool:
        """Upload a file unless the object is there: a large one in parts, side by side."""
        if source.size <= PART_BYTES:
            return super().put(url, source, file_progress)
        with _translated(url):
            upload = self._client.create_multipart_upload(Bucket=url.bucket, Key=url.key)["UploadId"]
        try:
            self._put_parts(url, source, upload, file_progress)
        except ConditionFailed:
            self._abort(url, upload)
            return False
        except BaseException:
            self._abort(url, upload)
            raise
        return True

    def _put_parts(self, url: ObjectUrl, source: Source, upload: str, file_progress: FileProgress) -> None:
        spans = Span.parts(0, source.size)
        numbers = {span: number for number, span in enumerate(spans, 1)}

        def send(span: Span, file_progress: FileProgress) -> dict[str, Any]:
            where = {"UploadId": upload, "PartNumber": numbers[span]}
            md5 = {"content-md5": _md5_of(source.path, span)}
            etag = self.send(
                url, self._sign(url, "upload_part", where), Body(source, span, file_progress), md5
            )
            return {"PartNumber": numbers[span], "ETag": etag}

        with side_by_side(self._threads, send, spans, file_progress) as sent:
            parts = list(sent)
        source.require_unchanged(url)
        with _translated(url):
            self._client.complete_multipart_upload(
                Bucket=url.bucket,
                Key=url.key,
                UploadId=upload,
                MultipartUpload={"Parts": parts},
                IfNoneMatch="*",
            )

    def _abort(self, url: ObjectUrl, upload: str) -> None:
        # What is told is why; parts that stay are of no harm, and buckets have rules to remove them.
        with suppress(StorageProblem), _translated(url):
            self._client.abort_multipart_upload(Bucket=url.bucket, Key=url.key, UploadId=upload)

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix."""
        pages = self._client.get_paginator("list_objects_v2")
        with _translated(prefix):
            for page in pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key):
                for found in page.get("Contents", ()):
                    yield f"{SCHEME}{prefix.bucket}/{found['Key']}", int(found["Size"])

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._threads.shutdown()
        self._client.close()

    def _sign(self, url: ObjectUrl, operation: str, parameters: Mapping[str, Any]) -> Signed:
        until = time.monotonic() + SIGNED_SECONDS / 2
        with _translated(url):
            address = self._client.generate_presigned_url(
                operation,
                Params={"Bucket": url.bucket, "Key": url.key, **parameters},
                ExpiresIn=SIGNED_SECONDS,
            )
        return Signed(address, headers_of(parameters), until)


def access_from(
    threads: int, given: Mapping[str, str | None], make: Callable[..., DirectAccess] = DirectAccess
) -> DirectAccess:
    """Make the access that the environment's settings describe.

    Args:
        threads: Requests at a time.
        given: URL, REGION, ACCESS_KEY and SECRET_KEY, each None where it is not set.
        make: Makes the access, with the arguments of `DirectAccess`.

    Returns:
        The access.

    Raises:
        InvalidRequest: The settings make no sense.
    """
    if bool(given["ACCESS_KEY"]) != bool(given["SECRET_KEY"]):
        msg = "VXDATA_S3_ACCESS_KEY and VXDATA_S3_SECRET_KEY belong together, and only one of them is set."
        raise InvalidRequest(msg)
    try:
        return make(
            threads,
            endpoint=given["URL"],
            region=given["REGION"],
            access_key=given["ACCESS_KEY"],
            secret_key=given["SECRET_KEY"],
        )
    except (BotoCoreError, ValueError) as error:
        msg = f"The environment's settings for S3 cannot be used: {error}"
        raise InvalidRequest(msg) from error


def has_credentials() -> bool:
    """Tell whether boto3 finds S3 credentials."""
    return boto3.Session().get_credentials() is not None


def _proxy_to(endpoint: str) -> str | None:
    """The proxy that the environment names for an endpoint."""
    parts = urlsplit(endpoint)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _md5_of(path: Path, span: Span) -> str:
    """The hash of a part as a header states it; S3 compares it with what arrives."""
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in chunks_of(path, span):
        digest.update(chunk)
    return base64.b64encode(digest.digest()).decode()


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
    except BotoCoreError as error:
        raise TransferFailed.about(str(url), f"S3 did not answer or broke off ({error!s:.300})") from error
