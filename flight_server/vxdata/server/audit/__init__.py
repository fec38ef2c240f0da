"""The audit: who has read and changed what, in files of which none can be changed without a trace."""

from vxdata.server.audit.chain import START, Link
from vxdata.server.audit.log import AuditLog
from vxdata.server.audit.record import Record
from vxdata.server.audit.refusals import Refusal

__all__ = ["START", "AuditLog", "Link", "Record", "Refusal"]
