"""The versions of one resource, and the files that it names."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vxdata.server.listeners.http.v1.about import answer_about
from vxdata.server.listeners.http.v1.instants import AsOf
from vxdata.server.listeners.http.v1.pinned_replies import json_value
from vxdata.server.listeners.http.v1.relative_models import (
    CommitOfVersion,
    FileAnswer,
    FilesAnswer,
    HistoryAnswer,
    VersionAnswer,
)
from vxdata.server.listeners.http.v1.resources import Identifier
from vxdata.server.listeners.http.v1.snapshots import as_text
from vxdata.server.services import files as blob_files
from vxdata.server.services import resources as found

if TYPE_CHECKING:
    from vxdata.server.listeners.http.v1.about import Subject
    from vxdata.server.listeners.http.v1.context import Context

FieldName = Annotated[str | None, Query(description="A field that holds files; all without it.")]


def version_routes(context: Context) -> APIRouter:
    """Make the routes.

    Args:
        context: What they work with.

    Returns:
        A router of them.
    """
    router = APIRouter(tags=["resources"])

    @router.get("/history/{identifier:path}", response_model=HistoryAnswer)
    async def history(request: Request, identifier: Identifier, as_of: AsOf = None) -> Response:
        """List the versions of a resource: what changed, in which commit; it may be deleted."""

        def make(subject: Subject) -> HistoryAnswer:
            catalog = context.catalog(subject.reads.call)
            versions = found.history(subject.reads, catalog.registry, subject.identifier)
            told = [version_answer(version) for version in versions]
            return HistoryAnswer(snapshot=subject.snapshot, versions=told)

        return await answer_about(context, request, identifier, as_of, make)

    @router.get("/files/{identifier:path}", response_model=FilesAnswer)
    async def files(
        request: Request, identifier: Identifier, field: FieldName = None, as_of: AsOf = None
    ) -> Response:
        """List the files that a resource names, with addresses to fetch them by for a while."""

        def make(subject: Subject) -> FilesAnswer:
            catalog = context.catalog(subject.reads.call)
            fields = blob_files.blob_fields(catalog, subject.identifier, field)
            row = found.resource(subject.reads, catalog, subject.identifier)
            named = blob_files.files_of(row, fields)
            signed, seconds = blob_files.signed(context.services.blobs, named, subject.reads.call)
            expires = None if seconds is None else as_text(datetime.now(UTC) + timedelta(seconds=seconds))
            told = [
                FileAnswer(**asdict(file), expires=expires if file.address is not None else None)
                for file in signed
            ]
            return FilesAnswer(snapshot=subject.snapshot, files=told)

        return await answer_about(context, request, identifier, as_of, make)

    return router


def version_answer(version: found.Version) -> VersionAnswer:
    """Show a version.

    Args:
        version: The version.

    Returns:
        It as answers have it.
    """
    row = version.row
    return VersionAnswer(
        version=row["version"],
        valid_from=json_value(row["valid_from"]),
        valid_to=json_value(row["valid_to"]),
        deleted=row["deleted"],
        commit=CommitOfVersion(
            version=row["version"], verb=version.verb, principal=version.principal, client=version.client
        ),
        changes=json_value(version.changes),
    )
