"""The files of a running stack outside its data directory: a private directory and sockets in /tmp.

Both are removed at a clean stop. A note in the data directory lets the next start remove what a killed
one left behind.
"""

from __future__ import annotations

import json
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vxdata.server.embedded.account import nobody
from vxdata.server.embedded.secrets import write_private

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vxdata.server.embedded.account import Account

_PREFIX = "vxdata-"
_SHORT_TMP = Path("/tmp")  # noqa: S108 - only ever used through mkdtemp
# A socket's path has at most 107 bytes (unix(7)); the longest name in here is ".s.PGSQL.5432.lock".
_MAX_DIRECTORY_LENGTH = 85
# SeaweedFS puts these there whatever TMPDIR says, and leaves some behind.
_S3_SOCKETS = "/tmp/seaweedfs-{part}-{port}.sock"  # noqa: S108


@dataclass
class Runtime:
    """The private directory of one run, and the ports of its S3 server."""

    directory: Path
    note: Path
    account: Account
    ports: tuple[int, ...] = ()

    @classmethod
    def create(cls, note: Path, account: Account) -> Runtime:
        """Remove what an earlier run left, then make a directory that only the account can enter.

        Args:
            note: the file in the data directory that remembers what to remove.
            account: the children's account.
        """
        _sweep(note, account)
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        if len(str(directory).encode()) > _MAX_DIRECTORY_LENGTH:
            directory.rmdir()
            directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_SHORT_TMP))
        account.own(directory)
        made = cls(directory, note, account)
        made._write_note()
        return made

    def use_ports(self, ports: Iterable[int]) -> None:
        """Remember every port the S3 server was given, for the sockets named after them."""
        self.ports = (*self.ports, *ports)
        self._write_note()

    def remove(self) -> None:
        """Remove the directory and the sockets, then the note."""
        _remove(self.directory, self.ports, {self.account.uid})
        self.note.unlink(missing_ok=True)

    def _write_note(self) -> None:
        kept = {"directory": str(self.directory), "ports": self.ports, "owner": self.account.uid}
        write_private(self.note, json.dumps(kept))


def _sweep(note: Path, account: Account) -> None:
    if note.exists():
        left = json.loads(note.read_text(encoding="utf-8"))
        # Earlier versions noted no owner: it was the account of the data, or nobody.
        owners = {left["owner"]} if "owner" in left else {account.uid, nobody()}
        _remove(Path(left["directory"]), left["ports"], owners)


def _remove(directory: Path, ports: Iterable[int], owners: Collection[int]) -> None:
    if _belongs_to(directory, owners, stat.S_IFDIR) and directory.name.startswith(_PREFIX):
        shutil.rmtree(directory)
    parts = ("master-grpc", "volume-grpc", "filer-grpc", "filer", "s3-grpc", "s3", "admin-grpc")
    for port in ports:
        for part in parts:
            socket = Path(_S3_SOCKETS.format(part=part, port=port))
            if _belongs_to(socket, owners, stat.S_IFSOCK):
                socket.unlink(missing_ok=True)


def _belongs_to(path: Path, owners: Collection[int], kind: int) -> bool:
    """Tell whether a path in the common /tmp is of that kind and of one of the users; leave others' alone."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_IFMT(status.st_mode) == kind and status.st_uid in owners
