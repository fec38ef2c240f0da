"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder that holds all data; made if missing.", show_default="per user", file_okay=False
    ),
]
Port = Annotated[int, typer.Option(help="Flight port; 0 picks a free one.", min=0, max=65535)]
HttpPort = Annotated[
    int, typer.Option(help="Port of the HTTP health checks; 0 picks a free one.", min=0, max=65535)
]
Url = Annotated[
    str | None,
    typer.Option(help="Address of the server.", envvar="VXDATA_URL", show_default="grpc://127.0.0.1:8815"),
]
