"""Identifiers to choose from: those that begin like a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.plan import OrderBy, Plan, TextTest

if TYPE_CHECKING:
    from vxdata.schemas.catalog import Catalog
    from vxdata.server.services.pinned import PinnedReads


def identifiers_like(
    reads: PinnedReads, catalog: Catalog, relation: str | None, begins: str, limit: int
) -> list[str]:
    """Find live resources whose identifiers begin like a text.

    Args:
        reads: Reads at one instant.
        catalog: What there is.
        relation: Their type; any if None.
        begins: The text; where a type is given, it can leave the prefix out.
        limit: Most identifiers.

    Returns:
        The identifiers, in order.

    Raises:
        UnknownResourceType: There is no such type.
    """
    listed = catalog.relation(relation or RESOURCE)
    is_bare = relation is not None and not begins.startswith(f"{relation}/")
    text = f"{relation}/{begins}" if is_bare else begins
    plan = Plan(
        relation=listed.name,
        where=TextTest(op="startswith", field="identifier", text=text) if text else None,
        select=("identifier",),
        order_by=(OrderBy(field="identifier"),),
        limit=limit,
    )
    return list(reads.table(plan)["identifier"].to_pylist())
