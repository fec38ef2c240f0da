"""A server for one program: `local` starts it, and it ends with the client or the process."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import re
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import psutil
import pytest

from tests.fixtures.commands import environment, until
from tools.tree import TOP
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.installation import install_command
from vxdata.sdk import Client, F, NotAuthenticated, ServerUnavailable, local
from vxdata.sdk import _local as local_module

SOURCE = DataSourceCreate(identifier="here", license="CC BY 4.0")

PROGRAM = """
import sys
from vxdata.sdk import local
client = local(sys.argv[1])
print(client.health().status, client.base_url, flush=True)
sys.stdin.readline()
"""


FORKING = """
import os, sys, time
from vxdata.sdk import local
client = local(sys.argv[1])
child = os.fork()
if child == 0:
    time.sleep(600)
client.close()
os.kill(child, 0)  # it is still there
os.kill(child, 9)
print("closed", flush=True)
"""


def children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of credentials files; of other settings there are none, but the token of another server."""
    for name in [name for name in os.environ if name.startswith("VXDATA_")]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("credentials")
    monkeypatch.setenv("VXDATA_CREDENTIALS", str(folder))
    monkeypatch.setenv("VXDATA_TOKEN", "of-another-server")
    return folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_does_not_keep_it(data_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, str(data_dir)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr


def test_a_server_of_ones_own(data_dir: Path, credentials: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its data stay, its processes end, nobody else starts one on its folder, or is let in."""
    monkeypatch.setattr(local_module, "PATIENCE_SECONDS", 0.0)
    before = children()
    with local(data_dir) as client:
        assert len(children() - before) >= 3, "the server, PostgreSQL and S3"
        require_own_group()
        client.data_sources.create(SOURCE)
        url = client.storage.upload(__file__, group="tests", progress=False)
        require_refusal(data_dir)
        with Client(client.base_url) as stranger, pytest.raises(NotAuthenticated):
            stranger.health()
        with pickle.loads(pickle.dumps(client)) as other:  # noqa: S301 - of our own making
            assert type(other) is type(copy.deepcopy(client)) is Client
            assert other.data_sources.query().count() == 1
        assert client.health().status == "ok", "closing a copy stops nothing"
    assert children() - before == set()
    assert list(credentials.iterdir()) == []
    with local(data_dir) as client:
        assert client.data_sources.query().filter(F.identifier == "datasource/here").count() == 1
        assert client.storage.download(url, data_dir / "files", progress=False).read_bytes()


def test_it_serves_as_long_as_a_query_of_it(data_dir: Path) -> None:
    before = children()
    patients = local(data_dir).patients.query()
    gc.collect()
    assert patients.count() == 0
    del patients
    gc.collect()
    until(lambda: children() - before == set(), "the server has stopped")


def require_own_group() -> None:
    """Ctrl-C in a terminal or a notebook reaches a whole group of processes."""
    (server,) = [process for process in psutil.Process().children() if "--until-eof" in process.cmdline()]
    assert os.getpgid(server.pid) != os.getpgid(0)


def require_refusal(data_dir: Path) -> None:
    wanted = rf"The server on {re.escape(str(data_dir))} did not start: DataDirectoryInUse: .* in use by"
    with pytest.raises(ServerUnavailable, match=wanted) as raised:
        local(data_dir)
    assert raised.value.details["data_dir"] == str(data_dir)


def test_nothing_outlives_the_program(data_dir: Path) -> None:
    """And the next program waits for the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data_dir)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("ok grpc://127.0.0.1:")
        below = psutil.Process(program.pid).children(recursive=True)
        assert len(below) >= 3
        program.kill()
        assert program.wait() == -signal.SIGKILL
    with local(data_dir) as client:
        assert client.health().status == "ok"
    until(lambda: not any(process.is_running() for process in below), "the children have ended")


def test_without_the_extra_it_says_what_to_install(data_dir: Path, tmp_path: Path) -> None:
    """In an environment that is this one, less two packages."""
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("typer", "sqlglot")):
            (tmp_path / entry.name).symlink_to(entry)
    folders = [str(tmp_path), *(str(TOP / name) for name in ("vxdata_client", "schemas"))]
    code = f"import sys; sys.path[:0] = {folders}; from vxdata.sdk import local; local({str(data_dir)!r})"
    done = subprocess.run([sys.executable, "-S", "-c", code], check=False, capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last == f"ModuleNotFoundError: A local server needs sqlglot, typer: {install_command('server')}"
    assert not data_dir.exists()


def test_a_folder_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ServerUnavailable, match=r"on /proc/nowhere did not start: .*/proc/nowhere"):
        local("/proc/nowhere")
