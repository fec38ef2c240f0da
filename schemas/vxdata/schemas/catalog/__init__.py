"""The catalog: the relations and columns that a plan may name."""

from vxdata.schemas.catalog.catalog import Catalog, default_catalog
from vxdata.schemas.catalog.relation import PlainTable, Relation, RelationKind, VisibleRows

__all__ = ["Catalog", "PlainTable", "Relation", "RelationKind", "VisibleRows", "default_catalog"]
