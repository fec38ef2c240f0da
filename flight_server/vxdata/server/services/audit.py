"""The audit, as administrators read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import NotAllowed, NotPermitted
from vxdata.schemas.identity import EVERYTHING
from vxdata.server.audit.reading import page

if TYPE_CHECKING:
    from vxdata.schemas.wire import AuditRequest
    from vxdata.server.audit import AuditLog
    from vxdata.server.call import Call


class AuditService:
    """Shows the audit of this server.

    Args:
        log: The audit; None where none is kept.
    """

    def __init__(self, log: AuditLog | None) -> None:
        """Keep it."""
        self._log = log

    def read(self, asked: AuditRequest, call: Call) -> bytes:
        """Read a page of the audit.

        Args:
            asked: Which records, and where the page before ended.
            call: The call.

        Returns:
            An Arrow IPC stream of records, in the order in which they were written.

        Raises:
            NotPermitted: The caller's grants are limited: records name what these hide.
            NotAllowed: The server keeps no audit.
            InvalidRequest: No page has ended there.
        """
        call.trail.ask(asked)
        if call.principal.grants != EVERYTHING:
            msg = "The audit names what grants hide: reading it needs grants without limits."
            raise NotPermitted(msg)
        if self._log is None:
            msg = "This server keeps no audit: its operator must set VXDATA_AUDIT_DIR."
            raise NotAllowed(msg)
        if asked.after is None:
            self._log.flush()
        return page(self._log.folder, asked)
