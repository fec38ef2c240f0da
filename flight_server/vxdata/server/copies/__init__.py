"""Columnar copies: what PostgreSQL holds, once more in DuckDB, for questions that no index answers.

A copy is one server's own, and may be deleted at any time. PostgreSQL stays the only truth: a copy tells up
to which commit it was brought, and whoever asks compares that with the commit clock. This is the only
package that imports DuckDB.
"""

from vxdata.server.copies.connection import CopyConnection
from vxdata.server.copies.copies import Copies
from vxdata.server.copies.errors import CopiesUnavailable, CopyCancelled, CopyError
from vxdata.server.copies.status import CopiesState, CopiesStatus
from vxdata.sql.copies.apply import Applied

__all__ = [
    "Applied",
    "Copies",
    "CopiesState",
    "CopiesStatus",
    "CopiesUnavailable",
    "CopyCancelled",
    "CopyConnection",
    "CopyError",
]
