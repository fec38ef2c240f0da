"""Negotiation: the format of an answer, by name or by what the caller accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import mimeparse
from fastapi import Query

from vxdata.schemas.errors import InvalidRequest, UnknownFormat
from vxdata.server.formats.known import FORMATS, Format

FormatName = Annotated[
    Literal["arrow", "parquet", "csv", "ndjson"] | None,
    Query(alias="format", description="The format; without it, what `Accept` prefers."),
]
Codec = Annotated[
    Literal["none", "lz4", "snappy", "zstd"] | None,
    Query(
        description="How the format is compressed inside: Arrow by lz4 or zstd, Parquet by snappy or zstd."
    ),
]

ANY: Final = "*/*"
"""What a caller accepts that states nothing."""


@dataclass(frozen=True)
class Wanted:
    """A format and how it is compressed.

    Args:
        format: The format.
        codec: One of its codecs.
    """

    format: Format
    codec: str

    @property
    def form(self) -> str:
        """What the bytes of an answer depend on beside its rows."""
        return f"{self.format.name} {self.codec}"


def _accepted() -> dict[str, Wanted]:
    """Media types as callers may state them, the preferred one last, as mimeparse wants it."""
    found = {}
    for each in reversed(FORMATS):
        for codec in reversed(each.codecs):
            found[f"{each.media_type}; codecs={codec}"] = Wanted(each, codec)
    return found


ACCEPTED: Final = _accepted()


def wanted(name: str | None, codec: str | None, accept: str | None) -> Wanted:
    """Tell which format a caller wants.

    Args:
        name: The format by name.
        codec: How it is compressed; by default as `accept` says, else as is usual for the format.
        accept: The header.

    Returns:
        The format and its codec.

    Raises:
        UnknownFormat: There is none that the caller accepts.
        InvalidRequest: The format is not compressed like this, or the header cannot be read.

    Example:
        >>> wanted(None, None, "text/csv;q=0.5, application/x-ndjson").form
        'ndjson none'
    """
    if name is None:
        found = _preferred(accept or ANY)
    else:
        (found,) = (Wanted(each, each.codecs[0]) for each in FORMATS if each.name == name)
    if codec is None or codec == found.codec:
        return found
    if codec not in found.format.codecs:
        known = ", ".join(found.format.codecs)
        msg = f"{found.format.name} is not compressed by {codec}; known: {known}."
        raise InvalidRequest(msg, format=found.format.name, codec=codec, known=list(found.format.codecs))
    return Wanted(found.format, codec)


def _preferred(accept: str) -> Wanted:
    try:
        best: str = mimeparse.best_match(ACCEPTED, accept)
    except mimeparse.MimeTypeParseException:
        msg = f"The header Accept cannot be read: {accept!r:.200}."
        raise InvalidRequest(msg) from None
    if not best:
        known = [each.media_type for each in FORMATS]
        msg = f"No format that is accepted is one of the server's: {', '.join(known)}."
        raise UnknownFormat(msg, accept=accept[:200], known=known)
    return ACCEPTED[best]
