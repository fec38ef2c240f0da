"""Entry point of the `vxdata` command, importable without the server's dependencies."""

from __future__ import annotations

import sys

from vxdata.cli.version import version_line
from vxdata.schemas.installation import install_command, packages_of


def main() -> None:
    """Run the command line, or say which extra to install for it; the version is told without any."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{version_line()}\n")
        return
    try:
        from vxdata.cli.app import app  # noqa: PLC0415 - the SDK alone lacks what this needs

        app()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in packages_of("server"):
            raise
        sys.exit(f"The vxdata command needs {error.name}: {install_command('server')}")


if __name__ == "__main__":
    main()
