"""Where users keep their tokens: a variable of the environment, and a file for each address of a server."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Final

TOKEN_VARIABLE: Final = "VXDATA_TOKEN"  # noqa: S105 - the name, not a token
"""Environment variable with a token."""

FOLDER_VARIABLE: Final = "VXDATA_CREDENTIALS"
"""Environment variable with the path of the folder of credentials files."""


def credentials_folder() -> Path | None:
    """The folder of the user's credentials files, which need not be there.

    Returns:
        What ``VXDATA_CREDENTIALS`` names, else ``vxdata/credentials`` where the user's settings lie; None
        for a user without a home.
    """
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    try:
        # A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
        above = configured if configured.is_absolute() else Path.home() / ".config"
    except RuntimeError:
        return None
    return above / "vxdata" / "credentials"


def credentials_name(host: str, port: int) -> str:
    """Name the credentials file of an address.

    Args:
        host: Name or number of the machine. Those of this machine itself are all written as ``localhost``.
        port: On which the server listens for Arrow Flight.

    Returns:
        The name of the file.

    Example:
        >>> credentials_name("127.0.0.1", 8815), credentials_name("Data.example.org", 443)
        ('localhost_8815', 'data.example.org_443')
    """
    try:
        is_loopback = ip_address(host).is_loopback
    except ValueError:
        is_loopback = host.lower() == "localhost"
    # The colons of IPv6 are no part of a file's name everywhere.
    return f"{'localhost' if is_loopback else host.lower().replace(':', '-')}_{port}"


def credentials_path(host: str, port: int) -> Path | None:
    """The credentials file of an address, which need not be there.

    Args:
        host: Name or number of the machine.
        port: On which the server listens for Arrow Flight.

    Returns:
        The path; None for a user without a home.
    """
    folder = credentials_folder()
    return None if folder is None else folder / credentials_name(host, port)
