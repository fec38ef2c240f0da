"""`vxdata up`: everything on this machine, in the foreground."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from vxdata.cli.options import CatalogUris, DataDir, HttpPort, Port, catalogs_of
from vxdata.cli.running import (
    CHECK_SECONDS,
    announce,
    embedded_server,
    freeze_what_stays,
    leave,
)
from vxdata.cli.signals import stop_at_eof, until_signal
from vxdata.server.embedded.errors import EmbeddedStackError, StartCancelled


def up(
    data_dir: DataDir = None,
    port: Port = None,
    http_port: HttpPort = None,
    catalog: CatalogUris = None,
    until_eof: Annotated[
        bool,
        typer.Option("--until-eof", help="Stop also when standard input ends, as that of a child process."),
    ] = False,
) -> None:
    """Start PostgreSQL, S3 and the server on this machine, until Ctrl-C or SIGTERM.

    PostgreSQL or S3 is started again when it ends by itself; the command ends, with status 1, when that has
    failed ten times in a row.

    When ready, prints one line to standard output: vxdata ready <flight address> <http address>.
    """
    with until_signal() as stop, ExitStack() as after:
        if until_eof:
            stop_at_eof(stop)
        try:
            embedded = embedded_server(
                data_dir, port, http_port, catalogs=catalogs_of(catalog), stopping=stop
            )
            stack, server = after.enter_context(embedded)
        except StartCancelled:
            return
        freeze_what_stays()
        announce(server)
        try:
            while not stop.wait(CHECK_SECONDS):
                stack.check()
        except EmbeddedStackError as error:
            after.close()
            leave(server, error)
            raise
    leave(server)
