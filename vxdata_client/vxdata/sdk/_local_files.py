"""Creates with local files: each file is uploaded first, and its URL stands in the resource."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vxdata.schemas.errors import InvalidRequest, StateConflict, ValidationFailed, VxDataError
from vxdata.schemas.registry import registry
from vxdata.schemas.violations import MAX_VIOLATIONS
from vxdata.schemas.wire import MOST_URLS, Action, BlobUrls
from vxdata.sdk._retry import retried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vxdata.schemas.models import ResourceCreate
    from vxdata.sdk._session import Session


class LocalFile(NamedTuple):
    """A local file that a model names.

    Args:
        row: Position of the model.
        model: The model.
        field: The field that names it.
        path: The file.
    """

    row: int
    model: ResourceCreate
    field: str
    path: Path


@contextmanager
def uploaded(session: Session, models: Sequence[ResourceCreate]) -> Iterator[Sequence[ResourceCreate]]:
    """Upload the local files that models name, for the length of a block that creates these.

    Where the block fails because the server refused, and so has written nothing, what was newly uploaded
    is removed again. Where it is not known whether something was written, it stays: what nothing refers
    to is removed by `vxdata storage sweep`.

    Args:
        session: The way to the server and the storage.
        models: The models.

    Yields:
        The models with URLs in place of paths; the same ones where there are no paths.

    Raises:
        ValidationFailed: There is no such file; each is named with its field. Nothing is sent then.
        StorageProblem: A file cannot be uploaded.
    """
    files = list(_files_of(models))
    if not files:
        yield models
        return
    _require_readable(files)
    sent = session.storage.upload_files(list(dict.fromkeys(file.path for file in files)))
    urls = {path: url for path, (url, _) in sent.items()}
    try:
        yield _with_urls(models, files, urls)
    except (InvalidRequest, StateConflict):
        _take_back(session, [url for url, is_new in sent.values() if is_new])
        raise


def _files_of(models: Iterable[ResourceCreate]) -> Iterator[LocalFile]:
    for row, model in enumerate(models):
        for name in _blob_fields(model.resource_type):
            for value in _items(getattr(model, name)):
                if isinstance(value, Path):
                    yield LocalFile(row, model, name, value)


@cache
def _blob_fields(resource_type: str) -> tuple[str, ...]:
    return tuple(field.name for field in registry().get(resource_type).fields if field.holds_blobs)


def _items(value: Any) -> Iterable[object]:
    match value:
        case list():
            return value
        case dict():
            return value.values()
        case _:
            return (value,)


def _require_readable(files: Sequence[LocalFile]) -> None:
    """Find out about files that cannot be uploaded before anything is sent."""
    problems = {path: _problem_of(path) for path in {file.path for file in files}}
    violations = [
        {
            "resource_type": file.model.resource_type,
            "row": file.row,
            "identifier": file.model.identifier,
            "field": file.field,
            "problem": problems[file.path],
            "value": str(file.path),
        }
        for file in files
        if problems[file.path] is not None
    ]
    if violations:
        raise ValidationFailed.from_violations(violations[:MAX_VIOLATIONS], count=len(violations))


def _problem_of(path: Path) -> str | None:
    if path.is_dir():
        return f"{path} is a folder; name its files one by one"
    if not path.is_file():
        return f"there is no file {path}"
    return None if os.access(path, os.R_OK) else f"{path} may not be read"


def _with_urls(
    models: Sequence[ResourceCreate], files: Iterable[LocalFile], urls: Mapping[Path, str]
) -> list[ResourceCreate]:
    """Copies of the models that name files; all others as they are."""
    named: dict[int, dict[str, Any]] = {}
    for file in files:
        named.setdefault(file.row, {})[file.field] = _replaced(getattr(file.model, file.field), urls)
    return [
        model.model_copy(update=named[row]) if row in named else model for row, model in enumerate(models)
    ]


def _replaced(value: Any, urls: Mapping[Path, str]) -> Any:
    match value:
        case Path():
            return urls[value]
        case list():
            return [_replaced(item, urls) for item in value]
        case dict():
            return {key: _replaced(item, urls) for key, item in value.items()}
        case _:
            return value


def _take_back(session: Session, urls: Sequence[str]) -> None:
    """Remove what was uploaded in vain, but for what another resource refers to by now.

    Failing to is no news for the caller, who is about to learn why nothing was created.
    """
    with suppress(VxDataError):
        for begin in range(0, len(urls), MOST_URLS):
            asked = BlobUrls(urls=list(urls[begin : begin + MOST_URLS]))
            answer = retried(partial(session.transport.act, Action.REFERENCED, asked.to_bytes()))
            referenced = set(BlobUrls.model_validate_json(answer).urls)
            session.storage.remove([url for url in asked.urls if url not in referenced])
