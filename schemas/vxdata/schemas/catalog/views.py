"""Views: the relations of a catalog as they are to those who see a part of the resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.relation import RelationKind, VisibleRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.catalog.relation import Relation
    from vxdata.schemas.identity import Grants


def seen_relations(
    relations: Mapping[str, Relation], registry: Registry, grants: Grants
) -> dict[str, Relation]:
    """Leave out the relations that are not seen, and state of the others which rows are.

    Tables without versions hang below no data source and have no licence, so nothing can grant them; they are
    left out.

    Args:
        relations: All relations by name.
        registry: The types that are seen.
        grants: What is seen of them.

    Returns:
        The relations that are seen.
    """
    rows = VisibleRows(grants.read, grants.licenses)
    return {relation.name: relation for relation in _seen(relations.values(), registry, rows, grants)}


def _seen(
    relations: Iterable[Relation], registry: Registry, rows: VisibleRows, grants: Grants
) -> Iterator[Relation]:
    types = tuple(registry.by_prefix)
    for relation in relations:
        if relation.kind is RelationKind.COMMIT:
            yield replace(relation, members=types, visible=rows)
        elif relation.kind is RelationKind.RESOURCE:
            members = tuple(name for name in relation.members if name in registry.by_prefix)
            if members or relation.name not in relation.members:
                yield replace(relation, members=members, visible=rows if grants.limits_rows else None)
