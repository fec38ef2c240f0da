"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vxdata.sdk._transport.token_sources import NamedFile
from vxdata.server.catalog_settings import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder that holds all data; made if missing.", show_default="per user", file_okay=False
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        help="Flight port; 0 picks a free one.", min=0, max=65535, show_default="VXDATA_PORT, else 8815"
    ),
]
HttpPort = Annotated[
    int | None,
    typer.Option(
        help="Port of HTTP; 0 picks a free one.", min=0, max=65535, show_default="VXDATA_HTTP_PORT, else 8816"
    ),
]
Url = Annotated[
    str | None,
    typer.Option(help="Address of the server.", envvar="VXDATA_URL", show_default="grpc://127.0.0.1:8815"),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help="File that holds the token for the server.",
        show_default="VXDATA_TOKEN, VXDATA_TOKEN_FILE, the credentials file of the address",
        dir_okay=False,
    ),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Send the token to another machine also without encryption.")
]
CatalogUris = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog",
        metavar="NAME=URI",
        help="A further database, read by reflection and served under a name; can be repeated. Prefer "
        "VXDATA_CATALOGS: other users can see arguments.",
        show_default="VXDATA_CATALOGS",
    ),
]


def token_of(file: Path | None) -> NamedFile | None:
    """Choose the token of a client.

    Args:
        file: What the command line names.

    Returns:
        What reads the file; None to search where every client does.
    """
    return None if file is None else NamedFile(file)


def catalogs_of(given: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """Read the catalogs of the command line, which join those of the settings.

    Args:
        given: Names and URIs, as ``NAME=URI``.

    Returns:
        Settings of each, by name.

    Raises:
        typer.BadParameter: One has another form; what it is is not shown, as it may hold a password.

    Example:
        >>> catalogs_of(["cda=postgresql://host/cda"])
        {'cda': {'uri': 'postgresql://host/cda'}}
    """
    found: dict[str, dict[str, str]] = {}
    for text in given or ():
        name, equals, uri = text.partition("=")
        if not equals or not uri or not NAME.fullmatch(name):
            msg = "give NAME=URI, the name in lower-case letters, digits and underscores"
            raise typer.BadParameter(msg, param_hint="--catalog")
        if name in found:
            msg = f"{name} is given twice"
            raise typer.BadParameter(msg, param_hint="--catalog")
        found[name] = {"uri": uri}
    return found
