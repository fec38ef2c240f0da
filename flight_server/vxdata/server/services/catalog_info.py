"""Descriptions of catalogs for clients."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from vxdata.schemas.wire import (
    CatalogDescription,
    CatalogInfo,
    CohortColumnInfo,
    DescribedColumn,
    DescribedKey,
    DescribedTable,
)

if TYPE_CHECKING:
    from vxdata.schemas.catalog.reflected import ReflectedTable
    from vxdata.server.services.catalog_views import SeenCatalog
    from vxdata.server.services.loaded_catalog import LoadedCatalog


def info_of(catalog: SeenCatalog) -> CatalogInfo:
    """Say what a catalog is, whether it can be read or not.

    Args:
        catalog: The catalog.

    Returns:
        Its name, its release and what it serves.
    """
    if not catalog.is_loaded:
        return CatalogInfo(name=catalog.name, is_loaded=False)
    return loaded_info(catalog.loaded)


def loaded_info(loaded: LoadedCatalog) -> CatalogInfo:
    """Say what a catalog is that has been read.

    Args:
        loaded: The catalog.

    Returns:
        Its name, its release and what it serves.
    """
    return CatalogInfo(
        name=loaded.name,
        serves_cohorts=loaded.model is not None,
        problem=loaded.problem,
        digest=loaded.digest,
        release=loaded.release,
        tables=len(loaded.reflection.schema.tables),
    )


def description_of(loaded: LoadedCatalog) -> CatalogDescription:
    """Say all that is known of a catalog.

    Args:
        loaded: The catalog.

    Returns:
        Its tables as PostgreSQL describes them, and the columns as cohorts name them.
    """
    schema, model = loaded.reflection.schema, loaded.model
    columns = () if model is None else tuple(CohortColumnInfo(**each) for each in model.listed_columns)
    return CatalogDescription(
        **loaded_info(loaded).model_dump(),
        schema_name=schema.name,
        described=tuple(map(_described, schema.tables)),
        columns=columns,
        column_metadata=() if model is None else tuple(map(dict, loaded.reflection.column_metadata)),
        sources=() if model is None else model.sources,
    )


def _described(table: ReflectedTable) -> DescribedTable:
    return DescribedTable(
        name=table.name,
        columns=tuple(DescribedColumn(**asdict(column)) for column in table.columns),
        primary_key=table.primary_key,
        foreign_keys=tuple(DescribedKey(**asdict(key)) for key in table.foreign_keys),
        comment=table.comment,
    )
