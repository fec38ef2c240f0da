"""What the status of an HTTP answer of S3 means."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import (
    BlobForbidden,
    BlobNotFound,
    LocalFileProblem,
    StorageProblem,
    TransferFailed,
)

if TYPE_CHECKING:
    from vxdata.schemas.blob_urls import ObjectUrl

CHANGED: Final = frozenset({"BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest", "IncompleteBody"})
"""Codes of S3 for bytes that do not have the hash that was sent with them."""


class AlreadyThere(StorageProblem):
    """A conditional put found the object there; never leaves the engine."""


def problem_of_status(url: ObjectUrl, status: int, code: str | None, message: str | None) -> StorageProblem:
    """Say what an answer other than a success means.

    Args:
        url: The object.
        status: HTTP status.
        code: S3's own code, where it gave one.
        message: S3's sentence, where it gave one.

    Returns:
        The error.
    """
    name, said = str(url), code or str(status)
    match status:
        case HTTPStatus.PRECONDITION_FAILED:
            return AlreadyThere.about(name, "it is there")
        case HTTPStatus.NOT_FOUND if code == "NoSuchBucket":
            return BlobNotFound.about(name, "there is no such bucket")
        case HTTPStatus.NOT_FOUND:
            return BlobNotFound.about(name, "there is no such object")
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return BlobForbidden.about(name, f"S3 refuses it ({said})")
        case HTTPStatus.BAD_REQUEST if code in CHANGED:
            return LocalFileProblem.about(name, f"the file changed while it was uploaded ({said})")
        case _:
            return TransferFailed.about(name, f"S3 answered {said}{f': {message}' if message else ''}")
