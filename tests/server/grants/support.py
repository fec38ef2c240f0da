"""What the tests of grants share: calls of identities that see a part of what there is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.server.support import CALL, batch
from vxdata.schemas.identity import Grants, Role
from vxdata.schemas.wire import WriteCommand
from vxdata.server.call import Principal
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import CommitReceipt, Verb
    from vxdata.server.call import Call
    from vxdata.server.services.read import ReadService
    from vxdata.server.services.write import WriteService

CC_BY = "CC BY 4.0"


def call_of(name: str = "ann", **grants: Any) -> Call:
    """Make a call of an identity with some grants."""
    return with_grants(Grants(**grants), name)


def with_grants(grants: Grants, name: str = "ann") -> Call:
    """Make a call of an identity."""
    return replace(CALL, principal=Principal(name, Role.CURATOR, grants, "token"))


def rows_of(reads: ReadService, plan: Plan, call: Call) -> list[dict[str, Any]]:
    """Read a plan as a caller."""
    result = reads.run(plan, call)
    return [row for each in result.batches for row in each.to_pylist()]


def write(
    writes: WriteService,
    verb: Verb,
    rows: Mapping[str, Mapping[str, Any]],
    call: Call,
    *,
    cascade: bool = False,
    key: str | None = None,
) -> CommitReceipt:
    """Write resources by their identifiers, as a caller."""
    sections = [
        Section(prefix, batch(prefix, [{"identifier": name, **row}]))
        for name, row in rows.items()
        for prefix in [name.partition("/")[0]]
    ]
    command = WriteCommand(verb=verb, cascade=cascade, idempotency_key=key, client={})
    return writes.write(command, iter([*sections, len(rows)]), call)


def made(writes: WriteService, rows: Mapping[str, Mapping[str, Any]], call: Call = CALL) -> CommitReceipt:
    """Create resources, under an open licence where none is stated."""
    return write(writes, "create", {name: {"license": CC_BY, **row} for name, row in rows.items()}, call)
