"""`vxdata health`: whether a server answers."""

from __future__ import annotations

import sys

from vxdata.cli.options import Insecure, TokenFile, Url, token_of
from vxdata.sdk import Client


def health(url: Url = None, token_file: TokenFile = None, insecure: Insecure = False) -> None:
    """Ask a server whether it can answer; exit status 1 if not."""
    with Client(url, timeout=10, token=token_of(token_file), insecure=insecure) as client:
        sys.stdout.write(client.health().model_dump_json(indent=2) + "\n")
