"""A server for one program or notebook: `vxdata up` as a child process, and a client of it."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.installation import install_command, missing_from
from vxdata.sdk._client import Client
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.credentials import Credentials
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.sdk._transport.processes import HOLDERS
from vxdata.sdk._transport.token_sources import StoredToken

if TYPE_CHECKING:
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import AsOf
    from vxdata.sdk._storage import StorageOptions

PATIENCE_SECONDS: Final = 15.0
"""How long a data directory may still be in use, by a program or notebook that has just ended."""

SHOWN_LINES: Final = 40
"""Lines of what a server has said last that an error may show."""

CERTIFICATE_SETTINGS: Final = ("VXDATA_TLS_", "VXDATA_CERTIFICATE_ROLES")
"""How the names of settings begin that tell a server of its certificates, and of those of clients."""

_READY: Final = re.compile(r"vxdata ready (\S+) \S+\n")
_ERROR: Final = re.compile(r"([A-Z]\w+): ")
_IN_USE: Final = "DataDirectoryInUse"

log = logging.getLogger("vxdata.local")


class LocalClient(Client):
    """A client with a server of its own, which stops when the client is closed or its process ends.

    It also stops once nothing is left that could call it: neither the client nor a query made from it.
    Copies, and what other processes get, are plain clients of the same server.
    """

    def __init__(
        self,
        server: LocalServer,
        *,
        timestamp: AsOf | None,
        timeout: float | None,
        storage: StorageOptions | None,
    ) -> None:
        """Connect to a server that is ready; use `local`."""
        address = address_of(server.url)
        # A token of the environment is for another server: this one has written its owner's to a file.
        credentials = Credentials(StoredToken(address), address)
        transport = FlightTransport(server.url, timeout, credentials=credentials)
        super().__init__(timestamp=timestamp, storage=storage, transport=transport)
        self.base_url = server.url
        self._stop_server = weakref.finalize(transport, server.stop)

    def close(self) -> None:
        """Close the connections and stop the server; the data stay."""
        super().close()
        self._stop_server()

    def __reduce__(self) -> tuple[object, ...]:
        """Copy the client without the server."""
        return _plain_client, (self.base_url, self._session)


def local(
    data_dir: str | os.PathLike[str] | None = None,
    *,
    timestamp: AsOf | None = None,
    timeout: float | None = None,
    storage: StorageOptions | None = None,
) -> LocalClient:
    """Start PostgreSQL, S3 and a server on a folder, and return a client of them.

    The server runs beside this process, on free ports of this machine, until the client is closed or the
    process ends, however it ends. It needs the extra ``server``.

    Args:
        data_dir: Folder that holds all data; made if missing. By default one per user, as ``vxdata up`` has.
        timestamp: As for `Client`.
        timeout: As for `Client`, in seconds.
        storage: As for `Client`.

    Returns:
        The client, which is also a context manager.

    Raises:
        ModuleNotFoundError: The extra ``server`` is not installed; the message has the command for it.
        ServerUnavailable: The server did not start, for the reason that the message gives: another one uses
            the folder, for instance.

    Example:
        >>> with local("data") as client:  # doctest: +SKIP
        ...     client.volumes.query().count()
        0
    """
    missing = missing_from("server")
    if missing:
        msg = f"A local server needs {', '.join(missing)}: {install_command('server')}"
        raise ModuleNotFoundError(msg, name=missing[0])
    server = LocalServer.start(None if data_dir is None else Path(data_dir).expanduser().absolute())
    try:
        return LocalClient(server, timestamp=timestamp, timeout=timeout, storage=storage)
    except BaseException:
        server.stop()
        raise


class LocalServer:
    """`vxdata up` as a child of this process.

    Its standard input is a pipe that nobody writes to. It ends when the pipe does, which the system closes
    however this process ends.

    Args:
        data_dir: Folder that holds all data; the user's default one if None.
    """

    def __init__(self, data_dir: Path | None) -> None:
        """Start the process; `url` waits for it."""
        # -P: a module of the working directory must not take the place of an installed one.
        command = [sys.executable, "-P", "-m", "vxdata.cli", "up", "--until-eof"]
        command += ["--port", "0", "--http-port", "0"]
        self._owner = os.getpid()
        self._said: deque[str] = deque(maxlen=SHOWN_LINES)
        self._is_ready = threading.Event()
        self._process = subprocess.Popen(
            command if data_dir is None else [*command, "--data-dir", str(data_dir)],
            env={"VXDATA_LOG_LEVEL": "WARNING"} | _environment() | {"NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal or the notebook is not meant for it
        )
        self._listener = threading.Thread(target=self._listen, name="vxdata-local", daemon=True)
        self._listener.start()
        self.url = ""
        HOLDERS.add(self)

    @classmethod
    def start(cls, data_dir: Path | None) -> LocalServer:
        """Start a server and wait until it is ready.

        Args:
            data_dir: Folder that holds all data; the user's default one if None.

        Returns:
            The server.

        Raises:
            ServerUnavailable: It ended instead.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            server = cls(data_dir)
            try:
                reason = server.wait_until_ready()
            except BaseException:
                server.stop()
                raise
            if reason is None:
                return server
            server.stop()
            if not reason.startswith(_IN_USE) or time.monotonic() > deadline:
                where = "its default folder" if data_dir is None else data_dir
                msg = f"The server on {where} did not start: {reason}"
                raise ServerUnavailable(msg, data_dir=str(where))

    def wait_until_ready(self) -> str | None:
        """Wait for the line that tells where the server listens.

        Returns:
            Why it ended instead; None if it is ready.
        """
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        found = _READY.fullmatch(self._process.stdout.readline())
        if found:
            self.url = found[1]
            self._is_ready.set()
            return None
        status = self._process.wait()
        self._listener.join()
        lines = list(self._said)
        begin = next((number for number, line in enumerate(lines) if _ERROR.match(line)), 0)
        return "\n".join(lines[begin:]) or f"it ended with status {status}"

    def stop(self) -> None:
        """Let the server end and wait until it has; a forked child leaves it to its parent."""
        if os.getpid() != self._owner:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        # The pipe ends only when no other process has it; a child that C code has forked may.
        self._process.terminate()
        self._process.wait()
        self._listener.join()

    def leave_to_parent(self) -> None:
        """In a forked child: give up the pipe, so that it ends with the parent."""
        if self._process.stdin is not None:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._process.stdin.fileno(), inheritable=False)
            os.close(nothing)

    def _listen(self) -> None:
        """Pass on what the server says: as progress while it starts, as warnings after that."""
        assert self._process.stderr is not None  # noqa: S101 - a pipe was asked for
        with self._process.stderr as lines:
            for line in lines:
                self._said.append(line.rstrip("\n"))
                level = logging.WARNING if self._is_ready.is_set() else logging.INFO
                log.log(level, "%s", self._said[-1])


def _environment() -> dict[str, str]:
    """The environment without the certificates of another server: this one is for this machine alone."""
    return {name: value for name, value in os.environ.items() if not name.startswith(CERTIFICATE_SETTINGS)}


def _plain_client(base_url: str, session: Session) -> Client:
    client = Client.__new__(Client)
    client.base_url = base_url
    client._session = session  # noqa: SLF001 - a copy of a client of ours
    return client
