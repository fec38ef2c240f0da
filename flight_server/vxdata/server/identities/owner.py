"""The owner: the user who runs `vxdata up` is an administrator of their data, without any ceremony.

The token lies in the data directory, and in a credentials file under the address of the server, where the
client and the command line of the same user find it. Nobody else can read either file.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from vxdata.schemas.identity.credentials import credentials_path
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded.secrets import write_private
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.identities.tokens import id_of, new_token

if TYPE_CHECKING:
    from pathlib import Path

OWNER: Final = "owner"
"""Name of the owner's token, and of their principal."""

FILE: Final = "owner-token"
"""Name of its file in the data directory."""

MAX_BYTES: Final = 1024
"""Bytes of such a file that are read."""

log = structlog.get_logger(__name__)


def keep_owner(database_uri: SecretStr, data_dir: Path) -> SecretStr:
    """Have the database know the token of the owner, which is made once and kept over restarts.

    Args:
        database_uri: libpq URI of the database, whose tables are there.
        data_dir: The data directory.

    Returns:
        The token.

    Raises:
        OSError: The file cannot be read or written.
        ServerUnavailable: The database cannot be reached.
    """
    path = data_dir / FILE
    token = _kept(path)
    if token is None:
        token = new_token()
        write_private(path, f"{token.get_secret_value()}\n")
    with closing(ConnectionPool(database_uri, size=1)) as database:
        TokenStore(database).own(token, OWNER)
    return token


def put_credentials(token: SecretStr, host: str, port: int) -> Path | None:
    """Write the credentials file of an address.

    Args:
        token: The token.
        host: The host that the server listens on.
        port: Its Flight port.

    Returns:
        The file; None where the user has no home, or it cannot be written, which is logged.
    """
    path = credentials_path(host, port)
    if path is None:
        log.warning("credentials_not_written", reason="the user has no home; set VXDATA_CREDENTIALS")
        return None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, f"{token.get_secret_value()}\n")
    except OSError as error:
        log.warning("credentials_not_written", path=str(path), reason=error.strerror)
        return None
    return path


def remove_credentials(path: Path, token: SecretStr) -> None:
    """Remove a credentials file, unless another server has written it since.

    Args:
        path: The file.
        token: What it held.
    """
    held = _kept(path)
    if held is not None and held.get_secret_value() == token.get_secret_value():
        path.unlink(missing_ok=True)


def _kept(path: Path) -> SecretStr | None:
    """Read the token of a file; None if there is none, or if others could have read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        is_private = stat.S_ISREG(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        text = file.read(MAX_BYTES).decode("ascii", "replace").strip() if is_private else ""
    if id_of(text) is None:
        log.warning("token_made_anew", path=str(path), was_private=is_private)
        return None
    return SecretStr(text)
