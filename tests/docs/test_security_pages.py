"""What the pages on security show can be run as it stands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.fixtures.commands import in_shell
from tests.fixtures.pages import blocks, run
from tools.tree import TOP
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import DataSourceCreate, ImagingStudyCreate, PatientCreate, VolumeCreate
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

PAGES = TOP / "docs" / "security"
LICENSE = "CC BY 4.0"
PATIENT = "BB00017"


@pytest.fixture
def uri(new_database: Callable[[], SecretStr], stack: EmbeddedStack) -> SecretStr:
    """URI of a database of a test's own, with all tables, which `vxdata db psql` may read."""
    made = new_database()
    upgrade_database(made, stack.postgres_read_uri)
    return made


@pytest.fixture
def served(
    settings: Settings, uri: SecretStr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """A client of a server that keeps an audit, allows purges, and knows the patient of the pages."""
    monkeypatch.setenv("VXDATA_AUDIT_DIR", str(tmp_path / "audit"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    changed: dict[str, Any] = {"audit_dir": tmp_path / "audit", "allow_purge": True, "cache_dir": None}
    here = settings.model_copy(update={"database_uri": uri, **changed})
    with Server(here) as server, Client(server.flight_url) as client:
        monkeypatch.setenv("VXDATA_URL", server.flight_url)
        client.data_sources.create(DataSourceCreate(identifier="basel", license=LICENSE))
        above: dict[str, Any] = {"identifier": PATIENT, "license": LICENSE}
        client.patients.create(PatientCreate(parent_identifier="datasource/basel", birth_year=1950, **above))
        client.imaging_studies.create(ImagingStudyCreate(parent_identifier=f"patient/{PATIENT}", **above))
        client.volumes.create(VolumeCreate(parent_identifier=f"imagingstudy/{PATIENT}", **above))
        yield client


def _here(code: str) -> str:
    """Run code in a shell with the settings of this process."""
    return in_shell(code, extra=os.environ)


def test_the_audit(served: Client) -> None:
    names: dict[str, Any] = {}
    for block in blocks(PAGES / "audit.md"):
        run(block, names)
    assert names["last"]["principal"].unique().to_list() == ["anonymous"]
    assert names["last"]["code"].unique().to_list() == ["OK"]
    assert "do_get" in names["last"]["door"].to_list()
    names["client"].close()
    reading, verifying = blocks(PAGES / "audit.md", "sh")
    assert len(_here(reading.code).splitlines()) == 5
    assert "the last one is" in _here(verifying.code)


def test_the_data_of_one_patient(
    served: Client, uri: SecretStr, stack: EmbeddedStack, tmp_path: Path
) -> None:
    another = f"patient/{PATIENT}0"
    served.patients.create(
        PatientCreate(identifier=another, parent_identifier="datasource/basel", license=LICENSE)
    )
    database = urlsplit(uri.get_secret_value()).path.removeprefix("/")
    here = f" --data-dir {stack.data_dir} -- -d {database} "
    size = "vxdata db psql -- -At -c \"SELECT pg_relation_size('imagingstudy')\"".replace(" -- ", here)
    names: dict[str, Any] = {}
    said: list[str] = []
    for block in blocks(PAGES / "patients.md", "python", "sh"):
        if block.language == "python":
            run(block, names)
        else:
            said += [_here(size), _here(block.code.replace(" -- ", here))]
    before, _, after, found = said
    assert int(before) > 0
    assert (after, found) == ("0\n", "0\n")
    assert names["types"] == ["imagingstudy", "patient", "volume"]
    assert sorted(path.stem for path in (tmp_path / "export").iterdir()) == names["types"]
    assert names["corrected"] == [1950, 1951]
    assert names["receipt"].counts == {"patient": 2, "imagingstudy": 1, "volume": 1}
    assert (names["rest"], names["earlier"]) == (0, 0)
    assert names["log"]["verb"].to_list() == ["purge"]
    assert {"do_get", "do_put"} <= set(names["about"]["door"])
    assert another not in str(names["about"]["questions"].to_list())
    names["client"].close()
