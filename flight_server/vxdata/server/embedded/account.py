"""The account that runs the child processes, and the files that it can reach.

PostgreSQL refuses to run as root, so root hands its children to an account of their own: the user
``vxdata`` if there is one, else a number that no user has. Decision 0030 says why no user is created.
Everybody else runs them as himself. Permissions of directories that are not ours are looked at and never
changed.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vxdata.server.embedded.errors import AccountUnusable, DataDirectoryUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE_ACCOUNT = "vxdata"
"""The user that runs root's children, if there is one."""

# Distributions give these numbers to no user (systemd and Debian reserve them), and a container whose users
# are mapped has them too: it often has no more than 65,536.
_UNNAMED = range(65_520, 65_532)
_OVERFLOW = 65_534  # what Linux shows where a user has no number, and nobody's number in most places

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

    def with_a_name(self) -> Account:
        """Return an account that has a passwd entry, and this one's group.

        ``initdb`` looks the name of its user up and ends if there is none. Root can lend it another user for
        that time. What both make is to lie in a directory that only the group may enter: other processes
        of that user are not in it, so they reach neither the files nor the process.

        Raises:
            AccountUnusable: it has no name, and we are not root or there is no other user.
        """
        if _has_name(self.uid):
            return self
        detail = "it has no entry in /etc/passwd, which PostgreSQL's initdb insists on; add one"
        if not self.is_service:
            raise AccountUnusable(self.uid, detail)
        for entry in pwd.getpwall():
            if entry.pw_uid != 0:
                return replace(self, name=entry.pw_name, uid=entry.pw_uid)
        raise AccountUnusable(self.uid, detail)

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


def choose_account(*parts: Path) -> Account:
    """Choose the account that runs the children.

    Args:
        parts: the directories that belong to it, as far as they have been made.

    Returns:
        The supervisor's own account; if that is root, the owner of the parts, or else a service account.
        ``nobody`` ran the children of earlier versions: his parts count as parts without an owner.

    Raises:
        AccountUnusable: root finds no user ``vxdata`` and no number that no user has.
    """
    uid = os.geteuid()
    if uid != 0:
        return Account(_name_of(uid), uid, os.getegid(), is_service=False)
    for part in filter(Path.is_dir, parts):
        status = part.stat()
        if status.st_uid not in {0, nobody()}:
            return Account(_name_of(status.st_uid), status.st_uid, status.st_gid, is_service=True)
    return _service_account()


def nobody() -> int:
    """Return the user id of ``nobody``, which many services share."""
    entry = _user("nobody")
    return _OVERFLOW if entry is None else entry.pw_uid


def _service_account() -> Account:
    entry = _user(SERVICE_ACCOUNT)
    if entry is not None:
        return Account(SERVICE_ACCOUNT, entry.pw_uid, entry.pw_gid, is_service=True)
    for number in _UNNAMED:
        if not _has_name(number) and not _names_a_group(number):
            return Account(_name_of(number), number, number, is_service=True)
    detail = f"PostgreSQL does not run as root and there is no user {SERVICE_ACCOUNT}; create one"
    raise AccountUnusable(0, detail)


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _names_a_group(gid: int) -> bool:
    try:
        grp.getgrgid(gid)
    except KeyError:
        return False
    return True


def _name_of(uid: int) -> str:
    return pwd.getpwuid(uid).pw_name if _has_name(uid) else f"#{uid}"


def prepare_data_dir(data_dir: Path, account: Account) -> None:
    """Make the data directory, and make sure that the account can pass through it.

    A service account needs to pass (mode 0711) but not to list: everything inside is private by itself. An
    empty directory gets the same mode as a new one. What others keep things in, or have changed since, is
    theirs to open and close.

    Raises:
        DataDirectoryUnreachable: a parent directory is closed to the account, or the directory to us.
    """
    mode = 0o711 if account.is_service else 0o700
    try:
        data_dir.mkdir(mode=mode, parents=True, exist_ok=True)
        status = data_dir.stat()
        is_empty = not any(data_dir.iterdir())
    except PermissionError as error:
        raise DataDirectoryUnreachable.read_only(data_dir, Path(error.filename), account.name) from error
    if status.st_uid == os.geteuid():
        if is_empty and not status.st_mode & stat.S_ISVTX:  # everybody writes to a sticky one, such as /tmp
            data_dir.chmod(mode)
        elif account.is_service:
            data_dir.chmod(status.st_mode | 0o011)
    blocked = account.first_closed(data_dir)
    if blocked is not None:
        raise DataDirectoryUnreachable.closed(data_dir, blocked, account.name)
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        raise DataDirectoryUnreachable.read_only(data_dir, data_dir, account.name)
