"""`/v1/answers`: every answer is a file with an address, which never changes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from vxdata.schemas.errors import QuotaExceeded
from vxdata.schemas.wire import WireError
from vxdata.server.formats.files import FILE_FORMATS
from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.ranges import RangeNotSatisfiable, may_take_part, part_of
from vxdata.server.listeners.http.responses import JSON, Reply, once
from vxdata.server.listeners.http.threads import CallThreads
from vxdata.server.listeners.http.v1.answer_models import (
    AnswerRequest,
    ColumnOfAnswer,
    FixedAnswerInfo,
)
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.query import file_name
from vxdata.server.listeners.http.v1.questions import plan_of
from vxdata.server.listeners.http.v1.replies import ON_CALLER, PINNED, json_reply, names_etag
from vxdata.server.listeners.http.v1.snapshots import snapshot_of
from vxdata.server.services import count as counts
from vxdata.server.services.answer_address import Address

if TYPE_CHECKING:
    from vxdata.server.answer_files.file import LentFile
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.services.answer_address import FixedAnswer
    from vxdata.server.services.answers import AnswerService

ROWS_HEADER: Final = "VxData-Rows"

Digest = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Digest of the plan at its instant.")]
FormatName = Annotated[
    Literal["parquet", "arrow", "csv", "ndjson"], Path(description="Format of the file, its suffix.")
]
Expires = Annotated[
    int | None,
    Query(ge=0, le=2**53, description="Of a signed address: Unix time in seconds until which it holds."),
]
Signer = Annotated[str | None, Query(max_length=100, description="Of a signed address: who has signed it.")]
Signature = Annotated[str | None, Query(max_length=200, description="Of a signed address: its signature.")]


async def stated(
    digest: Digest,
    form: FormatName,
    expires: Expires = None,
    signer: Signer = None,
    signature: Signature = None,
) -> Address:
    """Read the address that a request states; asynchronous, as FastAPI would take a thread for it else."""
    return Address(digest, FILE_FORMATS[form], expires, signer, signature)


CONTENT: Final[dict[str, Any]] = {form.media_type: {} for form in FILE_FORMATS.values()}
DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": CONTENT},
    206: {"description": "A part of the file.", "content": CONTENT},
    304: {"description": "The caller has the file already."},
    403: {"model": WireError, "description": "The signature does not fit, or has expired."},
    416: {"model": WireError, "description": "The file has no byte of the range."},
}
"""How a file is answered with, for the OpenAPI document."""


def answer_routes(context: Context) -> APIRouter:
    """Make the routes.

    Args:
        context: What they work with.

    Returns:
        A router of them alone.
    """
    # Requests for a file wait while it is made: in threads of their own, so that no other route waits too.
    context = replace(context, calls=replace(context.calls, threads=CallThreads()))
    router = APIRouter(tags=["answers"])

    @router.post("/answers", response_model=FixedAnswerInfo, openapi_extra=body_of(AnswerRequest))
    async def give_address(request: Request) -> Response:
        """Give the answer to a question an address in each format, at its instant or that of the last commit.

        The same question at the same instant has the same address on every server of the database.
        """
        base = str(request.url.replace(query=None, fragment=None))

        def run(content: bytes, call: Call) -> Reply:
            return json_reply(_given(context, read_body(AnswerRequest, content), base, call))

        return await context.calls.answer(request, "give_address", run)

    async def answered(request: Request, address: Address, operation: str) -> Response:
        asked = _Asked.of(request)

        def run(_: bytes, call: Call) -> Reply:
            return _file(context.services.answers, address, asked, call)

        return await context.calls.answer(request, operation, run, address=address.signed)

    @router.get("/answers/{digest}.{form}", response_class=Response, responses=DOCUMENTED)
    async def answer_file(request: Request, address: Annotated[Address, Depends(stated)]) -> Response:
        """Read an answer, as a whole or a part of it: its bytes never change, unless resources are purged.

        `Range`, `If-Range` and `If-None-Match` are understood.
        """
        return await answered(request, address, "answer_file")

    @router.head("/answers/{digest}.{form}", response_class=Response, responses=DOCUMENTED)
    async def answer_headers(request: Request, address: Annotated[Address, Depends(stated)]) -> Response:
        """Tell the size of an answer, its rows and its snapshot, without the content."""
        return await answered(request, address, "answer_headers")

    return router


@dataclass(frozen=True)
class _Asked:
    """What a request for a file asks for, beside its address."""

    is_head: bool
    range: str | None
    if_range: str | None
    known: str | None

    @classmethod
    def of(cls, request: Request) -> _Asked:
        headers = request.headers
        return cls(
            request.method == "HEAD",
            headers.get("range"),
            headers.get("if-range"),
            headers.get("if-none-match"),
        )


def _given(context: Context, asked: AnswerRequest, base: str, call: Call) -> FixedAnswerInfo:
    """Register a question, and tell its addresses."""
    service = context.services.answers
    given = service.register(plan_of(asked.question, context.catalog(call)), call)
    rows = counts.count(context.services.read, given.plan, call).rows()
    expires = None if asked.sign_for is None else int(time.time()) + asked.sign_for
    return FixedAnswerInfo(
        digest=given.digest,
        snapshot=snapshot_of(given.arrow_schema),
        rows=rows,
        columns=[ColumnOfAnswer(name=field.name, type=str(field.type)) for field in given.arrow_schema],
        urls={name: _url(service, given, name, base, expires, call) for name in FILE_FORMATS},
        expires=expires,
    )


def _file(service: AnswerService, address: Address, asked: _Asked, call: Call) -> Reply:
    found = service.find(address, call)
    etag = f'"{found.key}"'
    if names_etag(asked.known, etag):
        headers = {"ETag": etag, "Cache-Control": PINNED, "Vary": ON_CALLER}
        return Reply(once(b""), None, HTTPStatus.NOT_MODIFIED, headers)
    found, file = service.open(found, call)
    etag = f'"{found.key}"'
    snapshot = snapshot_of(file.content.arrow_schema)
    name = file_name(file.content.relation, snapshot, f"-{address.digest[:8]}{address.form.suffix}")
    headers = {
        **snapshot.headers,
        ROWS_HEADER: str(file.content.rows),
        "ETag": etag,
        "Cache-Control": PINNED,
        "Vary": ON_CALLER,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    if asked.is_head:
        file.close()
        return Reply(once(b""), address.form.media_type, headers=headers | _length(file.size))
    return _content(file, asked, Reply(once(b""), address.form.media_type, headers=headers), etag, call)


def _content(file: LentFile, asked: _Asked, whole: Reply, etag: str, call: Call) -> Reply:
    """Send a file, or the part of it that is asked for."""
    try:
        part = part_of(asked.range, file.size) if may_take_part(asked.if_range, etag) else None
    except RangeNotSatisfiable:
        file.close()
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        msg = f"The file has {file.size:,} bytes, and none of {(asked.range or '')[:80]!r}."
        error = WireError(
            code=status.name, message=msg, details={"size": file.size}, request_id=call.request_id
        )
        return Reply(once(error.to_bytes()), JSON, status, {"Content-Range": f"bytes */{file.size}"})
    begin, end = (0, file.size) if part is None else (part.begin, part.end)
    _count_rows(file, end - begin, call)
    headers = {**whole.headers, **_length(end - begin)}
    if part is None:
        return replace(whole, chunks=file.read(begin, end), headers=headers)
    headers["Content-Range"] = part.content_range
    chunks = file.read(begin, end)
    return replace(whole, chunks=chunks, status=HTTPStatus.PARTIAL_CONTENT, headers=headers)


def _count_rows(file: LentFile, size: int, call: Call) -> None:
    """Count the rows of a part of a file, as if all took as many bytes."""
    try:
        call.trail.read(math.ceil(file.content.rows * size / file.size) if size else 0)
    except QuotaExceeded:
        file.close()
        raise


def _url(
    service: AnswerService, given: FixedAnswer, name: str, base: str, expires: int | None, call: Call
) -> str:
    address = Address(given.digest, FILE_FORMATS[name])
    url = f"{base}/{address.path}"
    if expires is None:
        return url
    signed = service.sign(address, expires, call)
    stated = {"expires": expires, "signer": signed.signer, "signature": signed.signature}
    return f"{url}?{urlencode({name: value for name, value in stated.items() if value})}"


def _length(size: int) -> dict[str, str]:
    return {"Content-Length": str(size)}
