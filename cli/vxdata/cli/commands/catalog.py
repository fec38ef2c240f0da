"""`vxdata catalog`: the catalogs of a running server, and the indexes that they need."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from vxdata.cli.console import console
from vxdata.cli.embedded_catalogs import refuse_embedded
from vxdata.cli.options import CatalogUris, Insecure, TokenFile, Url, catalogs_of, token_of
from vxdata.schemas.cohorts import CohortModel
from vxdata.schemas.errors import UnknownCatalog
from vxdata.schemas.wire import Action, CatalogInfo, CatalogList, CatalogRequest
from vxdata.sdk._client import DEFAULT_URL, URL_VARIABLE
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.credentials import credentials_of
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import reflect
from vxdata.sql.cohorts import index_statements

commands = typer.Typer(no_args_is_help=True)

TIMEOUT = 60.0
"""Seconds for a server to read the tables of a catalog."""


@commands.callback()
def catalog() -> None:
    """List, refresh and index catalogs."""


@commands.command("list")
def list_(url: Url = None, token_file: TokenFile = None, insecure: Insecure = False) -> None:
    """List the catalogs, with what each serves and the release of its data."""
    with _server(url, token_file, insecure=insecure) as server:
        found = CatalogList.model_validate_json(server.act(Action.CATALOGS))
    for info in found.catalogs:
        _print(_line(info))
    if not found.catalogs:
        _print("The server has no catalogs.")


@commands.command()
def refresh(
    name: Annotated[str, typer.Argument(help="Name of the catalog.")],
    url: Url = None,
    token_file: TokenFile = None,
    insecure: Insecure = False,
) -> None:
    """Make the server read the tables of a catalog again; calls in progress keep the old ones."""
    with _server(url, token_file, insecure=insecure) as server:
        body = CatalogRequest(name=name).to_bytes()
        info = CatalogInfo.model_validate_json(server.act(Action.REFRESH_CATALOG, body))
    _print(_line(info))


@commands.command()
def indexes(
    name: Annotated[str, typer.Argument(help="Name of the catalog.")], catalog: CatalogUris = None
) -> None:
    """Print, for psql, the statements that create the indexes which cohorts use.

    Nothing is changed: VxData only reads catalogs. The catalog is named in the settings or by --catalog.
    """
    named: dict[str, Any] = {"catalogs": catalogs_of(catalog)} if catalog else {}
    settings = Settings(**named)
    if name not in settings.catalogs:
        raise UnknownCatalog(f"The settings have no catalog {name!r}.", known=sorted(settings.catalogs))
    found = settings.catalogs[name]
    refuse_embedded({name: found})
    with closing(ConnectionPool(found.uri, size=1)) as database, database.connection() as connection:
        reflection = reflect(connection, found.schema_name)
    model = CohortModel.of(reflection.schema, reflection.column_metadata, reflection.release_metadata)
    for statement in index_statements(model):
        sys.stdout.write(f"{statement};\n")


@contextmanager
def _server(url: str | None, token_file: Path | None, *, insecure: bool) -> Iterator[FlightTransport]:
    address = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    credentials = credentials_of(address_of(address), token_of(token_file), insecure=insecure)
    transport = FlightTransport(address, TIMEOUT, retry_seconds=0, credentials=credentials)
    with closing(transport):
        yield transport


def _print(line: str) -> None:
    console.print(line, markup=False)


def _line(info: CatalogInfo) -> str:
    if not info.is_loaded:
        return f"{info.name}: cannot be read at present"
    serves = "cohorts and tables" if info.serves_cohorts else "tables"
    release = "no release, so no result is kept" if info.release is None else f"release {info.release}"
    problem = "" if info.problem is None else f" (no cohorts: {info.problem})"
    tables = "1 table" if info.tables == 1 else f"{info.tables:,} tables"
    return f"{info.name}: {tables}, {release}, serves {serves}{problem}"
