"""The embedded S3 server.

Every user of the machine reaches the loopback address, so every port asks who is there: that of S3 for keys,
all others for the certificate that the parts of SeaweedFS have in this run (decision 0030).
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vxdata.server.embedded import weed
from vxdata.server.embedded.certificates import asks_for_certificate, make_certificates
from vxdata.server.embedded.child import Child, Command, run_tool
from vxdata.server.embedded.environment import isolated_session
from vxdata.server.embedded.errors import ChildFailed, PortNotClosed, RoomAgain, StartTimeout
from vxdata.server.embedded.ports import LOOPBACK, free_port_pairs, is_listening
from vxdata.server.embedded.secrets import StackSecrets, write_private
from vxdata.server.embedded.waiting import Progress, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.embedded.account import Account
    from vxdata.server.embedded.runtime import Runtime

TITLE = "S3"
BUCKET = "vxdata"
REGION = "us-east-1"

_READY_TIMEOUT = 120.0
_SHELL_TIMEOUT = 60.0
_STOP_STEPS = ((signal.SIGTERM, 20.0),)
_PORT_ATTEMPTS = 3
# weed writes these when another process took one of its ports between our test and its own bind.
_PORT_LOST = ("Port allocation failed", "address already in use")


@dataclass(frozen=True)
class S3Endpoint:
    """The address of an S3 service, and the keys to it."""

    url: str
    region: str
    bucket: str
    access_key: str
    secret_key: SecretStr


@dataclass
class S3Server:
    """Runs ``weed mini`` over one directory."""

    directory: Path
    program: Path
    account: Account
    secrets: StackSecrets
    runtime: Runtime
    log: Path
    memory_limit: str
    """Soft limit, in the notation of ``GOMEMLIMIT``."""
    lock: int
    """The inherited lock that the server holds as long as it uses the directory."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when nothing is to be waited for any more."""
    child: Child | None = field(default=None, init=False)
    """The server process, once started."""
    ports: weed.WeedPorts = field(init=False)
    """The ports in use, once started."""
    _authority: str = field(default="", init=False)
    is_known: bool = field(default=False, init=False)
    """Whether the address was handed out: then the ports stay, whatever happens."""
    was_short: bool = field(default=False, init=False)
    """Whether the disk was full at some moment since the start."""

    @property
    def endpoint(self) -> S3Endpoint:
        """The address of the server, and the keys to it."""
        url = f"http://{LOOPBACK}:{self.ports.s3}"
        return S3Endpoint(url, REGION, BUCKET, self.secrets.s3_access_key, self.secrets.s3_secret_key)

    @property
    def _home(self) -> Path:
        return self.directory / "home"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _identities(self) -> Path:
        return self.directory / "s3.json"

    def start(self) -> None:
        """Write the configuration and start the server; do not wait for it."""
        self._prepare()
        self._launch()

    def check(self) -> None:
        """Make sure that the server runs, and that it takes files if the disk has room.

        Raises:
            ChildFailed: it has ended.
            RoomAgain: the disk was full, and the server would refuse files for up to a minute more.
        """
        self.was_short = self.was_short or self._is_short()
        if self.child is not None:
            self.child.check()
        # Twice as much, so that a disk at the limit does not cause one start after the other.
        if self.was_short and self._free_share() > 2 * weed.LEAST_FREE:
            raise RoomAgain

    def restart(self, lock: int) -> None:
        """Start the server again on the same ports; do not wait for it.

        Args:
            lock: the lock of the directory, taken anew.
        """
        self.lock = lock
        self._prepare()
        self._launch()

    def _free_share(self) -> float:
        usage = shutil.disk_usage(self.directory.parent)
        return usage.free / usage.total

    def _is_short(self) -> bool:
        return self._free_share() < weed.LEAST_FREE

    def _prepare(self) -> None:
        self.was_short = self._is_short()
        for directory in (self.directory, self._data, self._home, self._home / ".seaweedfs"):
            self.account.make_directory(directory)
        self._write(self._identities, weed.identities_text(self.secrets))
        self._write_security()
        for stale in self._data.glob("m[0-9]*"):
            # The master's election state, in a directory named after a port that is not used any more.
            shutil.rmtree(stale)

    def _write_security(self) -> None:
        made = make_certificates()
        self._authority = made.authority
        self._write(self._home / weed.AUTHORITY, made.authority)
        self._write(self._home / weed.CERTIFICATE, made.certificate)
        self._write(self._home / weed.KEY, made.key.get_secret_value())
        self._write(self._home / weed.SECURITY, weed.security_text(self.secrets))

    def wait_ready(self, progress: Progress) -> None:
        """Wait until an object can be written to our bucket, durably; on a full disk, until it can be read.

        Raises:
            ChildFailed: the server ended instead.
            RoomAgain: the disk was full, and has room again.
            StartTimeout: it took too long.
            PortNotClosed: a port but that of S3 lets strangers in.
        """
        self._wait_for_filer(progress)
        probe = S3Probe(s3_client(self.endpoint))
        if not self.was_short:
            self._make_durable()
        # The first PUT succeeds some time after the first listing does, so only a PUT tells.
        if not self._wait(lambda: probe.can_list() if self.was_short else probe.succeeds(), progress):
            raise StartTimeout(TITLE, _READY_TIMEOUT, probe.last_answer)
        # Not before: a port that is listening already answers only when its part is ready.
        self._require_closed()
        self.is_known = True

    def _wait_for_filer(self, progress: Progress) -> None:
        for attempt in range(_PORT_ATTEMPTS):
            try:
                if self._wait(lambda: is_listening(self.ports.filer), progress):
                    return
            except ChildFailed as error:
                if self.is_known or attempt + 1 == _PORT_ATTEMPTS or not _lost_a_port(error):
                    raise
                self._launch()
            else:
                raise StartTimeout(TITLE, _READY_TIMEOUT)

    def _require_closed(self) -> None:
        """Refuse a server without certificates: weed writes a warning then and serves everybody."""
        for port in filter(is_listening, self.ports.closed):
            if not asks_for_certificate(port, self._authority):
                raise PortNotClosed(port)

    def _wait(self, condition: Callable[[], bool], progress: Progress) -> bool:
        def holds() -> bool:
            self.check()
            return condition()

        return wait_until(
            holds,
            timeout=_READY_TIMEOUT,
            progress=progress,
            message=f"{TITLE} is starting",
            stopping=self.stopping,
        )

    def _launch(self) -> None:
        if not self.is_known:
            self.ports = weed.WeedPorts(*free_port_pairs(weed.PORT_COUNT))
            self.runtime.use_ports(self.ports.every)
        arguments = weed.mini_arguments(self._data, self._identities, self.runtime.directory, self.ports)
        self.child = Child(self._command(TITLE, *arguments), self.log)

    def _make_durable(self) -> None:
        """Have every write to our bucket synced to disk; applying the kept setting again is harmless."""
        arguments = (
            "shell",
            f"-master={LOOPBACK}:{self.ports.master}",
            f"-filer={LOOPBACK}:{self.ports.filer}",
        )
        command = replace(self._command("weed shell", *arguments), lock=None)
        answer = run_tool(command, given=weed.fsync_script(BUCKET), timeout=_SHELL_TIMEOUT)
        if not weed.confirms_fsync(answer, BUCKET):
            # The shell exits with status 0 whatever its commands did.
            raise ChildFailed(command.name, 0, tuple(answer.splitlines()))

    def _command(self, name: str, *arguments: str) -> Command:
        # Nothing is inherited: AWS_ACCESS_KEY_ID, for one, would become an administrator. The working
        # directory is the first place where security.toml is looked for, so it is private.
        env = {"PATH": os.defpath, "HOME": str(self._home), "GOMEMLIMIT": self.memory_limit}
        argv = (str(self.program), *arguments)
        return Command(name, argv, self.account, self._home, env, self.lock, _STOP_STEPS)

    def _write(self, path: Path, text: str) -> None:
        write_private(path, text, uid=self.account.uid, gid=self.account.gid)


def _lost_a_port(error: ChildFailed) -> bool:
    return any(words in line for line in error.log_tail for words in _PORT_LOST)


@dataclass
class S3Probe:
    """Writes and removes a small object, making the bucket on the way."""

    client: Any
    last_answer: str = ""

    def succeeds(self) -> bool:
        """Tell whether writing and removing works now; keep the error otherwise."""
        key = f".vxdata-ready/{uuid.uuid4()}"
        try:
            self._put(key)
            self.client.delete_object(Bucket=BUCKET, Key=key)
        except (BotoCoreError, ClientError) as error:
            self.last_answer = str(error)
            return False
        return True

    def can_list(self) -> bool:
        """Tell whether the bucket is there and can be read now; keep the error otherwise."""
        try:
            self.client.list_objects_v2(Bucket=BUCKET, MaxKeys=1)
        except (BotoCoreError, ClientError) as error:
            self.last_answer = str(error)
            return False
        return True

    def _put(self, key: str) -> None:
        try:
            self.client.put_object(Bucket=BUCKET, Key=key, Body=b"ready")
        except self.client.exceptions.NoSuchBucket:
            self.client.create_bucket(Bucket=BUCKET)
            self.client.put_object(Bucket=BUCKET, Key=key, Body=b"ready")


def s3_client(endpoint: S3Endpoint) -> Any:
    """Return a client that asks once, quickly and directly: no retries, no proxy of the environment."""
    return isolated_session().client(
        "s3",
        endpoint_url=endpoint.url,
        region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key.get_secret_value(),
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=10,
            proxies={},
            s3={"addressing_style": "path"},
        ),
    )
