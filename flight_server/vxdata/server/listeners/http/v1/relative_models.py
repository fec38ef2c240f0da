"""Responses of `/v1` that are about the relatives, versions and files of a resource."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.snapshots import Snapshot

Row = dict[str, Any]


class ChildrenAnswer(Answer):
    """A page of the children of a resource."""

    snapshot: Snapshot = Field(description="The state that they are shown in.")
    children: list[Row] = Field(description="Their metadata, each with its `type`, in identifier order.")
    counts: dict[str, int] = Field(description="All children of the resource, by type.")
    next: str | None = Field(None, description="What `after` is for the next page, if there is one.")


class LineageAnswer(Answer):
    """The ancestors of a resource."""

    snapshot: Snapshot = Field(description="The state that they are shown in.")
    ancestors: list[Row] = Field(description="Their metadata, each with its `type`, the nearest first.")


class CommitOfVersion(Answer):
    """The commit that wrote a version."""

    version: int = Field(description="Its number.")
    verb: str = Field(description="What it did.")
    principal: str | None = Field(
        description="Who made it, as the server knew the caller; null in commits of before."
    )
    client: dict[str, str] = Field(description="What its caller said of itself.")


class VersionAnswer(Answer):
    """A version of a resource."""

    version: int = Field(description="Number of the commit that wrote it.")
    valid_from: str = Field(description="Instant of that commit.")
    valid_to: str | None = Field(None, description="Instant at which a later version took its place.")
    deleted: bool = Field(description="Whether it is a deletion.")
    commit: CommitOfVersion = Field(description="The commit.")
    changes: dict[str, list[Any]] = Field(description="Field to its value before and after.")


class HistoryAnswer(Answer):
    """The versions of a resource."""

    snapshot: Snapshot = Field(description="The state up to which they are listed.")
    versions: list[VersionAnswer] = Field(description="The versions, oldest first, deletions included.")


class FileAnswer(Answer):
    """A file that a resource names."""

    field: str = Field(description="The field that names it.")
    key: str | None = Field(None, description="Its key, where the field is a mapping.")
    url: str = Field(description="Its `s3://` URL.")
    address: str | None = Field(None, description="An HTTP address that works without credentials.")
    expires: str | None = Field(None, description="Until when the address works at least.")
    problem: str | None = Field(None, description="Why there is no address.")


class FilesAnswer(Answer):
    """The files that a resource names."""

    snapshot: Snapshot = Field(description="The state that they are named in.")
    files: list[FileAnswer] = Field(description="The files, field by field.")


class IdentifiersAnswer(Answer):
    """Identifiers to choose from."""

    snapshot: Snapshot = Field(description="The state that was searched.")
    identifiers: list[str] = Field(description="The identifiers, in order.")
