"""The account that runs the child processes, and the files that it can reach.

PostgreSQL refuses to run as root, so root hands its children to a service account. Everybody else runs
them as himself. Permissions of directories that are not ours are looked at and never changed.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vxdata.server.embedded.errors import AccountUnusable, DataDirectoryUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE_ACCOUNTS = ("vxdata", "nobody")
"""Accounts that root may hand the children to, best first."""

# Enters one directory after the other and prints the first that refuses. Asking the kernel in the name of
# the account also honours access control lists and mount options, which mode bits do not show.
_ENTER_EACH = 'for d; do cd -- "$d" 2>/dev/null || { printf %s "$d"; exit 1; }; done'
_CAN_EXECUTE = 'test -r "$1" && test -x "$1"'


@dataclass(frozen=True)
class Account:
    """A user and group for child processes."""

    name: str
    uid: int
    gid: int
    is_service: bool
    """Whether children must change to it; False when they keep the supervisor's own account."""

    @property
    def popen_user(self) -> int | None:
        """The ``user=`` of a subprocess."""
        return self.uid if self.is_service else None

    @property
    def popen_group(self) -> int | None:
        """The ``group=`` of a subprocess."""
        return self.gid if self.is_service else None

    @property
    def popen_extra_groups(self) -> list[int] | None:
        """The ``extra_groups=`` of a subprocess: a service account keeps none of root's groups."""
        return [] if self.is_service else None

    def own(self, path: Path) -> None:
        """Give a file or directory that we made to the account."""
        if self.is_service:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def make_directory(self, path: Path) -> None:
        """Make a directory that only the account can use, unless it is there."""
        if not path.is_dir():
            path.mkdir(mode=0o700)
            self.own(path)

    def require_name(self) -> None:
        """Refuse an account without a passwd entry, as containers with random user ids have it.

        Raises:
            AccountUnusable: ``initdb`` looks the user's name up and would fail with a riddle.
        """
        try:
            pwd.getpwuid(self.uid)
        except KeyError:
            detail = "it has no entry in /etc/passwd, which PostgreSQL's initdb insists on; add one"
            raise AccountUnusable(self.uid, detail) from None

    def first_closed(self, directory: Path) -> Path | None:
        """Return the topmost of a directory and its parents that the account may not enter."""
        steps = [*reversed(directory.parents), directory]
        blocked = self._ask(_ENTER_EACH, steps)
        return None if blocked.returncode == 0 else Path(os.fsdecode(blocked.stdout))

    def can_execute(self, program: Path) -> bool:
        """Tell whether the account can reach, read and execute a program."""
        return self._ask(_CAN_EXECUTE, [program]).returncode == 0

    def _ask(self, script: str, paths: Iterable[Path]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["/bin/sh", "-c", script, "sh", *map(str, paths)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            user=self.popen_user,
            group=self.popen_group,
            extra_groups=self.popen_extra_groups,
        )


def choose_account(existing_data: Path) -> Account:
    """Choose the account that runs the children.

    Args:
        existing_data: a directory that the children's account owns, if it has been made already.

    Returns:
        The supervisor's own account; if that is root, the owner of the data, or else a service account.

    Raises:
        AccountUnusable: root finds none of the service accounts.
    """
    uid = os.geteuid()
    if uid != 0:
        return Account(_name_of(uid), uid, os.getegid(), is_service=False)
    if existing_data.is_dir() and (status := existing_data.stat()).st_uid != 0:
        return Account(_name_of(status.st_uid), status.st_uid, status.st_gid, is_service=True)
    return _service_account()


def _service_account() -> Account:
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, is_service=True)
    detail = (
        f"PostgreSQL does not run as root and there is no user {' or '.join(SERVICE_ACCOUNTS)}; create one"
    )
    raise AccountUnusable(0, detail)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def prepare_data_dir(data_dir: Path, account: Account) -> None:
    """Make the data directory, and make sure that the account can pass through it.

    A service account needs to pass (mode 0711) but not to list: everything inside is private by itself.

    Raises:
        DataDirectoryUnreachable: a parent directory is closed to the account, or the directory to us.
    """
    try:
        data_dir.mkdir(mode=0o711 if account.is_service else 0o700, parents=True, exist_ok=True)
        status = data_dir.stat()
    except PermissionError as error:
        raise DataDirectoryUnreachable.read_only(data_dir, Path(error.filename), account.name) from error
    if account.is_service and status.st_uid == os.geteuid():
        data_dir.chmod(status.st_mode | 0o011)
    blocked = account.first_closed(data_dir)
    if blocked is not None:
        raise DataDirectoryUnreachable.closed(data_dir, blocked, account.name)
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        raise DataDirectoryUnreachable.read_only(data_dir, data_dir, account.name)
