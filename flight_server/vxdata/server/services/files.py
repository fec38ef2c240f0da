"""Files of a resource: the blobs that its fields name, with addresses to fetch them by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.identifiers import prefix_of
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.schemas.wire import PresignRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.fields import Field
    from vxdata.server.call import Call
    from vxdata.server.services.blobs import BlobService

MAX_FILES: Final = 1_000
"""Most blobs of one answer."""


@dataclass(frozen=True)
class File:
    """A blob that a resource names.

    Args:
        field: The field that names it.
        url: Its `s3://` URL.
        key: Its key, where the field is a mapping.
        address: An HTTP address that works without credentials for a while; None if there is none.
        problem: Why there is none.
    """

    field: str
    url: str
    key: str | None = None
    address: str | None = None
    problem: str | None = None


def blob_fields(catalog: Catalog, identifier: str, name: str | None) -> tuple[Field, ...]:
    """Look up the fields that hold blobs of a resource.

    Args:
        catalog: What there is.
        identifier: Its full identifier.
        name: The one field that is asked for; all if None.

    Returns:
        The fields.

    Raises:
        UnknownField: There is no such field.
        InvalidRequest: It holds no blobs.
    """
    relation = catalog.relation(prefix_of(catalog.registry, identifier))
    holding = tuple(column for column in relation.columns if column.holds_blobs)
    if name is None:
        return holding
    (wanted,) = relation.resolve([name])
    if not wanted.holds_blobs:
        known = [column.name for column in holding]
        names = ", ".join(known) or "none"
        msg = f"{relation.name}.{name} holds no blobs; the fields of this type that do: {names}."
        raise InvalidRequest(msg, field=name, known=known)
    return (wanted,)


def files_of(row: Mapping[str, Any], fields: Sequence[Field]) -> list[File]:
    """List the blobs that a resource names.

    Args:
        row: Its fields.
        fields: Those that hold blobs.

    Returns:
        The blobs, without addresses.

    Example:
        >>> from vxdata.schemas.fields import BlobUrl, Field
        >>> files_of({"url": "s3://b/k"}, [Field(name="url", type=BlobUrl(), description="")])[0].url
        's3://b/k'
    """
    return [File(field.name, url, key) for field in fields for key, url in _urls(row[field.name])]


def _urls(value: Any) -> Iterator[tuple[str | None, str]]:
    match value:
        case str():
            yield None, value
        case list():
            yield from ((None, url) for url in value)
        case dict():
            yield from value.items()


def signed(blobs: BlobService, files: Sequence[File], call: Call) -> tuple[list[File], int | None]:
    """Add an address to each blob that can have one.

    Args:
        blobs: Signs addresses.
        files: The blobs.
        call: The call.

    Returns:
        The blobs; and for how many seconds the addresses work, if there are any.

    Raises:
        InvalidRequest: There are too many blobs for one answer.
        NotAllowed: The server has no blob store.
    """
    if len(files) > MAX_FILES:
        msg = f"The resource names {len(files):,} files, over {MAX_FILES:,}; ask for one field."
        raise InvalidRequest(msg, count=len(files), limit=MAX_FILES)
    if not files:
        return [], None
    opened = frozenset(blobs.describe(call).buckets)
    problems = [_problem(ObjectUrl.parse(file.url), opened) for file in files]
    urls = [file.url for file, problem in zip(files, problems, strict=True) if problem is None]
    request = PresignRequest(method="get", urls=urls)
    call.trail.ask(request)
    found = blobs.presign_named(request) if urls else None
    addresses = iter(found.urls if found else ())
    done = [
        replace(file, address=next(addresses)) if problem is None else replace(file, problem=problem)
        for file, problem in zip(files, problems, strict=True)
    ]
    return done, found.seconds if found else None


def _problem(url: ObjectUrl, opened: frozenset[str]) -> str | None:
    """Why a blob can have no address; None if it can."""
    if url.bucket not in opened:
        return f"The server does not open the bucket {url.bucket}."
    return "The URL stands for a prefix, and not for one object." if url.is_prefix else None
