"""Variables of the environment: those that the docs name are known, and others are told of."""

from __future__ import annotations

import re
from pathlib import Path

from structlog.testing import capture_logs

from tests.fixtures.commands import vxdata
from vxdata.cli.variables import KNOWN, warn_of_unknown

TOP = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"\bVXDATA_[A-Z0-9_]*[A-Z0-9]\b")


def test_the_docs_name_known_variables() -> None:
    pages = [TOP / "README.md", TOP / "SECURITY.md", *TOP.glob("docs/*.md"), *TOP.glob("docs/security/*.md")]
    named = {name for page in pages for name in NAMED.findall(page.read_text("utf-8"))}
    assert len(named) > 50
    assert named <= KNOWN


def test_a_misspelt_variable_is_told_of() -> None:
    with capture_logs() as logs:
        warn_of_unknown(["VXDATA_ALOW_PURGE", "VXDATA_TOKEN", "PATH", "VXDATA_PORT"])
    (line,) = logs
    assert (line["log_level"], line["variable"]) == ("warning", "VXDATA_ALOW_PURGE")
    assert line["hint"] == "Did you mean VXDATA_ALLOW_PURGE?"


def test_a_server_tells_at_its_start() -> None:
    done = vxdata("serve", "--port", "0", "--http-port", "0", env={"VXDATA_DAILY_ROW": "10"})
    assert "variable=VXDATA_DAILY_ROW" in done.stderr
    assert "Did you mean VXDATA_DAILY_ROWS" in done.stderr
