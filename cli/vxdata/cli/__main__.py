"""Entry point of the `vxdata` command, importable without the server's dependencies."""

from __future__ import annotations

import re
import sys
from importlib.metadata import requires


def server_packages() -> frozenset[str]:
    """List what the extra `server` brings, from the metadata of the installed distribution.

    The packages may be missing, so their import names follow from the names of their distributions.

    Returns:
        Names of top-level packages.
    """
    wanted = [
        requirement
        for requirement in requires("vxdata") or ()
        if re.search(r"extra == .server\b", requirement)
    ]
    return frozenset(
        re.split(r"[^\w.-]", requirement, maxsplit=1)[0].replace("-", "_") for requirement in wanted
    )


def main() -> None:
    """Run the command line, or say which extra to install for it."""
    try:
        from vxdata.cli.app import app  # noqa: PLC0415 - the SDK alone lacks what this needs
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in server_packages():
            raise
        sys.exit(f"The vxdata command needs {error.name}: pip install 'vxdata[server]'")
    app()


if __name__ == "__main__":
    main()
