"""Where objects lie on the local disk.

The path follows from the URL alone, so that the same object is found again by any later run, and two
objects never share a path: `<dest_dir>/<bucket>/<key>`, with what file systems do not take escaped.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.schemas.types.object_url import ObjectUrl

MAX_NAME_LENGTH: Final = 200
"""Bytes of a name that stays as it is; most file systems take 255."""

_DEVICE: Final = r"(?i:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³]) *(?:\.|\Z)"
"""How names begin that Windows takes for devices, in any folder and with any ending."""

_UNSAFE: Final = re.compile(rf"""[%\\:*?"<>|]|^\.(?=vxdata-)|[. ]\Z|^(?={_DEVICE}).""")
"""Characters that some system does not take where they stand: all are escaped on every system."""


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
    return dest_dir.joinpath(*map(_name_of, [url.bucket, *url.key.removesuffix("/").split("/")]))


def _name_of(part: str) -> str:
    escaped = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", part)
    if len(escaped.encode()) <= MAX_NAME_LENGTH:
        return escaped
    # A percent sign is followed by digits elsewhere, so `%~` cannot be part of another object's name.
    stem, ending = os.path.splitext(escaped)  # noqa: PTH122 - a name, not a path
    ending = ending if len(ending.encode()) <= len(".nii.parquet") else ""
    head = stem.encode()[: MAX_NAME_LENGTH // 2].decode(errors="ignore")
    return f"{head}%~{hashlib.sha256(part.encode()).hexdigest()[:32]}{ending}"
