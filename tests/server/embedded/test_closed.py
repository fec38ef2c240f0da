"""No port but that of S3 does anything for other users of the machine, and S3 nothing without its keys.

The ports are those that the children listen on, whatever they are: what a new version opens is attacked too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import psutil
import pytest

from tests.server.embedded import attacker
from tests.server.embedded.attacker import Attempt, Goal
from vxdata.server.embedded import EmbeddedStack, PortNotClosed, weed
from vxdata.server.embedded import s3 as s3_module
from vxdata.server.embedded.certificates import make_certificates
from vxdata.server.embedded.child import run_tool
from vxdata.server.embedded.s3 import s3_client
from vxdata.server.embedded.secrets import StackSecrets

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.embedded.s3 import S3Server

IS_ROOT = os.geteuid() == 0
STRANGER = 4713
KEY = "files/patient-7.nii"
MARK = "a secret of patient 7"
SECRET = f"{MARK}\n".encode() * 20_000
TOLD = "Client sent an HTTP request to an HTTPS server."
"""What a port with TLS tells who comes without; it has looked at nothing but that."""


@dataclass(frozen=True)
class Target:
    """A running stack with one object in it."""

    stack: EmbeddedStack
    client: Any

    @classmethod
    def prepare(cls, stack: EmbeddedStack) -> Self:
        """Store the object."""
        client = s3_client(stack.s3)
        client.put_object(Bucket=stack.s3.bucket, Key=KEY, Body=SECRET)
        return cls(stack, client)

    @property
    def blobs(self) -> S3Server:
        """The S3 server."""
        return self.stack._blobs

    @property
    def processes(self) -> list[psutil.Process]:
        """The children and theirs."""
        children = [psutil.Process(pid) for pid in self.stack.pids.values()]
        return [process for child in children for process in (child, *child.children(recursive=True))]

    @property
    def ports(self) -> list[int]:
        """Every TCP port that one of them listens on."""
        found = [end for process in self.processes for end in process.net_connections("inet")]
        return sorted({end.laddr.port for end in found if end.status == psutil.CONN_LISTEN})

    @property
    def sockets(self) -> list[str]:
        """Every unix socket that one of them listens on."""
        found = [str(end.laddr) for process in self.processes for end in process.net_connections("unix")]
        return sorted({path for path in found if path.startswith("/")})

    def is_whole(self) -> bool:
        """Tell whether the bucket holds the object as it was, and nothing else."""
        try:
            listed = self.client.list_objects_v2(Bucket=self.stack.s3.bucket).get("Contents", [])
        except self.client.exceptions.NoSuchBucket:
            return False
        if [found["Key"] for found in listed] != [KEY]:
            return False
        body: bytes = self.client.get_object(Bucket=self.stack.s3.bucket, Key=KEY)["Body"].read()
        return body == SECRET

    def file_id(self) -> str:
        """Ask as a part of the S3 server does where the object lies in the volumes."""
        ports = self.blobs.ports
        places = (f"-master=127.0.0.1:{ports.master}", f"-filer=127.0.0.1:{ports.filer}")
        command = replace(self.blobs._command("weed shell", "shell", *places), lock=None)
        told = run_tool(command, given=f"fs.meta.cat /buckets/{self.stack.s3.bucket}/{KEY}\n", timeout=30)
        found = re.search(r'"fileId":\s*"(\d+,[0-9a-f]+)"', told)
        assert found, told
        return found[1]

    def attack(self, forged: Path) -> list[Attempt]:
        """Let another user try everything; an ordinary user can only send himself, without the secrets."""
        data_dir = self.blobs.directory.parent
        goal = Goal(
            uid=STRANGER if IS_ROOT else None,
            ports=self.ports,
            sockets=self.sockets,
            directories=[*map(str, (data_dir, *data_dir.iterdir())), str(self.blobs.runtime.directory)],
            pids=[process.pid for process in self.processes],
            weed=str(self.blobs.program),
            master=self.blobs.ports.master,
            filer=self.blobs.ports.filer,
            bucket=self.stack.s3.bucket,
            key=KEY,
            file_id=self.file_id(),
            forged=str(forged),
        )
        command = [sys.executable, attacker.__file__, json.dumps(asdict(goal))]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [Attempt(**attempt) for attempt in json.loads(said)]


@pytest.fixture
def forged(open_dir: Path) -> Path:
    """A home with certificates like the right ones, of an authority that an attacker has made."""
    home, made = open_dir / "forged", make_certificates()
    files = {
        weed.AUTHORITY: made.authority,
        weed.CERTIFICATE: made.certificate,
        weed.KEY: made.key.get_secret_value(),
        weed.SECURITY: weed.security_text(StackSecrets()),
    }
    (home / ".seaweedfs").mkdir(parents=True)
    for name, text in files.items():
        (home / name).write_text(text)
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    return home


def is_refusal(attempt: Attempt, s3_port: int) -> bool:
    """Tell whether an answer gives nothing away."""
    if not attempt.answer and attempt.status is None:
        return True
    if attempt.port is None or attempt.answer is None:
        return False
    if attempt.how == "grpc":
        return attempt.port == s3_port and attempt.answer.startswith("HTTP/1.1 404")
    if attempt.port != s3_port:
        return attempt.status == 400 and attempt.answer.strip() == TOLD
    if attempt.status == 200:  # it tells everybody that it lives, and browsers which methods there are
        _, method, path = attempt.how.rsplit(maxsplit=2)
        return attempt.answer == "" and (method == "OPTIONS" or path in {"/status", "/healthz"})
    return attempt.status is not None and attempt.status >= 400 and MARK not in attempt.answer


def test_another_user_gets_nothing_from_any_port(open_dir: Path, forged: Path) -> None:
    with EmbeddedStack.start(open_dir / "data") as stack:
        target = Target.prepare(stack)
        attempts = target.attack(forged)
        s3_port = target.blobs.ports.s3
        assert {attempt.port for attempt in attempts} - {None} == set(target.ports)
        assert set(target.ports) == set(target.blobs.ports.every)
        assert [attempt for attempt in attempts if not is_refusal(attempt, s3_port)] == []
        assert target.is_whole()
        stack.check()


def test_the_attack_would_find_an_open_server(
    open_dir: Path, forged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = weed.security_text
    monkeypatch.setattr(weed, "security_text", lambda secrets: closed(secrets).partition("[jwt.signing]")[2])
    monkeypatch.setattr(s3_module.S3Server, "_require_closed", lambda _: None)
    with EmbeddedStack.start(open_dir / "data") as stack:
        target = Target.prepare(stack)
        attempts = target.attack(forged)
        found = [attempt for attempt in attempts if not is_refusal(attempt, target.blobs.ports.s3)]
        assert any("/dir/assign" in attempt.how for attempt in found)
        assert any("grpc" in attempt.how for attempt in found)
        assert any("shell" in attempt.how for attempt in found)
        assert not target.is_whole()


@pytest.mark.parametrize("part", ["grpc", "https.master"])
def test_a_server_that_is_open_is_not_used(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    # A part whose certificate weed does not find serves everybody, and at most a line in the log tells.
    closed = weed.security_text
    monkeypatch.setattr(weed, "security_text", lambda secrets: closed(secrets).replace(f"[{part}]", "[x]"))
    with pytest.raises(PortNotClosed) as caught:
        EmbeddedStack.start(open_dir / "data")
    assert str(caught.value.port) in str(caught.value)
