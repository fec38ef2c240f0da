"""What S3 answers decides whether it is asked again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import polars as pl
import pytest

from vxdata.schemas.errors import (
    BlobForbidden,
    BlobNotFound,
    LocalFileProblem,
    StorageProblem,
    TransferFailed,
)
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk._storage.s3_errors import problem_of_status
from vxdata.sdk._storage.transfer_pool import TRANSFER_RETRY_SECONDS

if TYPE_CHECKING:
    from vxdata.sdk import Storage

URL = ObjectUrl("bucket", "key")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", BlobNotFound),
        (404, None, BlobNotFound),
        (404, "NoSuchBucket", BlobNotFound),
        (404, "NoSuchUpload", TransferFailed),
        (403, "AccessDenied", BlobForbidden),
        (400, "KeyTooLongError", BlobForbidden),
        (400, None, BlobForbidden),
        (400, "BadDigest", LocalFileProblem),
        (400, "RequestTimeout", TransferFailed),
        (408, None, TransferFailed),
        (409, "ConditionalRequestConflict", TransferFailed),
        (429, None, TransferFailed),
        (500, "InternalError", TransferFailed),
        (503, "SlowDown", TransferFailed),
    ],
)
def test_what_may_pass_is_told_from_what_cannot(
    status: int, code: str | None, kind: type[StorageProblem]
) -> None:
    problem = problem_of_status(URL, status, code, None)
    assert type(problem) is kind
    assert problem.retryable is (kind is TransferFailed)


def test_a_key_that_s3_does_not_take_is_refused_at_once(storage: Storage) -> None:
    """The embedded server takes 255 bytes of a name, AWS more."""
    began = time.monotonic()
    with pytest.raises(BlobForbidden, match=r"S3 refuses it \(KeyTooLongError\)"):
        storage.upload_dataframes({"x" * 300: pl.DataFrame({"a": [1]})})
    assert time.monotonic() - began < sum(TRANSFER_RETRY_SECONDS)
