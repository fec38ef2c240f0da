"""Where objects lie on the local disk.

The path follows from the URL alone, so that the same object is found again by any later run, and two
objects never share a path: `<dest_dir>/<bucket>/<key>`, with what file systems do not take escaped.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.schemas.types.object_url import ObjectUrl

MAX_NAME_LENGTH: Final = 200
"""Bytes of a name that stays as it is; most file systems take 255."""

PARTIAL: Final = ".vxdata-"
"""How the names of unfinished files begin; they end in ``.part``."""

STALE_SECONDS: Final = 3_600
"""Age from which an unfinished file is abandoned: a running download would have changed it."""

_UNSAFE: Final = re.compile(r'[%\\:*?"<>|]|^\.(?=vxdata-)')


def place_of(url: ObjectUrl, dest_dir: Path) -> Path:
    """Tell where an object belongs, or the folder of a prefix.

    Args:
        url: The object.
        dest_dir: The folder of the download.

    Returns:
        A path below `dest_dir`.

    Example:
        >>> from pathlib import Path
        >>> from vxdata.schemas.types.object_url import ObjectUrl
        >>> place_of(ObjectUrl.parse("s3://bucket/a b/50%.nii"), Path("out")).as_posix()
        'out/bucket/a b/50%25.nii'
    """
    return dest_dir.joinpath(url.bucket, *map(_name_of, url.key.removesuffix("/").split("/")))


def _name_of(part: str) -> str:
    escaped = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", part)
    if len(escaped.encode()) <= MAX_NAME_LENGTH:
        return escaped
    # A percent sign is followed by digits elsewhere, so `%~` cannot be part of another object's name.
    stem, ending = os.path.splitext(escaped)  # noqa: PTH122 - a name, not a path
    ending = ending if len(ending.encode()) <= len(".nii.parquet") else ""
    head = stem.encode()[: MAX_NAME_LENGTH // 2].decode(errors="ignore")
    return f"{head}%~{hashlib.sha256(part.encode()).hexdigest()[:32]}{ending}"


@contextmanager
def whole_file(target: Path, top: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the target at the end of the block, or is removed.

    Args:
        target: The file; one that exists is replaced.
        top: The folder of the download. Unfinished files lie there, so that a reader of the folder of a
            prefix finds whole objects only.

    Yields:
        A path that no other process writes to.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _drafts_of(target, top) / f"{PARTIAL}{secrets.token_hex(8)}.part"
    try:
        yield unfinished
        unfinished.replace(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _drafts_of(target: Path, top: Path) -> Path:
    """Where to write: on the same disk, as a folder below may be a link to another one, and where one may."""
    is_same_disk = top.stat().st_dev == target.parent.stat().st_dev
    return top if is_same_disk and os.access(top, os.W_OK) else target.parent


def remove_stale(folder: Path) -> None:
    """Remove what killed processes left unfinished in a folder.

    Args:
        folder: The folder; it need not exist.
    """
    # A second process may tidy up at the same time, and a folder of another user may not be writable.
    with suppress(OSError):
        for unfinished in folder.glob(f"{PARTIAL}*.part"):
            if time.time() - unfinished.stat().st_mtime > STALE_SECONDS:
                unfinished.unlink(missing_ok=True)
