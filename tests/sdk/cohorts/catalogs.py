"""The example of the contract as a catalog that a client knows, without a server."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.cohorts import CohortModel
from vxdata.schemas.wire import (
    CatalogDescription,
    CohortColumnInfo,
    DescribedColumn,
    DescribedKey,
    DescribedTable,
)

if TYPE_CHECKING:
    from tests.cohorts.database import Database
    from vxdata.schemas.catalog.reflected import ReflectedTable

RELEASE: Final = "2025-12"


def description_of(database: Database) -> CatalogDescription:
    """What a server says of a database that it serves as the catalog `cda`."""
    metadata = database.rows("column_metadata")
    model = CohortModel.of(database.schema, metadata)
    return CatalogDescription(
        name="cda",
        serves_cohorts=True,
        digest=database.schema.digest,
        release=RELEASE,
        tables=len(database.schema.tables),
        schema_name=database.schema.name,
        described=tuple(map(_described, database.schema.tables)),
        columns=tuple(CohortColumnInfo(**each) for each in model.listed_columns),
        column_metadata=tuple(metadata),
        sources=("GDC", "IDC"),
    )


def _described(table: ReflectedTable) -> DescribedTable:
    return DescribedTable(
        name=table.name,
        columns=tuple(DescribedColumn(**asdict(column)) for column in table.columns),
        primary_key=table.primary_key,
        foreign_keys=tuple(DescribedKey(**asdict(key)) for key in table.foreign_keys),
        comment=table.comment,
    )


DESCRIPTION: Final = description_of(EXAMPLE)
