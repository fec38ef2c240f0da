"""Doors: every operation has a rule, and there is no rule without an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.identities.code_doors import flight_doors, http_doors
from vxdata.schemas.errors import NotPermitted
from vxdata.schemas.identity import Right
from vxdata.server.call import ANONYMOUS
from vxdata.server.identities.doors import DOORS, require

if TYPE_CHECKING:
    from vxdata.server.app import Server


def test_every_operation_has_a_rule_and_every_rule_an_operation(guarded: Server) -> None:
    assert flight_doors() | http_doors(guarded) == set(DOORS)


def test_what_has_no_rule_is_refused_to_everybody() -> None:
    with pytest.raises(NotPermitted, match="nobody may") as caught:
        require("action:new", ANONYMOUS)
    assert caught.value.details == {"door": "action:new"}


def test_nothing_but_health_and_files_is_open_to_nobody() -> None:
    open_doors = {door for door, right in DOORS.items() if right is Right.NOTHING}
    files = {"openapi.json", "docs", "redoc", "static", "query", "v1", "livez", "readyz", ""}
    sessions = {"POST /v1/session", "DELETE /v1/session"}
    assert {door.rpartition("/")[2] for door in open_doors - sessions} == files
