"""Auditing: which calls leave a record, and that none is answered of which none could be written."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import NotAuthenticated, NotPermitted, QuotaExceeded, UnknownCatalog
from vxdata.schemas.identity import Right
from vxdata.server.audit import Record, Refusal
from vxdata.server.call import NOBODY
from vxdata.server.identities.doors import DOORS

if TYPE_CHECKING:
    from vxdata.server.audit import AuditLog
    from vxdata.server.call import Call
    from vxdata.server.listeners.boundary import Outcome

WITHOUT_DATA: Final = frozenset(
    {
        *(door for door, right in DOORS.items() if right is Right.NOTHING),
        "GET /v1/session",
        *(f"GET /{{catalog}}{rest}" for rest in ("", "/openapi.json", "/docs", "/redoc", "/static")),
        "list_actions",
        "list_flights",
        "action:health",
    }
)
"""Doors that show no data, and nothing of them: a monitor may ask for health every few seconds."""

REFUSALS: Final = frozenset(
    {NotAuthenticated.code, NotPermitted.code, QuotaExceeded.code, UnknownCatalog.code}
)
"""Codes of the refusals, which leave a record whatever was asked for: names of catalogs can be tried, too."""


class Auditing:
    """Observes calls for the audit.

    Args:
        log: Takes the records; without it, none are made.
    """

    def __init__(self, log: AuditLog | None) -> None:
        """Keep it."""
        self._log = log

    def require(self, door: str, _call: Call) -> None:
        """Refuse a call of which no record could be written.

        Args:
            door: The operation that is asked for.

        Raises:
            ServerUnavailable: The audit cannot be written at present.
        """
        if self._log is not None and door not in WITHOUT_DATA:
            self._log.require()

    def observe(self, outcome: Outcome) -> None:
        """Record a call that has ended.

        Args:
            outcome: How it ended.
        """
        if self._log is None or (outcome.door in WITHOUT_DATA and outcome.code not in REFUSALS):
            return
        call, code, caller = outcome.call, outcome.code, outcome.call.principal
        told = (outcome.listener, outcome.door, call, code, outcome.seconds)
        make = partial(Record.of_call, *told, datetime.now(UTC))
        if caller == NOBODY or code in REFUSALS:
            name = None if caller == NOBODY else caller.name
            self._log.add_refusal(make, Refusal(name, outcome.door, code, call.peer.rpartition(":")[0]))
        else:
            self._log.add(make, call.trail.received)
