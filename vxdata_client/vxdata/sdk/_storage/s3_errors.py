"""The meaning of the HTTP status codes of S3."""

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
    from vxdata.schemas.types.object_url import ObjectUrl


class ConditionFailed(StorageProblem):
    """A put found the object there, or a get another one than before; never leaves the engine."""


class NothingThere(StorageProblem):
    """The requested part lies beyond the end of the object; never leaves the engine."""


Meaning = tuple[type[StorageProblem], str]

_ELSEWHERE: Final = (BlobForbidden, "its bucket is in another region, which VXDATA_S3_REGION can state")
_REFUSED: Final = (BlobForbidden, "S3 refuses it ({said})")
_CHANGED: Final = (LocalFileProblem, "the file changed while it was uploaded ({said})")

_OF_CODES: Final[dict[str | None, Meaning]] = {
    "NoSuchBucket": (BlobNotFound, "there is no such bucket"),
    "NoSuchUpload": (TransferFailed, "S3 has forgotten the parts that were sent"),
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    # What arrived has not the hash that was sent with it.
    "BadDigest": _CHANGED,
    "XAmzContentSHA256Mismatch": _CHANGED,
    "InvalidDigest": _CHANGED,
    "IncompleteBody": _CHANGED,
    # The one answer of the kind 400 that passes: the connection was too slow for S3.
    "RequestTimeout": (TransferFailed, "S3 waited too long for it ({said})"),
}
_OF_STATUSES: Final[dict[int, Meaning]] = {
    HTTPStatus.PRECONDITION_FAILED: (ConditionFailed, "it is there, or is another one than before"),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: (NothingThere, "it has no such part"),
    HTTPStatus.NOT_FOUND: (BlobNotFound, "there is no such object"),
    HTTPStatus.MOVED_PERMANENTLY: _ELSEWHERE,
    HTTPStatus.TEMPORARY_REDIRECT: _ELSEWHERE,
    HTTPStatus.UNAUTHORIZED: _REFUSED,
    HTTPStatus.FORBIDDEN: _REFUSED,
    # S3 does not understand what it was asked for, a key that is too long for it for instance.
    HTTPStatus.BAD_REQUEST: _REFUSED,
}


def problem_of_status(url: ObjectUrl, status: int, code: str | None, message: str | None) -> StorageProblem:
    """Return the error of a response that is no success.

    Args:
        url: The object.
        status: HTTP status.
        code: S3's own code, where it gave one.
        message: S3's sentence, where it gave one.

    Returns:
        The error.
    """
    said = code or str(status)
    meaning = _OF_CODES.get(code) or _OF_STATUSES.get(status)
    if meaning is None:
        return TransferFailed.about(str(url), f"S3 answered {said}{f': {message}' if message else ''}")
    kind, problem = meaning
    return kind.about(str(url), problem.format(said=said))
