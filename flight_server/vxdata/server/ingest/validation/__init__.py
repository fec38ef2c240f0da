"""Vectorised validation of uploads: the server trusts no client, and looks at no row in Python.

The order of the checks: is the batch memory-safe, are its columns those of the type, do the
identifiers name the right type, do the values obey their fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.ingest.validation.identifiers import check_identifiers
from vxdata.server.ingest.validation.structure import check_memory, check_structure
from vxdata.server.ingest.validation.values import check_values

if TYPE_CHECKING:
    import pyarrow as pa

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.server.ingest.validation.violations import Violations


def validate(
    registry: Registry,
    payload_type: PayloadType,
    batch: pa.RecordBatch,
    first_row: int,
    violations: Violations,
    verb: Verb = "create",
) -> None:
    """Check a batch of rows to write.

    Args:
        registry: All payload types, whose prefixes parents may have.
        payload_type: What the rows claim to be.
        batch: The rows; columns are fields.
        first_row: Number of the batch's first row within the upload of its type.
        violations: Takes up every value that breaks a constraint.
        verb: What the rows are for, which decides the columns that they may and must have.

    Raises:
        InvalidRequest: The batch as a whole is not what it claims: its memory layout, its columns,
            their types, or the prefix of its identifiers.
    """
    check_structure(payload_type, batch, first_row, violations, verb)
    check_identifiers(registry, payload_type, batch, first_row, violations)
    check_values(payload_type, batch, first_row, violations, verb)


__all__ = ["check_memory", "validate"]
