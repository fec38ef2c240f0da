"""Paths: how the rows of a table hang on the entities of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import InvalidCatalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.catalog.reflected import ReflectedSchema, ReflectedTable

UPSTREAM: Final = "upstream_identifiers"
"""The table that refers to entities of any table, and names that table in a column."""

UPSTREAM_KEY: Final = "id_alias"
UPSTREAM_TABLE: Final = "cda_table"


@dataclass(frozen=True)
class Link:
    """A mapping table on the way from an endpoint to other entities.

    Args:
        table: The mapping table.
        endpoint_column: Its column that names the entity of the endpoint.
        entity_column: Its column that names the other entity.
    """

    table: str
    endpoint_column: str
    entity_column: str


@dataclass(frozen=True)
class Path:
    """The way from an endpoint to a table.

    Args:
        entity: The table of the entities that the rows hang on: the endpoint, another table of entities, or
            the table itself.
        link: The mapping table between the endpoint and those entities; None if they are the endpoint's own.
        table: The table.
        column: Its column that names the entity.
        only_of: If its rows hang on entities of several tables, the column that tells which.
    """

    entity: str
    link: Link | None
    table: str
    column: str
    only_of: str | None = None


def find_path(schema: ReflectedSchema, endpoint: str, table: ReflectedTable) -> Path | None:
    """Find the way from an endpoint to a table.

    Args:
        schema: The reflected schema.
        endpoint: The table of the endpoint.
        table: The table.

    Returns:
        The way, or None if there is none.

    Raises:
        InvalidCatalog: There are several.
    """
    if table.name == endpoint:
        return Path(endpoint, None, endpoint, table.primary_key[0])
    if table.name == UPSTREAM and not table.foreign_keys:
        return Path(endpoint, None, UPSTREAM, UPSTREAM_KEY, UPSTREAM_TABLE)
    direct = table.foreign_key_to(endpoint)
    if direct is not None:
        return Path(endpoint, None, table.name, direct.columns[0])
    found = list(_through_mappings(schema, endpoint, table))
    if len(found) > 1:
        through = ", ".join(path.link.table for path in found if path.link is not None)
        msg = f"Several relationships lead from {endpoint} to {table.name}: through {through}."
        raise InvalidCatalog(msg, endpoint=endpoint, table=table.name)
    return found[0] if found else None


def _through_mappings(schema: ReflectedSchema, endpoint: str, table: ReflectedTable) -> Iterator[Path]:
    """The ways through a table that refers both to the endpoint and to what the rows hang on."""
    # Rows hang on what their table refers to; those of a table that refers to nothing stand for themselves.
    upward = table.foreign_keys[0] if table.foreign_keys else None
    entity = table.name if upward is None else upward.table
    for mapping in schema.tables:
        to_endpoint, to_entity = mapping.foreign_key_to(endpoint), mapping.foreign_key_to(entity)
        if len(mapping.foreign_keys) < 2 or to_endpoint is None or to_entity is None:  # noqa: PLR2004 - a pair
            continue
        if upward is not None and upward.target != to_entity.target:
            continue
        link = Link(mapping.name, to_endpoint.columns[0], to_entity.columns[0])
        column = to_entity.target[0] if upward is None else upward.columns[0]
        yield Path(entity, link, table.name, column)
