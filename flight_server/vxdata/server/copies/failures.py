"""What a failure of the copier means: what becomes of the file, and when the copier tries again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vxdata.schemas.errors import DiskFull, ServerBusy, ServerUnavailable
from vxdata.server.copies.errors import CopyError, OutOfCopyMemory
from vxdata.server.copies.source import OtherDatabase
from vxdata.server.database.errors import DatabaseError

FIRST_RETRY: Final = 1.0
MOST_RETRY: Final = 60.0
"""Seconds between two attempts while the database cannot be reached: twice as many each time, up to these."""

HOLD_SECONDS: Final = 600.0
"""Seconds until the copier tries again what needed more memory than there was."""

REBUILD_SECONDS: Final = 3600.0
"""Seconds between two files that are made anew because of damage, at least."""


class FileTooLarge(Exception):
    """The file is larger than it may be."""


class FileRemoved(Exception):
    """Somebody has removed the file, which is open: the next server would not find it."""


class FolderRemoved(Exception):
    """Somebody has removed the folder, and with it the lock that keeps other servers out."""


class Purged(Exception):
    """Resources were purged since the copies were brought up to date."""


@dataclass(frozen=True)
class Consequence:
    """What the copier does after a failure.

    Args:
        reason: What operators are told.
        seconds: Seconds until it tries again.
        keeps_file: Whether the file stays.
        may_answer: Whether it may be asked meanwhile.
        is_damage: Whether such a failure costs one of the files that may be made in a time.
    """

    reason: str
    seconds: float = 0.0
    keeps_file: bool = False
    may_answer: bool = False
    is_damage: bool = False


def consequence(failure: Exception, attempts: int) -> Consequence:
    """Decide what a failure means.

    Args:
        failure: What was raised.
        attempts: How many attempts have failed, one after the other.

    Returns:
        What to do.
    """
    backoff = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), MOST_RETRY)
    match failure:
        case ServerBusy() | DiskFull():
            decided = Consequence(failure.message, backoff, keeps_file=True, may_answer=True)
        case DatabaseError() | ServerUnavailable():
            reason = f"the database cannot be read ({type(failure).__name__})"
            decided = Consequence(reason, backoff, keeps_file=True)
        case OtherDatabase():
            decided = Consequence(str(failure))
        case FileRemoved():
            decided = Consequence("somebody has removed the file of the copies", is_damage=True)
        case FolderRemoved():
            reason = "somebody has removed the folder of the copies; a restart makes it anew"
            decided = Consequence(reason, REBUILD_SECONDS)
        case FileTooLarge():
            decided = Consequence("the copies need more than VXDATA_COPY_BYTES", REBUILD_SECONDS)
        case OutOfCopyMemory():
            reason = "the copies need more than VXDATA_COPY_MEMORY_BYTES"
            # The file goes, too: after such a failure DuckDB 1.5 may show rows of a transaction that did not
            # commit, and lose rows of the next one.
            decided = Consequence(reason, HOLD_SECONDS)
        case CopyError():
            decided = Consequence(str(failure), is_damage=True)
        case _:
            decided = Consequence(f"the copier failed ({type(failure).__name__})", is_damage=True)
    return decided
