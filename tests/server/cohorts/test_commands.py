"""`vxdata catalog`, against the server of the example."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from vxdata.cli.commands import catalog
from vxdata.schemas.errors import UnknownCatalog
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vxdata.server.app import Server


def test_list_and_refresh(cda_server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    catalog.list_(cda_server.flight_url)
    catalog.refresh("cda", cda_server.flight_url)
    lines = " ".join(capsys.readouterr().err.split())
    assert lines.count("cda: 13 tables, release") == 2
    assert lines.count("serves cohorts and tables") == 2


def test_indexes_can_be_made_as_they_are_printed(
    example_uri: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = {"uri": example_uri.get_secret_value(), "schema": "cda"}
    monkeypatch.setenv("VXDATA_CATALOGS", json.dumps({"cda": described}))
    command = [sys.executable, "-m", "vxdata.cli", "catalog", "indexes", "cda"]
    statements = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "observation_diagnosis_folded_vx" in statements
    with closing(ConnectionPool(example_uri, size=1)) as database, database.connection() as connection:
        connection.execute(statements.rstrip().rstrip(";"))
        connection.execute(statements.rstrip().rstrip(";"))
    with pytest.raises(UnknownCatalog, match="no catalog 'cdb'"):
        catalog.indexes("cdb")


def test_a_catalog_that_is_not_there(cda_server: Server) -> None:
    with pytest.raises(UnknownCatalog, match="no catalog 'cdb'"):
        catalog.refresh("cdb", cda_server.flight_url)
