"""`vxdata serve`: the server alone, against a PostgreSQL and an S3 that run elsewhere."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from vxdata.cli.embedded_catalogs import refuse_embedded
from vxdata.cli.options import CatalogUris, catalogs_of
from vxdata.cli.running import (
    allow_many_files,
    announce,
    freeze_what_stays,
    leave,
    require_free,
)
from vxdata.cli.signals import until_signal
from vxdata.cli.variables import warn_of_unknown
from vxdata.server.app import Server
from vxdata.server.config import Settings
from vxdata.server.logs import configure_logs


def serve(
    database_uri: Annotated[
        str | None,
        typer.Option(
            help="libpq URI. Prefer VXDATA_DATABASE_URI: other users can see arguments.",
            show_default="VXDATA_DATABASE_URI",
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Flight port; 0 picks one.", show_default="8815")] = None,
    http_port: Annotated[
        int | None, typer.Option(help="HTTP port; 0 picks one.", show_default="8816")
    ] = None,
    s3_url: Annotated[
        str | None, typer.Option(help="Endpoint of the S3 service.", show_default="AWS")
    ] = None,
    s3_bucket: Annotated[str | None, typer.Option(help="Bucket for blobs.", show_default="none")] = None,
    catalog: CatalogUris = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Listen to other machines without TLS, or without asking who calls."),
    ] = False,
) -> None:
    """Serve an existing database and S3 bucket, or catalogs only, until Ctrl-C or SIGTERM.

    Settings that are not given come from VXDATA_* environment variables and the file that
    VXDATA_CONFIG names. To listen to other machines, the server needs TLS and authentication.

    When ready, prints the same line as `vxdata up`.
    """
    given: dict[str, Any] = {
        "database_uri": database_uri,
        "host": host,
        "port": port,
        "http_port": http_port,
        "s3_url": s3_url,
        "s3_bucket": s3_bucket,
        "catalogs": catalogs_of(catalog) or None,
        "insecure": insecure or None,
    }
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    refuse_embedded(settings.catalogs)
    configure_logs(settings.log_level, as_json=settings.log_json)
    warn_of_unknown(os.environ)
    for wanted in (settings.port, settings.http_port):
        require_free(wanted, settings.host)
    allow_many_files()
    with until_signal() as stop, Server(settings) as server:
        freeze_what_stays()
        announce(server)
        stop.wait()
    leave(server)
