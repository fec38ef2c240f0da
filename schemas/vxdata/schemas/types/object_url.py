"""S3 URLs: which forms are allowed, and what they tell.

One rule holds wherever a URL enters, so that what is stored can be fetched, the client never follows,
and the server never signs, what is not an object or a prefix of objects in a bucket. `problem_of` is the
rule. `URL_PATTERN` clears ordinary URLs faster: all that it matches, and that is not long, obeys the rule.
`problems_of` applies both to a whole column.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from vxdata.schemas.errors import InvalidBlobUrl

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME: Final = "s3://"

MAX_KEY_BYTES: Final = 1_024
"""Bytes of a key in UTF-8: the limit of S3 itself."""

NO_URL: Final = "it is not of the form s3://bucket/key"
"""The problem of what is no S3 URL at all."""

_BUCKET: Final = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
# RE2 has no escape for the last two.
_CONTROL: Final = "\\x00-\\x1f\\x7f-\\x9f\u2028\u2029"
_PART: Final = rf"(?:\.?[^/.{_CONTROL}][^/{_CONTROL}]*|\.\.[^/{_CONTROL}]+)"
# A key of one part that is no lone star, which would stand for the whole bucket.
_ONLY_PART: Final = rf"(?:\.?[^/.*{_CONTROL}]|\.\*|(?:\.\.|\*)[^/{_CONTROL}])[^/{_CONTROL}]*"

URL_PATTERN: Final = rf"^{SCHEME}{_BUCKET}/(?:(?:{_PART}/)+{_PART}?|{_ONLY_PART})$"
"""Pattern of allowed URLs, save for the length; Python, RE2 and pydantic's core read it alike."""

SURELY_SHORT: Final = len(f"{SCHEME}abc/") + MAX_KEY_BYTES
"""No URL of at most so many bytes has a key that is too long, since no bucket's name is shorter."""

_IS_BUCKET: Final = re.compile(_BUCKET)
_HAS_CONTROLS: Final = re.compile(f"[{_CONTROL}]")
_HEADERS: Final = {"IfNoneMatch": "if-none-match", "ChecksumSHA256": "x-amz-checksum-sha256"}
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, order=True)
class ObjectUrl:
    """An object of S3, or all objects below a prefix.

    Args:
        bucket: The bucket.
        key: The object's key; of a prefix, what all keys begin with, ``/`` at its end.
    """

    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Args:
            url: ``s3://bucket/key``; or ``s3://bucket/prefix/``, also with a ``*`` at its end, for what
                lies below.

        Returns:
            The parts. Nothing is decoded: ``%``, ``#`` and ``?`` are characters of the key.

        Raises:
            InvalidBlobUrl: It has another form, or a key that is refused: longer than 1,024 bytes, with
                empty parts, ``.``, ``..`` or control characters.

        Example:
            >>> ObjectUrl.parse("s3://bucket/folder/a%20b.nii")
            ObjectUrl(bucket='bucket', key='folder/a%20b.nii')
            >>> ObjectUrl.parse("s3://bucket/folder/*").is_prefix
            True
        """
        problem = problem_of(url)
        if problem is not None:
            raise InvalidBlobUrl.from_urls([url], problem)
        bucket, _, key = url.removeprefix(SCHEME).partition("/")
        return cls(bucket, _without_star(key))

    @property
    def is_prefix(self) -> bool:
        """Whether the URL stands for all objects below it."""
        return self.key.endswith("/")

    @property
    def sha256(self) -> str | None:
        """The content hash that the key states as its last folder, as keys of uploads do."""
        folders = self.key.split("/")[:-1]
        return folders[-1] if folders and _SHA256.fullmatch(folders[-1]) else None

    @property
    def put_conditions(self) -> dict[str, str]:
        """The conditions of a put that S3 enforces: no overwriting, and the content that the key states.

        They are named as parameters of S3's API, where they become part of a signature; `headers_of` makes
        headers of them.
        """
        conditions = {"IfNoneMatch": "*"}
        if self.sha256 is not None:
            conditions["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(self.sha256)).decode()
        return conditions

    def __str__(self) -> str:
        """Write it as a URL."""
        return f"{SCHEME}{self.bucket}/{self.key}"


def headers_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a request must carry, since they are part of its signature.

    Args:
        parameters: Parameters of S3's API by name.

    Returns:
        A header for each of them that becomes one.
    """
    return {_HEADERS[name]: value for name, value in parameters.items() if name in _HEADERS}


def problem_of(url: str) -> str | None:
    """Say why a URL is refused.

    Args:
        url: Any text.

    Returns:
        The problem, as a sentence about the URL; None if it is allowed.

    Example:
        >>> problem_of("s3://bucket/a//b")
        'its key has an empty part'
    """
    bucket, slash, key = url.removeprefix(SCHEME).partition("/")
    if not url.startswith(SCHEME) or not slash or not _IS_BUCKET.fullmatch(bucket):
        return NO_URL
    return _problem_of_key(_without_star(key))


def problems_of(column: pa.Array) -> pa.Array:
    """Say of each URL in a column why it is refused.

    Args:
        column: Texts.

    Returns:
        The problems as texts; null where the URL is allowed, or null.

    Example:
        >>> problems_of(pa.array(["s3://bucket/a", None, "s3://bucket/*"])).to_pylist()
        [None, None, 'it names a whole bucket']
    """
    is_short = pc.less_equal(pc.binary_length(column), SURELY_SHORT)
    unsure = pc.invert(pc.and_(is_short, pc.match_substring_regex(column, URL_PATTERN)))
    nothing = pa.nulls(len(column), pa.string())
    if not pc.any(unsure).as_py():
        return nothing
    problems = pa.array(map(problem_of, column.filter(unsure).to_pylist()), pa.string())
    return pc.replace_with_mask(nothing, pc.fill_null(unsure, fill_value=False), problems)


def _without_star(key: str) -> str:
    """The key without a star at its end, which makes it a prefix."""
    return key.removesuffix("*") if key == "*" or key.endswith("/*") else key


def _problem_of_key(key: str) -> str | None:
    """Why a key is refused."""
    parts = key.removesuffix("/").split("/")
    if not key.strip("/"):
        return "it names a whole bucket"
    if "" in parts:
        return "its key has an empty part"
    if "." in parts or ".." in parts:
        return "its key has a part . or .., which has no meaning in S3 and a dangerous one elsewhere"
    if _HAS_CONTROLS.search(key):
        return "its key has control characters"
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "its key is not Unicode text"
    return f"its key is longer than {MAX_KEY_BYTES:,} bytes" if size > MAX_KEY_BYTES else None
