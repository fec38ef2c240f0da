"""Identifiers: the resource's own names its type, the parent's names any registered type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from vxdata.schemas.errors import UnexpectedPayload
from vxdata.schemas.identifiers import MAX_REST_LENGTH, REST_FORM

if TYPE_CHECKING:
    import pyarrow as pa

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.ingest.validation.violations import Violations


def check_identifiers(
    registry: Registry,
    payload_type: PayloadType,
    batch: pa.RecordBatch,
    first_row: int,
    violations: Violations,
) -> None:
    """Check the form of identifiers and parents; null ones are left to the check of values.

    Raises:
        UnexpectedPayload: Identifiers have the prefix of another payload type.
    """
    names = batch.schema.names
    if "identifier" in names:
        identifiers = batch.column("identifier")
        _check_prefix(registry, payload_type, identifiers)
        wrong = _mismatch(identifiers, payload_type.prefix)
        problem = f"is not of the form {payload_type.prefix}/<1 to 200 visible ASCII characters>"
        violations.add(payload_type, batch, first_row, "identifier", wrong, problem)
    if "parent_identifier" in names:
        prefixes = "|".join(registry.by_prefix)
        wrong = _mismatch(batch.column("parent_identifier"), f"(?:{prefixes})")
        problem = "is not of the form <registered prefix>/<1 to 200 visible ASCII characters>"
        violations.add(payload_type, batch, first_row, "parent_identifier", wrong, problem)


def _check_prefix(registry: Registry, payload_type: PayloadType, identifiers: pa.Array) -> None:
    foreign = pc.invert(pc.starts_with(identifiers, f"{payload_type.prefix}/"))
    if not pc.any(foreign).as_py():
        return
    others = "|".join(prefix for prefix in registry.canonical_prefix if prefix != payload_type.prefix)
    belongs_elsewhere = pc.match_substring_regex(identifiers, f"^(?:{others})/")
    if pc.any(belongs_elsewhere).as_py():
        wrong = identifiers.filter(belongs_elsewhere).to_pylist()
        raise UnexpectedPayload.from_identifiers(wrong, payload_type.prefix)


def _mismatch(identifiers: pa.Array, prefix: str) -> pa.Array:
    """Mark what has not the form of an identifier; `prefix` is a regular expression."""
    malformed = pc.invert(pc.match_substring_regex(identifiers, f"^{prefix}/{REST_FORM}$"))
    length = pc.subtract(pc.binary_length(identifiers), pc.find_substring(identifiers, "/"))
    return pc.or_(malformed, pc.greater(length, MAX_REST_LENGTH + 1))
