"""`vxdata catalog`, against the server of the example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.cli.commands import catalog
from vxdata.schemas.errors import UnknownCatalog

if TYPE_CHECKING:
    from vxdata.server.app import Server


def test_list_and_refresh(cda_server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    catalog.list_(cda_server.flight_url)
    catalog.refresh("cda", cda_server.flight_url)
    lines = " ".join(capsys.readouterr().err.split())
    assert lines.count("cda: 13 tables, release") == 2
    assert lines.count("serves cohorts and tables") == 2


def test_a_catalog_that_is_not_there(cda_server: Server) -> None:
    with pytest.raises(UnknownCatalog, match="no catalog 'cdb'"):
        catalog.refresh("cdb", cda_server.flight_url)
