"""Replies: an answer with the headers that tell its snapshot, and whether a copy of it can be kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from vxdata.schemas.plan import digest
from vxdata.server.listeners.http.responses import Reply, once
from vxdata.server.listeners.http.v1.snapshots import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from vxdata.schemas.plan import Plan
    from vxdata.server.listeners.http.v1.snapshots import Snapshot
    from vxdata.server.services.read import Result

LIVE: Final = "private, no-cache"
"""A copy may be kept, but must be validated before each use: the next commit can change the answer."""

PINNED: Final = "private, max-age=31536000, immutable"
"""The answer to a question that states its instant never changes."""

ON_CALLER: Final = "Accept, Authorization, Cookie"
"""What answers depend on beside their address: a copy is not for who signs in next in the same browser."""

UNKEPT: Final = "private, no-store"
"""Nothing tells when tables without versions change."""


@dataclass(frozen=True)
class Asked:
    """What an answer answers: as much as decides whether a copy of it is still good.

    Args:
        plan: The plan.
        form: What else the bytes depend on, such as the format.
        known: The header `If-None-Match`: names of the copies that the caller has.
        is_exact: Whether the bytes are always the same; rows without an order can come in another one.
    """

    plan: Plan
    form: str
    known: str | None = None
    is_exact: bool = True


@dataclass(frozen=True)
class Freshness:
    """How long an answer stays good.

    Args:
        snapshot: What it shows.
        headers: The headers that tell it.
        is_known: Whether the caller has it already.
    """

    snapshot: Snapshot
    headers: dict[str, str]
    is_known: bool


def freshness_of(asked: Asked, result: Result) -> Freshness:
    """Tell how long an answer stays good, before its first row is read.

    Args:
        asked: What was asked for.
        result: The running query.

    Returns:
        The snapshot, and the headers of the answer.
    """
    snapshot = snapshot_of(result.arrow_schema)
    headers = {**snapshot.headers, "Vary": ON_CALLER}
    if result.is_timeless:
        return Freshness(snapshot, {**headers, "Cache-Control": UNKEPT}, is_known=False)
    etag = _etag(asked, snapshot, result)
    headers["ETag"] = etag
    headers["Cache-Control"] = LIVE if asked.plan.as_of is None else PINNED
    return Freshness(snapshot, headers, names_etag(asked.known, etag))


def reply_unless_known(asked: Asked, result: Result, make: Callable[[Freshness], Reply]) -> Reply:
    """Answer with what a query reads, unless the caller has a copy that is still good.

    Args:
        asked: What was asked for.
        result: The running query; it is ended unread where the copy is good.
        make: Makes the answer, with the headers that tell how long it stays good.

    Returns:
        The reply.
    """
    fresh = freshness_of(asked, result)
    if fresh.is_known:
        result.close()
        return Reply(once(b""), None, HTTPStatus.NOT_MODIFIED, fresh.headers)
    return make(fresh)


def json_reply(content: BaseModel, headers: dict[str, str] | None = None) -> Reply:
    """Answer with JSON.

    Args:
        content: The content.
        headers: Headers beside it.

    Returns:
        The reply.
    """
    return Reply(
        once(content.model_dump_json(exclude_none=True, by_alias=True).encode()), headers=headers or {}
    )


def _etag(asked: Asked, snapshot: Snapshot, result: Result) -> str:
    """The name of an answer: whatever its bytes depend on; a weak one where they also depend on chance."""
    named = hashlib.blake2b(digest_size=16)
    plan = digest(asked.plan.model_copy(update={"as_of": None}))
    seen = (snapshot.as_of, str(snapshot.version), str(result.purge_epoch))
    for part in (plan, *seen, asked.form, str(result.arrow_schema), result.view, _software()):
        named.update(part.encode() + b"\0")
    name = f'"{named.hexdigest()}"'
    return name if asked.is_exact else f"W/{name}"


def names_etag(header: str | None, etag: str) -> bool:
    """Whether a list of names has this one; whether they are weak does not matter here (RFC 9110, 13.1.2)."""
    if header is None:
        return False
    names = {name.strip().removeprefix("W/") for name in header.split(",")}
    return "*" in names or etag.removeprefix("W/") in names


@cache
def _software() -> str:
    """The versions that write the bytes."""
    return " ".join(f"{name} {version(name)}" for name in ("vxdata", "pyarrow", "polars"))
