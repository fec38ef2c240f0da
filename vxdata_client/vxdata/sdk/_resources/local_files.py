"""Creates with local files: each file is uploaded first, and its URL stands in the resource."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vxdata.schemas.errors import ValidationFailed
from vxdata.schemas.violations import MAX_VIOLATIONS
from vxdata.sdk._storage.user_paths import DIRECTORY, expanded, special_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.models import ResourceCreate
    from vxdata.schemas.payload_type import PayloadType
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


def with_uploads(session: Session, models: Sequence[ResourceCreate]) -> Sequence[ResourceCreate]:
    """Upload the local files that models name.

    If the models are not created after all, the objects stay: an equal file of another client may have
    come to rely on them. What nothing refers to is removed by `vxdata storage sweep`.

    Args:
        session: The way to the server and the storage.
        models: The models.

    Returns:
        The models with URLs in place of paths; the same ones where there are no paths.

    Raises:
        ValidationFailed: There is no such file; each is named with its field. Nothing is sent then.
        StorageProblem: A file cannot be uploaded.
    """
    files = list(_files_of(session.registry, models))
    if not files:
        return models
    _require_readable(files)
    paths = list(dict.fromkeys(file.path for file in files))
    urls = dict(zip(paths, session.storage.upload(paths), strict=True))
    return _with_urls(models, files, urls)


def _files_of(registry: Registry, models: Iterable[ResourceCreate]) -> Iterator[LocalFile]:
    for row, model in enumerate(models):
        for name in _blob_fields(registry.get(model.resource_type)):
            value = getattr(model, name)
            if value is not None and type(value) is not str:  # most are one or the other
                yield from (
                    LocalFile(row, model, name, item) for item in _items(value) if isinstance(item, Path)
                )


@cache
def _blob_fields(payload_type: PayloadType) -> tuple[str, ...]:
    return tuple(field.name for field in payload_type.fields if field.holds_blobs)


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
    # Not Path.is_file, which raises for a folder that may not be entered or not, as the Python is.
    try:
        kind = special_kind(expanded(path).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # no name has a null character
        return f"there is no file {path}"
    except OSError as error:
        return f"{path} cannot be reached: {error.strerror}"
    if kind == DIRECTORY:
        return f"{path} is a folder; name its files one by one"
    if kind is not None:
        return f"{path} is {kind}, and only files can be uploaded"
    return None if os.access(expanded(path), os.R_OK) else f"{path} may not be read"


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
