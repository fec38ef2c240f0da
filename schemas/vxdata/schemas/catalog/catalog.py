"""The catalog: the relations that a plan may name.

The payload registry is one source of it; the planner below asks for nothing else, so that a
reflected PostgreSQL schema can become another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import COMMIT, COMMIT_FIELDS, RESOURCE
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.catalog.relation import Relation, RelationKind
from vxdata.schemas.catalog.views import seen_relations
from vxdata.schemas.errors import TableNotFound, UnknownResourceType
from vxdata.schemas.errors.messages import abridged_name, did_you_mean
from vxdata.schemas.payload_type import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.identity import Grants

MAX_VIEWS: Final = 256
"""Views of a catalog that are remembered: as many as there are principals at work with other grants."""


@dataclass(frozen=True)
class Catalog:
    """All relations by name, and the payload types that some of them come from.

    Args:
        relations: The relations.
        registry: The payload types: what identifiers, models and uploads are checked against.
    """

    relations: dict[str, Relation]
    registry: Registry

    @classmethod
    def from_registry(cls, payload_types: Registry, plain: Iterable[Relation] = ()) -> Catalog:
        """Describe registered payload types, and plain tables beside them.

        Args:
            payload_types: The types to offer.
            plain: Relations over tables that VxData did not design.

        Returns:
            A catalog with one relation a type, one of all resources, one of the commits, and the plain ones.

        Raises:
            ValueError: Two relations have one name.
        """
        relations = [
            Relation(payload_type.prefix, payload_type.response_fields, (payload_type.prefix,))
            for payload_type in payload_types
        ]
        members = tuple(payload_type.prefix for payload_type in payload_types)
        relations.append(Relation(RESOURCE, METADATA, members))
        relations.append(Relation(COMMIT, COMMIT_FIELDS, (), RelationKind.COMMIT, ("version",)))
        relations.extend(plain)
        by_name = {relation.name: relation for relation in relations}
        if len(by_name) < len(relations):
            names = [relation.name for relation in relations]
            repeated = sorted({name for name in names if names.count(name) > 1})
            msg = f"relations share the name {', '.join(repeated)}"
            raise ValueError(msg)
        return cls(by_name, payload_types)

    def relation(self, name: str) -> Relation:
        """Look a relation up.

        Args:
            name: A resource type, or one of the names that span all types.

        Returns:
            The relation.

        Raises:
            UnknownResourceType: There is none of this name.
            TableNotFound: There is none of this name, and the catalog has tables and no resources.
        """
        try:
            return self.relations[name]
        except KeyError:
            if self._has_tables_alone:
                hint = did_you_mean(str(name), list(self.relations))
                shown = abridged_name(str(name))
                raise TableNotFound(f"Table not found: {shown!r}. {hint}", table=shown) from None
            raise UnknownResourceType.from_name(name, known=self.relations) from None

    @property
    def _has_tables_alone(self) -> bool:
        kinds = {relation.kind for relation in self.relations.values()}
        return kinds == {RelationKind.PLAIN}

    def seen_by(self, grants: Grants) -> Catalog:
        """Show what is granted, as if there were nothing else.

        Args:
            grants: What is seen.

        Returns:
            A catalog without the types that are not granted. Plans that are bound against it find no resource
            that is not.
        """
        return self._seen_by(grants) if grants.hides_resources else self

    def __getstate__(self) -> dict[str, object]:
        """Leave the remembered views out of copies and pickles, such as those of clients beside a server."""
        return {name: value for name, value in self.__dict__.items() if name != "_seen_by"}

    @cached_property
    def _seen_by(self) -> Callable[[Grants], Catalog]:
        def seen_by(grants: Grants) -> Catalog:
            registry = self.registry.only(grants.types)
            return Catalog(seen_relations(self.relations, registry, grants), registry)

        return lru_cache(MAX_VIEWS)(seen_by)


@cache
def default_catalog() -> Catalog:
    """The catalog of the payload types that are installed; only composition roots ask for it."""
    return Catalog.from_registry(registry())
