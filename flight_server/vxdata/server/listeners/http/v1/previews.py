"""`/v1/previews`: files of a resource through this server, for browsers, which S3 need not let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.server.listeners.http.responses import Reply
from vxdata.server.listeners.http.v1.about import plan_of_resource
from vxdata.server.listeners.http.v1.instants import AsOf
from vxdata.server.listeners.http.v1.resources import Identifier
from vxdata.server.listeners.http.v1.rows import read_table
from vxdata.server.services.files import blob_fields, files_of
from vxdata.server.services.pinned import rows_of
from vxdata.server.services.resources import require_found

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.v1.context import Context

MEDIA_TYPES: Final = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
"""Suffixes of pictures; all else is sent as bytes, so that no browser runs it."""

BYTES: Final = "application/octet-stream"

HEADERS: Final = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

FieldName = Annotated[str, Query(description="The field that names the file.")]
Key = Annotated[str | None, Query(description="Its key, where the field is a mapping.")]


def preview_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["resources"])

    @router.get("/previews/{identifier:path}", responses={200: {"content": {BYTES: {}}}}, response_model=None)
    async def preview(
        request: Request, identifier: Identifier, field: FieldName, key: Key = None, as_of: AsOf = None
    ) -> Response:
        """Give a small file of a resource, to be looked at; larger ones have addresses in `/v1/files`."""

        def run(_: bytes, call: Call) -> Reply:
            url = _url(context, identifier, (field, key), as_of, call)
            suffix = url.key.rpartition(".")[2].lower()
            pieces = context.services.blobs.preview(url, call)
            return Reply(pieces, MEDIA_TYPES.get(suffix, BYTES), headers=HEADERS)

        return await context.calls.answer(request, "preview", run)

    return router


def _url(
    context: Context, identifier: str, named: tuple[str, str | None], as_of: str | None, call: Call
) -> ObjectUrl:
    """Where the file lies that a field, or an entry of it, names."""
    field, key = named
    full, plan = plan_of_resource(context, identifier, as_of, call)
    fields = blob_fields(context.catalog(call), full, field)
    rows = rows_of(read_table(context.services.read.run(plan, call)))
    require_found(rows, full)
    for file in files_of(rows[0], fields):
        if file.key == key:
            return ObjectUrl.parse(file.url)
    msg = f"{full} names no such file in {field}."
    raise InvalidRequest(msg, field=field, key=key)
