"""Files that change their owner: those of ``nobody``, who ran the children of earlier versions.

The old owner may be at work in the directory meanwhile. So files are opened, looked at and changed through
one descriptor: a link put in the place of a file changes nothing of what it points to.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from vxdata.server.embedded.account import nobody

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.embedded.account import Account
    from vxdata.server.embedded.waiting import Progress

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def take_from_nobody(directory: Path, account: Account, progress: Progress) -> None:
    """Give a directory of ``nobody`` to the account that runs the children now, if there is one.

    Args:
        directory: a part of the data directory; no process works on it.
        account: the new owner.
        progress: told when something is given.
    """
    former = nobody()
    if not account.is_service or account.uid == former or not directory.is_dir():
        return
    if directory.stat().st_uid == former:
        progress(f"giving {directory} from nobody to the account '{account.name}'")
        give(directory, former, account)


def give(directory: Path, former: int, account: Account) -> None:
    """Give a directory and all that one owner has in it to an account; harmless when cut short.

    The directory itself comes last: while it has its old owner, there is something left to give.

    Args:
        directory: no link.
        former: the user id of the old owner; what others own stays as it is, and so do links.
        account: the new owner.
    """
    for _, _, names, folder in os.fwalk(directory, topdown=False, onerror=_refuse):
        for name in names:
            if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                file = os.open(name, _LOOK, dir_fd=folder)
                try:
                    _give_one(file, former, account)
                finally:
                    os.close(file)
        _give_one(folder, former, account)


def _give_one(file: int, former: int, account: Account) -> None:
    if os.fstat(file).st_uid == former:
        os.fchown(file, account.uid, account.gid)


def _refuse(error: OSError) -> None:
    raise error
