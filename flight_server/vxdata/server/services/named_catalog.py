"""A named catalog: a database that the settings name, read at the start and again when it has changed.

If the database cannot be reached, the catalog is tried again, at growing intervals. A refresh does not
disturb calls in progress, and one that fails leaves the catalog as it was read before.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.reflected_relations import relations_of
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.errors import ServerUnavailable, VxDataError
from vxdata.server.database.errors import DatabaseError, MalformedUri
from vxdata.server.database.pool import Lane
from vxdata.server.database.reflection import ReleaseReader, reflect
from vxdata.server.services.loaded_catalog import NO_API, LoadedCatalog, model_of

if TYPE_CHECKING:
    from vxdata.server.catalog_settings import CatalogSettings
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.result_cache.write_aside import WriteAside

FIRST_DELAY: Final = 1.0
LAST_DELAY: Final = 30.0
"""Seconds until a catalog that cannot be read is tried again, first and at most."""

log = structlog.get_logger(__name__)

Connect = Callable[[SecretStr], "ConnectionPool"]
"""Makes a pool of connections to a database."""

MakeWriteAside = Callable[["ConnectionPool"], "WriteAside | None"]
"""Makes the `WriteAside` that frees the connections of slow readers of a pool."""

Prepare = Callable[["CatalogSettings"], None]
"""Prepares the database of a catalog, each time before the catalog is read."""


def nothing(_: object) -> None:
    """Do nothing: no preparation, and no `WriteAside`."""


class NamedCatalog:
    """One catalog, whether its database can be reached or not.

    Args:
        name: Its name.
        settings: Its settings.
        connect: Makes a pool of connections to a database.
        make_write_aside: Makes the `WriteAside` of a pool; by default, slow readers keep connections.
        prepare: Prepares the database, each time before the catalog is read.

    Attributes:
        has_been_tried: Set after the first attempt to read it, whether it succeeded or not.
        mistake: Why its URI cannot be parsed; None if it can.
    """

    def __init__(
        self,
        name: str,
        settings: CatalogSettings,
        connect: Connect,
        make_write_aside: MakeWriteAside = nothing,
        prepare: Prepare = nothing,
    ) -> None:
        """Begin without connections; `refresh` makes them."""
        self._prepare = prepare
        self._make_write_aside = make_write_aside
        self._write_aside: WriteAside | None = None
        self.name = name
        self._settings = settings
        self._connect = connect
        self._database: ConnectionPool | None = None
        self._loaded: LoadedCatalog | None = None
        self._reading = threading.Lock()
        self._soon = threading.Lock()
        self._is_pending = False
        self._not_before = 0.0
        self.has_been_tried = threading.Event()
        self.mistake: MalformedUri | None = None
        self._is_closed = threading.Event()

    @property
    def may_serve_cohorts(self) -> bool:
        """Whether the settings allow it to serve cohorts; if they say nothing, its tables decide."""
        return self._settings.api != NO_API

    @property
    def is_loaded(self) -> bool:
        """Whether it has been read since the server started."""
        return self._loaded is not None

    @property
    def loaded(self) -> LoadedCatalog:
        """The catalog as it was read last.

        Raises:
            ServerUnavailable: It has not been read yet.
        """
        if self._loaded is None:
            msg = f"The catalog {self.name} cannot be read at present; try again."
            raise ServerUnavailable(msg, catalog=self.name)
        return self._loaded

    def refresh(self) -> LoadedCatalog:
        """Read the catalog anew; calls in progress go on with what they began with.

        Raises:
            InvalidCatalog: Its schema has no table that can be read.
            ServerUnavailable: Its database cannot be reached, or it is closed.
            DatabaseError: PostgreSQL refused a query.
        """
        with self._reading:
            self._prepare(self._settings)
            if self._database is None:
                self._database = self._connect(self._settings.uri)
                self._write_aside = self._make_write_aside(self._database)
            else:
                self._database.reconnect()
            if self._is_closed.is_set():  # `close` may have come before the connections were made
                self._database.close()
            self._loaded = self._read(self._database)
        _tell(self._loaded)
        return self._loaded

    def keep_trying(self) -> None:
        """Read the catalog, and try again until it succeeds or the server stops.

        A URI that cannot be parsed is not tried again.
        """
        delay = FIRST_DELAY
        while not self._is_closed.is_set():
            try:
                self.refresh()
            except (VxDataError, DatabaseError) as error:
                reason = error.__cause__ or error
                if isinstance(reason, MalformedUri):
                    self.mistake = reason
                    return
                log.warning("catalog_not_read", catalog=self.name, reason=str(reason), again_in_seconds=delay)
            except Exception as error:
                log.exception("catalog_not_read", catalog=self.name, reason=type(error).__name__)
            else:
                return
            finally:
                self.has_been_tried.set()
            self._is_closed.wait(delay)
            delay = min(2 * delay, LAST_DELAY)

    def refresh_soon(self) -> None:
        """Read the catalog again in the background, unless this is under way or was done a moment ago."""
        with self._soon:
            if self._is_pending or time.monotonic() < self._not_before:
                return
            self._is_pending = True
        name = f"vxdata-catalog-{self.name}"
        threading.Thread(target=self._refresh_again, name=name, daemon=True).start()

    def _refresh_again(self) -> None:
        try:
            self.refresh()
        except (VxDataError, DatabaseError) as error:
            log.warning("catalog_not_read", catalog=self.name, reason=str(error.__cause__ or error))
        except Exception as error:
            log.exception("catalog_not_read", catalog=self.name, reason=type(error).__name__)
        finally:
            with self._soon:
                self._is_pending, self._not_before = False, time.monotonic() + FIRST_DELAY

    def close(self) -> None:
        """Close the connections; calls in progress keep theirs until they end."""
        self._is_closed.set()
        if self._database is not None:
            self._database.close()

    def _read(self, database: ConnectionPool) -> LoadedCatalog:
        settings = self._settings
        with database.connection(Lane.LOOKUP) as connection:
            found = reflect(connection, settings.schema_name, settings.release)
            releases = ReleaseReader(found.schema, settings.release)
            releases.try_out(connection)
        schema = found.schema
        model, problem = model_of(found, self._settings.api)
        return LoadedCatalog(
            self.name,
            found,
            Catalog({each.name: each for each in relations_of(schema, found.release)}, Registry(())),
            model,
            problem,
            releases,
            database,
            self._write_aside,
            self.refresh_soon,
            hashlib.blake2b(settings.uri.get_secret_value().encode()).hexdigest(),
        )


def _tell(loaded: LoadedCatalog) -> None:
    """Log what has been read, and what its operator should know."""
    model, name = loaded.model, loaded.name
    log.info(
        "catalog_read",
        catalog=name,
        tables=len(loaded.reflection.schema.tables),
        serves_cohorts=model is not None,
        digest=loaded.digest[:12],
        release=loaded.release,
    )
    if loaded.problem is not None:
        log.error("catalog_serves_no_cohorts", catalog=name, reason=loaded.problem)
    if loaded.release is None:
        log.warning("catalog_without_release", catalog=name, effect="no result is kept")
    if model is not None and model.renamed:
        log.debug("columns_renamed", catalog=name, names=model.renamed)
    if model is not None and model.missing_sources:
        log.warning("data_sources_without_columns", catalog=name, columns=list(model.missing_sources))
