"""Catalogs that lie in the database that `vxdata up` runs, in a schema of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from vxdata.server.catalog_settings import OwnCatalog
from vxdata.server.embedded.cluster import CATALOG_ROLE
from vxdata.sql.names import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.server.catalog_settings import CatalogSettings
    from vxdata.server.embedded import EmbeddedStack

EMBEDDED: Final = "embedded:"
"""Begins the URI of such a catalog; the name of its schema follows."""

HINT: Final = "--catalog or VXDATA_CATALOGS"
"""What a refusal names: where catalogs are set."""


def embedded_catalogs(
    stack: EmbeddedStack, catalogs: Mapping[str, CatalogSettings]
) -> dict[str, CatalogSettings]:
    """Have the catalogs that lie in the database of a stack read by the role that sees nothing else.

    Args:
        stack: The running stack.
        catalogs: Settings of catalogs by name.

    Returns:
        The same, with a libpq URI for each.

    Raises:
        typer.BadParameter: One names the schema of VxData's own data.
    """
    return {name: _embedded(stack, name, found) for name, found in catalogs.items()}


def refuse_embedded(catalogs: Mapping[str, CatalogSettings]) -> None:
    """Check that no catalog lies in an embedded database, for commands that run none.

    Args:
        catalogs: Settings of catalogs by name.

    Raises:
        typer.BadParameter: One does.
    """
    for name, catalog in catalogs.items():
        if catalog.uri.get_secret_value().startswith(EMBEDDED):
            msg = (
                f"{EMBEDDED} names a schema of the database that `vxdata up` runs; this command runs none: "
                f"give catalog {name} a libpq URI, such as postgresql://reader@host/{name}"
            )
            raise typer.BadParameter(msg, param_hint=HINT)


def _embedded(stack: EmbeddedStack, name: str, catalog: CatalogSettings) -> CatalogSettings:
    uri = catalog.uri.get_secret_value()
    if not uri.startswith(EMBEDDED):
        return catalog
    schema = uri.removeprefix(EMBEDDED) or catalog.schema_name
    if schema == SCHEMA:  # tokens lie there, and records that not everybody may see
        msg = f"the schema {SCHEMA} holds VxData's own data; catalog {name} needs another one"
        raise typer.BadParameter(msg, param_hint=HINT)
    return OwnCatalog(
        uri=stack.postgres_catalog_uri,
        schema_name=schema,
        api=catalog.api,
        release=catalog.release,
        role=CATALOG_ROLE,
    )
