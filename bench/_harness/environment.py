"""What benchmarks run on: the embedded stack, databases on it, servers and the data."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

import polars as pl
from adbc_driver_postgresql import dbapi
from pydantic import SecretStr

from bench._harness.candidates import POSTGRES, Server, tell
from vxdata.cli.idc.load import load
from vxdata.cli.idc.mapping import map_index
from vxdata.cli.idc.source import read_index
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.embedded.binaries import find_binaries
from vxdata.server.embedded.cluster import ADMIN, ROLE
from vxdata.server.embedded.secrets import StackSecrets
from vxdata.server.embedded.stack import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.cli.idc.mapping import Mapped

QUICK_COLLECTIONS: Final = ("prostatex", "prostate_mri_us_biopsy")


@dataclass(frozen=True)
class Environment:
    """A stack with Imaging Data Commons in its first database.

    Args:
        stack: PostgreSQL and S3.
        data_dir: Where their data lie.
        volumes: Arrow file with the volumes as they were loaded.
    """

    stack: EmbeddedStack
    data_dir: Path
    volumes: Path

    @property
    def uri(self) -> str:
        """The database with the data; questions may touch single rows of it, no more."""
        return self.stack.postgres_uri.get_secret_value()

    @property
    def watch(self) -> dict[str, int]:
        """The process of PostgreSQL, to be watched."""
        return {POSTGRES: self.stack.pids["postgres"]}

    @property
    def psql(self) -> str:
        """PostgreSQL's own client."""
        return str(find_binaries().postgres_program("psql"))

    @property
    def log(self) -> Path:
        """PostgreSQL's log."""
        return Layout(self.data_dir).logs / "postgres.log"

    @property
    def first_volume(self) -> str:
        """The volume that is touched where a commit is needed."""
        return self.first("volumes", 1)[0]

    @property
    def smallest_volume(self) -> str:
        """The volume that is touched where the largest ones are asked for."""
        smallest = self._frame("volumes").sort("size_mb", "identifier", nulls_last=True).head(1)
        identifier: str = smallest.collect()["identifier"].item()
        return identifier

    def first(self, name: str, count: int) -> list[str]:
        """The first identifiers of a frame."""
        found: list[str] = (
            self._frame(name).select("identifier").head(count).collect()["identifier"].to_list()
        )
        return found

    def patients_with_mr(self, count: int) -> list[str]:
        """Patients, first those of whom there are T2, ADC or DWI volumes."""
        wanted = pl.col("volume_type").is_in(["T2", "ADC", "DWI"])
        studies = self._frame("volumes").filter(wanted).select(identifier="parent_identifier").unique()
        known = self._frame("imagingstudy").join(studies, on="identifier").select("parent_identifier")
        patients: list[str] = known.unique().sort("parent_identifier").collect().to_series().to_list()
        return list(dict.fromkeys([*patients, *self.first("patient", count)]))[:count]

    def _frame(self, name: str) -> pl.LazyFrame:
        return pl.scan_ipc(self.volumes.with_name(f"{name}.arrow"))

    def part(self, rows: int) -> dict[str, pl.DataFrame]:
        """The first volumes with all that is above them, by resource type."""
        found = {"volume": self._frame("volumes").head(rows).collect()}
        for below, name in (
            ("volume", "imagingstudy"),
            ("imagingstudy", "patient"),
            ("patient", "datasource"),
        ):
            wanted = found[below]["parent_identifier"].unique().to_list()
            found[name] = self._frame(name).filter(pl.col("identifier").is_in(wanted)).collect()
        return found

    def administer(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        secrets = StackSecrets.load_or_create(Layout(self.data_dir).secrets, may_create=False)
        password = quote(secrets.postgres_admin_password.get_secret_value(), safe="")
        parts = urlsplit(self.uri)
        uri = urlunsplit(parts._replace(netloc=f"{ADMIN}:{password}@", path=f"/{database}"))
        with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def database(self, name: str, *, with_data: bool) -> Iterator[str]:
        """Make a database for one question, and drop it at the end.

        Args:
            name: Its name.
            with_data: Whether it is a copy of the one with the data, to which nobody may be connected then.

        Yields:
            Its URI.
        """
        drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        template = f"TEMPLATE {urlsplit(self.uri).path[1:]} STRATEGY FILE_COPY" if with_data else ""
        self.administer(drop, f"CREATE DATABASE {name} OWNER {ROLE} {template}")
        uri = urlunsplit(urlsplit(self.uri)._replace(path=f"/{name}"))
        try:
            if not with_data:
                upgrade_database(SecretStr(uri))
            yield uri
        finally:
            self.administer(drop)


@contextmanager
def served(uri: str, **settings: object) -> Iterator[Server]:
    """Start a server, without columnar copies unless `copies=True`.

    Copies are built while the first calls are answered, so who wants them has to wait for them. All other
    questions measure what PostgreSQL answers.

    Args:
        uri: Its database.
        **settings: Further ones, such as `cache_bytes=0`.

    Yields:
        The server, ready for calls.
    """
    command = [sys.executable, "-m", "vxdata.cli", "serve", "--port", "0", "--http-port", "0"]
    with tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder:
        # A server that knows no cache takes no notice of its folder; two servers never share one.
        given = {"database_uri": uri, "log_level": "WARNING", "cache_dir": folder, "copies": False}
        given |= {"authentication": "off"} | settings  # what identities cost is the question `access`
        environment = os.environ | {f"VXDATA_{name.upper()}": str(value) for name, value in given.items()}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url, http_url = process.stdout.readline().split()[2:4]
            try:
                yield Server(process.pid, url, http_url)
            finally:
                process.terminate()


@contextmanager
def running(*, quick: bool, data_dir: Path | None) -> Iterator[Environment]:
    """Start a stack, and load Imaging Data Commons unless it is there.

    Args:
        quick: Load some collections only.
        data_dir: Where data are kept for the next run; in a temporary folder if None.

    Yields:
        The environment.
    """
    with tempfile.TemporaryDirectory(prefix="vxdata-bench-") as temporary:
        folder = (data_dir or Path(temporary)).resolve() / ("quick" if quick else "full")
        folder.mkdir(parents=True, exist_ok=True)
        for each in (folder, *folder.parents[:1]):
            each.chmod(0o755)  # PostgreSQL may run as another user
        with EmbeddedStack.start(folder / "stack") as stack:
            environment = Environment(stack, folder / "stack", folder / "volumes.arrow")
            upgrade_database(stack.postgres_uri)  # data that were kept may be those of an earlier version
            if not environment.volumes.exists():
                _load(environment, quick=quick)
            yield environment


def _load(environment: Environment, *, quick: bool) -> None:
    mapped = map_index(read_index().only(QUICK_COLLECTIONS if quick else ()))
    with served(environment.uri) as server, Client(server.url) as client:
        load(client, mapped, _report)
    # So that no candidate is the one that meets rows nobody has read yet.
    environment.administer("VACUUM (ANALYZE)", database=urlsplit(environment.uri).path[1:])
    _keep(environment, mapped)


def _keep(environment: Environment, mapped: Mapped) -> None:
    """Keep all levels beside the data; the volumes come last, as they tell that all is there."""
    for name in ("datasource", "patient", "imagingstudy", "volume"):
        frame = mapped.frames[name].drop("patient_key")
        draft = environment.volumes.with_name("draft.arrow")
        frame.write_ipc(draft, compat_level=None)
        draft.rename(environment.volumes.with_name("volumes.arrow" if name == "volume" else f"{name}.arrow"))


def _report(done: int, total: int) -> None:
    if sys.stderr.isatty() or done in {0, total}:
        tell(f"loading {done:,} of {total:,}")
