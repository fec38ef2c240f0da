"""Ruff refuses Flight and ADBC outside the few modules that may use them."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product

import pytest

from tools.tree import TOP

FORMS = (
    "import pyarrow.flight\n",
    "from pyarrow import flight\n",
    "import pyarrow as pa\n\npa.flight.connect('')\n",
    "import adbc_driver_manager\n",
    "from adbc_driver_postgresql import dbapi\n",
)
ELSEWHERE = (
    "flight_server/vxdata/server/services/read.py",
    "sql/vxdata/sql/names.py",
    "schemas/vxdata/schemas/catalog/registry.py",
    "vxdata_client/vxdata/sdk/_queries/query.py",
)
FLIGHT = (
    "vxdata_client/vxdata/sdk/_transport/flight.py",
    "flight_server/vxdata/server/listeners/flight/server.py",
)


def banned(name: str, source: str) -> list[str]:
    """Codes of what ruff finds in a text that stands at a place of the tree."""
    command = [sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=json"]
    done = subprocess.run(
        [*command, "--stdin-filename", name, "-"],
        input=source,
        check=False,
        capture_output=True,
        text=True,
        cwd=TOP,
        timeout=60,
    )
    assert done.returncode in {0, 1}, done.stderr
    return [found["code"] for found in json.loads(done.stdout)]


@pytest.mark.parametrize(("name", "source"), list(product(ELSEWHERE, FORMS)))
def test_other_modules_may_not_use_them(name: str, source: str) -> None:
    assert banned(name, source) == ["TID251"]


@pytest.mark.parametrize("name", FLIGHT)
def test_the_rim_uses_flight(name: str) -> None:
    assert banned(name, "import pyarrow.flight\n") == []


def test_the_connection_uses_adbc() -> None:
    assert banned("flight_server/vxdata/server/database/connection.py", "import adbc_driver_manager\n") == []
