"""A server on the embedded stack, running in this process."""

from __future__ import annotations

import gc
import os
import socket
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from vxdata.cli.console import console
from vxdata.cli.embedded_catalogs import embedded_catalogs
from vxdata.cli.variables import warn_of_unknown
from vxdata.schemas.catalog.registry import registry
from vxdata.sdk._transport.token_sources import NamedFile
from vxdata.server.app import Server
from vxdata.server.config import Settings
from vxdata.server.database.pool import COPIERS, FENCES, PRIVATES, ConnectionPool
from vxdata.server.database.reading_role import role_of
from vxdata.server.database.upgrade import upgrade
from vxdata.server.embedded import EmbeddedStack, default_data_dir
from vxdata.server.embedded.environment import clean_environment
from vxdata.server.embedded.owner import require_unowned
from vxdata.server.embedded.tuning import CONNECTIONS
from vxdata.server.identities.owner import FILE as OWNER_FILE
from vxdata.server.identities.owner import keep_owner, put_credentials, remove_credentials
from vxdata.server.listeners.connections import raise_file_limit
from vxdata.server.logs import configure_logs

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.database.upgrade import Upgrade

CHECK_SECONDS: Final = 2.0
"""How often the embedded children are looked at while the server waits for a signal."""

log = structlog.get_logger(__name__)


@contextmanager
def embedded_server(
    data_dir: Path | None,
    port: int | None,
    http_port: int | None,
    *,
    catalogs: Mapping[str, Mapping[str, str]] | None = None,
    quiet: bool = False,
    stopping: threading.Event | None = None,
) -> Iterator[tuple[EmbeddedStack, Server]]:
    """Start PostgreSQL, S3 and the server on one folder, and stop them at the end of the block.

    Args:
        data_dir: The folder; the user's default one if None.
        port: Flight port, or 0 for a free one; that of the settings if None.
        http_port: HTTP port, likewise.
        catalogs: Settings of catalogs, beside those of the environment and the file.
        quiet: Whether only warnings are logged, whatever the settings say.
        stopping: Cancels the start when it is set.

    Yields:
        The stack and the server, ready for calls.

    Raises:
        StartCancelled: `stopping` was set.
        EmbeddedStackError: PostgreSQL or S3 cannot be started on the folder.
        OSError: A port is taken.
    """
    named: dict[str, Any] = {"port": port, "http_port": http_port, "catalogs": catalogs or None}
    given = Settings(**{name: value for name, value in named.items() if value is not None})
    # Before the start: until then, lines of the log would go to standard output.
    configure_logs("WARNING" if quiet else given.log_level, as_json=given.log_json)
    warn_of_unknown(os.environ)
    data_dir = data_dir or default_data_dir()
    require_unowned(data_dir)  # before the ports, which the server on the same data may have taken
    for wanted in (given.port, given.http_port):
        require_free(wanted, given.host)
    with start_stack(data_dir, stopping, connections_of(given)) as stack:
        settings = settings_on(stack, given)
        upgrade_database(stack.postgres_uri, stack.postgres_read_uri)
        allow_many_files()
        with Server(settings) as server, owned(stack, server, settings):
            yield stack, server


@contextmanager
def owned(stack: EmbeddedStack, server: Server, settings: Settings) -> Iterator[None]:
    """Let the user who runs a server on an embedded stack in, as its owner.

    Args:
        stack: The stack.
        server: The server on it.
        settings: Its settings.

    Yields:
        Once the client and the command line of the user find the owner's token.
    """
    if settings.authentication == "off":
        _tell("everybody on this machine is an administrator of the data: VXDATA_AUTHENTICATION is off")
        yield
        return
    token = keep_owner(stack.postgres_uri, stack.data_dir)
    path = put_credentials(token, settings.host, server.flight_port)
    _tell(f"your token, for the query page and other programs: {stack.data_dir / OWNER_FILE}")
    try:
        yield
    finally:
        if path is not None and settings.port == 0:  # no later server has this address
            remove_credentials(path, token)


def owner_token(stack: EmbeddedStack) -> NamedFile | None:
    """The token of the owner of an embedded stack, for clients in the same process.

    Args:
        stack: The stack, with a server on it.

    Returns:
        What reads the token, whatever other token the environment holds; None where there is none, as the
        server asks nobody who they are.
    """
    path = stack.data_dir / OWNER_FILE
    return NamedFile(path) if path.exists() else None


def start_stack(
    data_dir: Path, stopping: threading.Event | None = None, connections: int = CONNECTIONS
) -> EmbeddedStack:
    """Start PostgreSQL and S3 for a process that uses no others.

    Args:
        data_dir: The folder of all data.
        stopping: Cancels the start when it is set.
        connections: Connections to PostgreSQL at a time, which its memory is planned for.

    Returns:
        The running stack, a context manager.

    Raises:
        StartCancelled: `stopping` was set.
        EmbeddedStackError: PostgreSQL or S3 cannot be started on the folder.
    """
    ignored = clean_environment(os.environ)
    if ignored:
        _tell(f"ignoring variables that are meant for other servers: {', '.join(ignored)}")
    return EmbeddedStack.start(data_dir, progress=_tell, stopping=stopping, connections=connections)


def connections_of(settings: Settings) -> int:
    """Return the most connections to PostgreSQL that a server with these settings has."""
    reading = settings.pool_size + settings.lookup_pool_size
    # Catalogs can lie in the same PostgreSQL.
    return reading * (1 + len(settings.catalogs)) + settings.writer_pool_size + FENCES + COPIERS + PRIVATES


def freeze_what_stays() -> None:
    """Keep Python's collector away from all that there is, in a process that will do nothing but serve.

    It would look through modules, models and parts of libraries again and again, and stop every call for a
    tenth of a second each time.
    """
    gc.collect()
    gc.freeze()


def allow_many_files() -> None:
    """Let this process open as many files as it may: each connection of a client takes one."""
    log.debug("file_limit", files=raise_file_limit())


def announce(server: Server) -> None:
    """Tell that a server is ready for calls."""
    sys.stdout.write(f"vxdata ready {server.flight_url} {server.http_url}\n")
    sys.stdout.flush()


def settings_on(stack: EmbeddedStack, given: Settings) -> Settings:
    """Settings whose database and blob store are those of an embedded stack, and its catalogs that lie there.

    Args:
        stack: The running stack.
        given: All other settings.

    Returns:
        The settings.

    Raises:
        typer.BadParameter: A catalog names the schema of VxData's own data.
    """
    return given.model_copy(
        update={
            "database_uri": stack.postgres_uri,
            "read_uri": stack.postgres_read_uri,
            "s3_url": stack.s3.url,
            "s3_bucket": stack.s3.bucket,
            "s3_region": stack.s3.region,
            "s3_access_key": stack.s3.access_key,
            "s3_secret_key": stack.s3.secret_key,
            "free_space_dir": given.free_space_dir or stack.data_dir,
            "cache_dir": given.cache_dir or stack.result_cache_dir,
            "audit_dir": given.audit_dir or stack.audit_dir,
            "catalogs": embedded_catalogs(stack, given.catalogs),
        }
    )


def upgrade_database(uri: SecretStr, read_uri: SecretStr | None = None) -> Upgrade:
    """Bring a database up to this version.

    It has a pool of its own: the driver knows only the types that were there when its handle was opened.

    Args:
        uri: libpq URI of the role that owns the database.
        read_uri: That of the role by which servers read, if they have one.

    Returns:
        What was done.

    Raises:
        SchemaMismatch: The database is newer than this version, or a column has another type.
    """
    with closing(ConnectionPool(uri, size=1)) as database:
        return upgrade(database, registry(), None if read_uri is None else role_of(read_uri))


def require_free(port: int, host: str = "127.0.0.1") -> None:
    """Check a port before anything is started, since Flight does not say why it cannot listen.

    Args:
        port: The port; 0 is always free.
        host: The address to listen on.

    Raises:
        OSError: Another process listens on the port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do it: without this, connections that have just ended would count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror}; choose another port by --port or --http-port",
                f"{host}:{port}",
            ) from error


def leave(server: Server, error: Exception | None = None) -> None:
    """End the process, if need be past a call that nothing can end.

    A handler that waits for the next message of a silent client cannot be interrupted from Python, and
    the interpreter would wait for its thread for ever.

    Args:
        server: A stopped server.
        error: Why it was stopped, if not because it was told to.
    """
    if server.is_stuck:
        log.warning("left_with_calls_in_progress", error=None if error is None else str(error))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0 if error is None else 1)


def _tell(sentence: str) -> None:
    console.print(f"[dim]{sentence}[/dim]")
