"""Commands that end by themselves: help, errors in one line, health, upgrades, loads, the demo."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.commands import command, environment, vxdata
from vxdata.cli.app import Commands, app
from vxdata.schemas.wire import Health
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.app import Server

COMMANDS = {
    (): "Usage: vxdata",
    ("up",): "--data-dir",
    ("serve",): "--database-uri",
    ("db",): "upgrade",
    ("db", "upgrade"): "--database-uri",
    ("db", "clock"): "--restamp",
    ("db", "answers"): "--forget",
    ("load",): "idc",
    ("load", "idc"): "--rows-per-batch",
    ("demo",): "--small",
    ("storage",): "sweep",
    ("storage", "sweep"): "--older-than",
    ("health",): "--url",
    ("catalog",): "refresh",
    ("catalog", "list"): "--url",
    ("catalog", "refresh"): "--url",
}
NOWHERE = "grpc://127.0.0.1:1"


@dataclass(frozen=True)
class Said:
    """What a command did: its status, and its words without frames and line breaks."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs a command in this process: the same code, without the second that an interpreter needs.

    Not for those that get as far as to set up logs, which would go on to write to what is captured here.
    """
    for name in [name for name in os.environ if name.startswith("VXDATA_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["vxdata", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            app()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), _words(said.out), _words(said.err))

    return call


def run_apart(*arguments: str | Path) -> Said:
    """Run a command in a process of its own: it sets up logs, or changes the environment."""
    done = vxdata(*arguments)
    return Said(done.returncode, _words(done.stdout), _words(done.stderr))


def _words(text: str) -> str:
    return " ".join(re.sub("[─│╭╮╰╯]", " ", text).split())


def failure(*arguments: str | Path, env: dict[str, str] | None = None) -> str:
    """The one line that a failed command says."""
    done = vxdata(*arguments, env=env)
    assert (done.returncode, done.stdout) == (1, ""), done
    (line,) = done.stderr.splitlines()
    return line


def test_the_version_is_told() -> None:
    assert run_apart("--version") == Said(0, f"vxdata {version('vxdata')}", "")


def test_the_version_needs_no_server() -> None:
    script = (
        "import sys; sys.modules['typer'] = None; sys.argv = ['vxdata', '--version']\n"
        "from vxdata.cli.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == f"vxdata {version('vxdata')}\n"


@pytest.mark.parametrize("missing", ["typer", "adbc_driver_postgresql"])
def test_what_is_not_installed_is_named(missing: str) -> None:
    script = (
        f"import sys; sys.modules['{missing}'] = None; sys.argv = ['vxdata', 'serve']\n"
        "from vxdata.cli.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"The vxdata command needs {missing}: pip install ")


def test_the_version_is_listed_and_told_before_any_command(run: Callable[..., Said]) -> None:
    assert "--version <bool> Tell the version." in run("--help").out
    assert run("--version", "up") == Said(0, f"vxdata {version('vxdata')}", "")


class TestHelp:
    def test_the_list_repeats_what_each_command_says(self, run: Callable[..., Said]) -> None:
        listed = run("--help").out
        for each in Commands.LISTED:
            assert f"{each.name} {each.help}" in listed
            assert f"{each.name} [OPTIONS]" in (own := run(each.name, "--help").out)
            assert each.help in own
            assert "completion" not in own

    def test_it_waits_for_no_import_of_the_server(self) -> None:
        script = (
            "import sys; sys.argv = ['vxdata', '--help']\n"
            "try: from vxdata.cli.__main__ import main; main()\n"
            "finally: sys.stderr.write(' '.join(name for name in sys.modules if name.startswith('vxdata.')))"
        )
        done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
        assert "vxdata.cli.on_demand" in done.stderr
        assert "vxdata.server" not in done.stderr

    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_of_every_command(self, run: Callable[..., Said], words: tuple[str, ...]) -> None:
        said = run(*words, "--help")
        assert (said.status, said.err) == (0, "")
        assert COMMANDS[words] in said.out

    @pytest.mark.parametrize(
        ("words", "wanted"),
        [
            (("nosuch",), "No such command 'nosuch'"),
            (("up", "--nosuch"), "No such option: --nosuch"),
            (("up", "--port", "65536"), "Invalid value for '--port'"),
            (("up", "--port", "x"), "Invalid value for '--port'"),
            (("load", "idc", "--rows-per-batch", "0"), "Invalid value for '--rows-per-batch'"),
        ],
    )
    def test_what_is_unknown_is_named(
        self, run: Callable[..., Said], words: tuple[str, ...], wanted: str
    ) -> None:
        said = run(*words)
        assert (said.status, said.out) == (2, "")
        assert wanted in said.err


class TestFailures:
    def test_nobody_answers(self, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
        refused = f"Nothing answers at {NOWHERE}: the connection was refused"
        sentence = f"{refused}. Is the server running? (`vxdata up` starts one.)"
        wanted = Said(1, "", f"ServerUnavailable: {sentence}")
        assert run("health", "--url", NOWHERE) == wanted
        assert run("load", "idc", "--extract", "--url", NOWHERE) == wanted
        monkeypatch.setenv("VXDATA_URL", NOWHERE)
        assert run("health") == wanted
        assert failure("health", "--url", NOWHERE) == wanted.err

    @pytest.mark.parametrize("url", ["http://127.0.0.1", "grpc://127.0.0.1:x"])
    def test_an_address_that_is_none(self, run: Callable[..., Said], url: str) -> None:
        said = run("health", "--url", url)
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("InvalidRequest: base_url")

    def test_an_unknown_collection(self, run: Callable[..., Said]) -> None:
        said = run("load", "idc", "--extract", "--collection", "prostate_3d", "--url", NOWHERE)
        wanted = "InvalidRequest: The index has no collection prostate_3d. Did you mean prostate_3t"
        assert (said.status, said.err.startswith(wanted)) == (1, True)

    def test_no_database(self, run: Callable[..., Said]) -> None:
        line = failure("serve", "--port", "0", "--http-port", "0")
        assert line.startswith("ServerUnavailable: No database is configured")
        assert run("db", "upgrade").err.startswith("ServerUnavailable: No database is configured")
        assert "give --database-uri or --data-dir, or set VXDATA_DATABASE_URI" in run("db", "answers").err
        said = run("db", "upgrade", "--database-uri", "postgresql://127.0.0.1:1/x")
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("ServerUnavailable: The database cannot be reached")

    def test_settings_that_are_wrong_are_named_without_their_values(self) -> None:
        line = failure("serve", env={"VXDATA_PORT": "secret", "VXDATA_POOL_SIZE": "0"})
        assert line.startswith("InvalidSettings: VXDATA_PORT: Input should be a valid integer")
        assert "; VXDATA_POOL_SIZE: Input should be greater than or equal to 1" in line
        assert "secret" not in line

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ('{"a": 1', "which takes JSON: Expecting ',' delimiter: line 1 column 8"),
            ('{"a": {"url": "x"}}', "VXDATA_CATALOGS, a.uri: Field required; VXDATA_CATALOGS, a.url: Extra"),
        ],
    )
    def test_catalogs_of_another_form_are_told_where(
        self, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, given: str, wanted: str
    ) -> None:
        monkeypatch.setenv("VXDATA_CATALOGS", given)
        said = run("serve")
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("InvalidSettings: ")
        assert wanted in said.err

    @pytest.mark.parametrize("given", ["{s3kret", '{"a": "s3kret"}', '{"s3kret=": {"uri": "x"}}'])
    def test_settings_of_catalogs_that_are_refused_are_not_shown(
        self, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, given: str
    ) -> None:
        monkeypatch.setenv("VXDATA_CATALOGS", given)
        said = run("serve")
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("InvalidSettings: ")
        assert "catalogs" in said.err.lower()
        assert "s3kret" not in said.err

    @pytest.mark.parametrize("words", [("serve",), ("catalog", "indexes", "cda")], ids=" ".join)
    def test_embedded_catalogs_where_no_database_is_run(
        self, run: Callable[..., Said], words: tuple[str, ...]
    ) -> None:
        said = run(*words, "--catalog", "cda=embedded:cda")
        assert (said.status, said.out) == (2, "")
        assert "embedded: names a schema of the database that `vxdata up` runs" in said.err
        assert "postgresql://reader@host/cda" in said.err

    def test_a_settings_file_that_is_none(
        self, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "vxdata.toml").write_text("port =")
        monkeypatch.setenv("VXDATA_CONFIG", str(tmp_path / "vxdata.toml"))
        said = run("db", "upgrade")
        assert said.err.startswith("InvalidSettings: the file that VXDATA_CONFIG names is not TOML")

    def test_a_folder_that_cannot_be_made(self) -> None:
        said = run_apart("up", "--data-dir", "/proc/nowhere", "--port", "0", "--http-port", "0")
        assert (said.status, said.out) == (1, "")
        assert "/proc/nowhere" in said.err

    def test_a_port_that_is_taken(self, data_dir: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = str(listener.getsockname()[1])
            for options in (("--port", port, "--http-port", "0"), ("--port", "0", "--http-port", port)):
                said = run_apart("up", "--data-dir", data_dir, *options)
                advice = "choose another port by --port or --http-port"
                assert said == Said(1, "", f"OSError: 127.0.0.1:{port}: Address already in use; {advice}")
        # It is found before anything is started or made.
        assert not data_dir.exists()


def test_health_is_json(server: Server) -> None:
    done = vxdata("health", "--url", server.flight_url)
    assert (done.returncode, done.stderr) == (0, "")
    health = Health.model_validate_json(done.stdout)
    assert (health.status, health.server_version) == ("ok", version("vxdata"))


class TestUpgrade:
    def test_twice(self, new_database: Callable[[], SecretStr]) -> None:
        env = {"VXDATA_DATABASE_URI": new_database().get_secret_value()}
        first = vxdata("db", "upgrade", env=env)
        assert (first.returncode, first.stdout) == (0, "")
        said = first.stderr.splitlines()
        assert said[0] == "migration 0001_commit_clock"
        assert "table volume" in said
        assert said[-1] == "The database is up to date."
        second = vxdata("db", "upgrade", env=env)
        assert (second.returncode, second.stderr) == (0, "Nothing to do.\n")

    def test_by_many_at_once(self, new_database: Callable[[], SecretStr]) -> None:
        uri = new_database().get_secret_value()
        upgrades = [
            subprocess.Popen(
                command("db", "upgrade", "--database-uri", uri),
                env=environment(),
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        said = [process.communicate()[1] for process in upgrades]
        assert [process.returncode for process in upgrades] == [0, 0, 0], said
        assert sorted(text.splitlines()[-1] for text in said) == [
            "Nothing to do.",
            "Nothing to do.",
            "The database is up to date.",
        ]


class TestLoad:
    @pytest.fixture
    def url(self, empty_client: Client) -> str:
        return empty_client.base_url

    def test_a_collection_then_all_then_nothing(self, url: str) -> None:
        one = vxdata("load", "idc", "--extract", "--collection", "prostate_3t", "--url", url)
        assert one.returncode == 0, one.stderr
        assert one.stdout == ""
        assert re.search(r"volume +64 created +0 present before", one.stderr)
        rest = vxdata("load", "idc", "--extract", "--rows-per-batch", "300", env={"VXDATA_URL": url})
        assert rest.returncode == 0, rest.stderr
        assert re.search(r"volume +880 created +64 present before", rest.stderr)
        assert "7 values  imagingstudy.study_description: series of one study disagree" in rest.stderr
        again = vxdata("load", "idc", "--extract", "--url", url)
        assert again.returncode == 0, again.stderr
        assert "Nothing to load: all of it is there already." in again.stderr
        assert re.search(r"volume +0 created +944 present before", again.stderr)

    def test_by_two_at_once_ends_whole(self, url: str) -> None:
        """Each batch is all or nothing, so the slower one is refused, and what it wanted is there."""
        done: list[subprocess.CompletedProcess[str]] = []
        arguments = ("load", "idc", "--extract", "--rows-per-batch", "40", "--url", url)
        threads = [threading.Thread(target=lambda: done.append(vxdata(*arguments))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {process.returncode for process in done} <= {0, 1}
        assert all(
            "ResourceAlreadyExists: Already exists" in process.stderr
            for process in done
            if process.returncode
        )
        last = vxdata(*arguments)
        assert last.returncode == 0
        with Client(url) as client:
            assert client.volumes.query().collect().height == 944


ASKING = {"VXDATA_AUTHENTICATION": "required", "VXDATA_TOKEN": "of-another-server"}


def test_the_demo_of_cohorts_twice(data_dir: Path) -> None:
    first = vxdata("demo", "--cda", "--small", "--data-dir", data_dir)
    again = vxdata("demo", "--cda", "--small", "--data-dir", data_dir, env=ASKING)
    assert "rows of a made-up database in" in first.stdout
    assert "the made-up database is there already" in again.stdout
    assert '--oauth2-bearer "$VXDATA_TOKEN"' in again.stdout
    found = re.findall(r"^(\d[\d,]*) subjects in", again.stdout, re.MULTILINE)
    assert len(found) == 2, again.stdout
    assert found[0] == found[1], "HTTP and Polars find the same subjects"
    assert "list[struct[3]]" in again.stdout
    assert f"vxdata up --data-dir {data_dir} --catalog cda=embedded:cda" in again.stdout


@pytest.mark.slow
def test_the_demo_twice(data_dir: Path) -> None:
    first = vxdata("demo", "--small", "--data-dir", data_dir)
    assert first.returncode == 0, first.stderr
    assert re.search(r"load: 1,357 resources in [0-9.]+ s, [0-9,]+ rows/s", first.stdout)
    for name, count in (("data_sources", 4), ("patients", 197), ("imaging_studies", 212), ("volumes", 944)):
        assert re.search(rf"^  {name} +{count}$", first.stdout, re.MULTILINE)
    assert "shape: (391, 5)" in first.stdout
    assert "│ patient/prostate_3t/Prostate3T-01-0001            ┆ T2 " in first.stdout
    assert re.search(r"pull: 944 volumes of \d+ columns in [0-9.]+ s, [0-9,]+ rows/s", first.stdout)
    assert "\x1b" not in first.stdout
    plain = {"PYTHONIOENCODING": "ascii:replace", "COLUMNS": ""}
    second = vxdata("demo", "--small", "--data-dir", data_dir, env=ASKING | plain)
    assert second.returncode == 0, second.stderr
    assert "load: nothing to load, all 1,357 resources are there already" in second.stdout
    assert "| patient/prostate_3t/Prostate3T-01-0001 " in second.stdout
