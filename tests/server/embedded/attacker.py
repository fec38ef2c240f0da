"""Another user of the machine, who has no secret and tries everything on every port.

It is a program, as a process can become another user only once::

    python attacker.py '{"uid": 4711, "ports": [...], ...}'

It prints one JSON list: what was tried, and what came back. What is loaded late is used or named before it
becomes the other user, since the interpreter may be closed to him.
"""

from __future__ import annotations

import contextlib
import encodings.idna
import errno
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

TIMEOUT = 3.0
SHELL_SECONDS = 5.0
LOADED = (encodings.idna, errno)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""How a gRPC client begins; a server that takes it sends its settings."""


@dataclass(frozen=True)
class Goal:
    """What is attacked, as the test tells it."""

    uid: int | None
    """Whom to become; nobody else if None."""
    ports: list[int]
    sockets: list[str]
    directories: list[str]
    pids: list[int]
    weed: str
    """The program of the S3 server, for its shell."""
    master: int
    filer: int
    bucket: str
    key: str
    file_id: str
    """Where the object lies in the volumes."""
    forged: str
    """A home with certificates that another authority has signed, and the configuration for them."""


@dataclass(frozen=True)
class Attempt:
    """One attempt, and what came back; None if nothing did."""

    port: int | None
    how: str
    answer: str | None
    status: int | None = None


def requests(goal: Goal) -> list[tuple[str, str]]:
    """Return what to ask each port for: the ways that the parts of SeaweedFS are known to have, and S3's."""
    at_filer, at_s3 = f"/buckets/{goal.bucket}", f"/{goal.bucket}"
    reads = [
        *("/", "/status", "/healthz", "/metrics", "/ui/index.html", "/api/config", "/debug/pprof/"),
        *("/dir/status", "/vol/status", "/cluster/status", "/dir/assign", "/vol/grow?count=1"),
        *("/dir/lookup?volumeId=1", f"/dir/lookup?fileId={goal.file_id}&read=yes", f"/{goal.file_id}"),
        *(f"{at_filer}/", f"{at_filer}/{goal.key}", at_s3, f"{at_s3}?list-type=2", f"{at_s3}/{goal.key}"),
        *(f"{at_s3}?policy", f"{at_s3}?versions"),
    ]
    writes = [f"{at_filer}/{goal.key}", f"{at_s3}/{goal.key}", f"/{goal.file_id}"]
    deletes = [*writes, f"{at_filer}?recursive=true", at_s3]
    return [
        *(("GET", path) for path in reads),
        *(("OPTIONS", path) for path in reads),
        *(
            (method, path)
            for path in (*writes, "/submit", "/?Action=ListUsers")
            for method in ("PUT", "POST")
        ),
        *(("DELETE", path) for path in deletes),
        ("GET", f"/col/delete?collection={goal.bucket}"),
    ]


def ask(port: int, method: str, path: str, context: ssl.SSLContext | None) -> tuple[int | None, str | None]:
    """Send one request; return status and text."""
    if context is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT, context=context)
    with contextlib.closing(connection):
        try:
            connection.request(method, path, body=b"overwritten" if method in {"PUT", "POST"} else None)
            response = connection.getresponse()
            return response.status, response.read(1_000_000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return None, None


def stranger(forged: Path | None) -> ssl.SSLContext:
    """Return a TLS client that takes every server, with no certificate or with a forged one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if forged is not None:
        context.load_cert_chain(forged / ".seaweedfs" / "weed.pem", forged / ".seaweedfs" / "weed.key")
    return context


def attack_port(goal: Goal, port: int) -> list[Attempt]:
    """Try every request in plain, with TLS, and with a forged certificate; then gRPC."""
    ways = {"http": None, "https": stranger(None), "https, forged": stranger(Path(goal.forged))}
    tried = []
    for scheme, context in ways.items():
        for method, path in requests(goal):
            status, text = ask(port, method, path, context)
            tried.append(Attempt(port, f"{scheme} {method} {path}", text, status))
    tried.append(Attempt(port, "grpc", greeting(port)))
    return tried


def greeting(port: int) -> str | None:
    """Begin as a gRPC client without TLS does, and return what the server says."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain:
        try:
            plain.sendall(PREFACE)
            return plain.recv(100).decode("latin-1")
        except OSError:
            return None


def attack_with_shell(goal: Goal, home: str) -> Attempt:
    """Have SeaweedFS's own shell list, read and remove what it can reach."""
    script = (
        f"volume.list\ncollection.list\nfs.ls /buckets/{goal.bucket}\n"
        f"fs.cat /buckets/{goal.bucket}/{goal.key}\n"
        f"lock\nfs.rm -r /buckets/{goal.bucket}\ncollection.delete -collection={goal.bucket} -apply\nunlock\n"
    )
    argv = [goal.weed, "shell", f"-master=127.0.0.1:{goal.master}", f"-filer=127.0.0.1:{goal.filer}"]
    with subprocess.Popen(
        argv,
        cwd=home,
        env={"PATH": os.defpath, "HOME": home},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as shell:
        try:
            said, _ = shell.communicate(script, SHELL_SECONDS)
        except subprocess.TimeoutExpired:  # it waits for a master that lets it in
            shell.send_signal(signal.SIGKILL)
            said, _ = shell.communicate()
    return Attempt(None, f"shell in {home}", said)


def open_things(goal: Goal) -> list[Attempt]:
    """Try the files, sockets and processes; report those that open."""
    opened = []
    for path in goal.sockets:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.connect(path)
            opened.append(Attempt(None, f"socket {path}", "connected"))
    listed = [*goal.directories, *(f"/proc/{pid}/fd" for pid in goal.pids if sys.platform == "linux")]
    for directory in listed:
        with contextlib.suppress(OSError):
            opened.append(Attempt(None, f"list {directory}", str(os.listdir(directory))))  # noqa: PTH208 - a word for errors
    for pid in goal.pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGCONT)
            opened.append(Attempt(None, f"signal {pid}", "sent"))
    return opened


def main() -> None:
    """Become the other user, attack, and print what came back."""
    goal = Goal(**json.loads(sys.argv[1]))
    contexts = [stranger(None), stranger(Path(goal.forged))]
    assert contexts
    if goal.uid is not None:
        os.setgroups([])
        os.setgid(goal.uid)
        os.setuid(goal.uid)
    tried = [attempt for port in goal.ports for attempt in attack_port(goal, port)]
    tried += [attack_with_shell(goal, home) for home in ("/", goal.forged)]
    if goal.uid is not None:
        tried += open_things(goal)
    json.dump([asdict(attempt) for attempt in tried], sys.stdout)


if __name__ == "__main__":
    main()
