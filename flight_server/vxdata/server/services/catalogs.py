"""Catalogs: databases that VxData did not design, each read by reflection and served under its name.

What one of them does stops neither the server nor another one. A catalog whose database is away answers with
`ServerUnavailable` and is tried again, less and less often. One whose URI cannot be read is refused at the
start. A refresh reads it anew beside the calls in progress; one that fails leaves what was there.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.catalog import MAX_VIEWS
from vxdata.schemas.catalog.reflected_relations import relations_of
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.cohorts.model import ENDPOINTS
from vxdata.schemas.errors import InvalidCatalog, ServerUnavailable, UnknownCatalog, VxDataError
from vxdata.schemas.wire import catalog_metadata
from vxdata.server.database.errors import DatabaseError, MalformedUri
from vxdata.server.database.pool import Lane
from vxdata.server.database.reflection import ReleaseReader, reflect
from vxdata.server.services.catalog_views import SeenCatalogs, cohort_model, only_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vxdata.schemas.cohorts import CohortModel
    from vxdata.schemas.identity import Grants
    from vxdata.server.catalog_settings import CatalogSettings
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.database.reflection import Reflection
    from vxdata.server.result_cache.write_aside import WriteAside

FIRST_DELAY: Final = 1.0
LAST_DELAY: Final = 30.0
"""Seconds until a catalog that cannot be read is tried again, first and at most."""

START_SECONDS: Final = 10.0
"""Seconds that the start of a server waits for its catalogs; those that take longer come up behind it."""

NO_API: Final = "none"
"""What a catalog that is to serve no cohorts is set to."""

log = structlog.get_logger(__name__)

Connect = Callable[[SecretStr], "ConnectionPool"]
"""Makes a pool of connections to a database."""

Beside = Callable[["ConnectionPool"], "WriteAside | None"]
"""Makes what frees the connections of slow readers of a pool."""

Prepare = Callable[["CatalogSettings"], None]
"""Does what a catalog needs each time before it is read."""


def _nothing(_: object) -> None:
    """Let slow readers keep their connections, and read a catalog as it is."""


@dataclass(frozen=True)
class LoadedCatalog:
    """A catalog as it was read.

    Args:
        name: Its name.
        reflection: Its tables, and the release of its data.
        relations: What plans may read.
        model: What cohorts may name; None if it serves none.
        problem: Why it serves no cohorts although it should.
        releases: Tells the release of its data.
        database: Connections to it.
        aside: Frees connections of slow readers; without it, they keep them.
        refresh_soon: Has the catalog read anew, behind the call that has noticed that it has changed.
        place: Digest of the URI of its database.
    """

    name: str
    reflection: Reflection
    relations: Catalog
    model: CohortModel | None
    problem: str | None
    releases: ReleaseReader
    database: ConnectionPool
    aside: WriteAside | None = None
    refresh_soon: Callable[[], None] = lambda: None
    place: str = ""

    @property
    def digest(self) -> str:
        """Digest of its tables, columns and keys."""
        return self.reflection.schema.digest

    @property
    def release(self) -> str | None:
        """The release of its data when it was read; None if nothing tells it."""
        return self.reflection.release

    def metadata(self, release: str | None) -> dict[bytes, bytes]:
        """What a result says of where it comes from.

        Args:
            release: The release that it shows.
        """
        return catalog_metadata(self.name, self.digest, release)

    @cached_property
    def only(self) -> Callable[[frozenset[str]], LoadedCatalog]:
        """Show the tables of some names, as if there were no others; what was shown before is remembered."""
        return lru_cache(MAX_VIEWS)(partial(only_tables, self))

    @property
    def cohorts(self) -> CohortModel:
        """What cohorts may name.

        Raises:
            InvalidCatalog: Its tables do not have the form that cohorts need.
            UnknownCatalog: It is not offered for cohorts.
        """
        if self.model is not None:
            return self.model
        if self.problem is not None:
            msg = f"The catalog {self.name} serves no cohorts: {self.problem}"
            raise InvalidCatalog(msg, catalog=self.name)
        msg = f"The catalog {self.name} serves plain tables and no cohorts."
        raise UnknownCatalog(msg, catalog=self.name)


class NamedCatalog:
    """One catalog, whether its database can be reached or not.

    Args:
        name: Its name.
        settings: Where it is.
        connect: Makes a pool of connections to a database.
        beside: Makes what frees the connections of slow readers of a pool.
        prepare: Does what a catalog needs each time before it is read.

    Attributes:
        has_been_tried: Set once it has been read, or could not be.
        mistake: Why its URI cannot be read, if it cannot.
    """

    def __init__(
        self,
        name: str,
        settings: CatalogSettings,
        connect: Connect,
        beside: Beside = _nothing,
        prepare: Prepare = _nothing,
    ) -> None:
        """Begin without connections; `refresh` makes them."""
        self._prepare = prepare
        self._beside = beside
        self._aside: WriteAside | None = None
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
        """Whether the settings leave it to the tables, or say that it serves cohorts."""
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
                self._aside = self._beside(self._database)
            else:
                self._database.reconnect()
            if self._is_closed.is_set():  # after the connections are made: `close` has not seen them
                self._database.close()
            self._loaded = self._read(self._database)
        _tell(self._loaded)
        return self._loaded

    def keep_trying(self) -> None:
        """Read the catalog, and try again until that has succeeded once or the server stops.

        A URI that cannot be read is not tried again.
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
        """Read the catalog anew in a thread of its own, unless one does so already, or did a moment ago."""
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
        model, problem = _model(found, self._settings.api)
        return LoadedCatalog(
            self.name,
            found,
            Catalog({each.name: each for each in relations_of(schema, found.release)}, Registry(())),
            model,
            problem,
            releases,
            database,
            self._aside,
            self.refresh_soon,
            hashlib.blake2b(settings.uri.get_secret_value().encode()).hexdigest(),
        )


class Catalogs:
    """All catalogs of a server, by name.

    Args:
        settings: Where each of them is.
        connect: Makes a pool of connections to a database.
        beside: Makes what frees the connections of slow readers of a pool.
        prepare: Does what a catalog needs each time before it is read.
    """

    def __init__(
        self,
        settings: Mapping[str, CatalogSettings],
        connect: Connect,
        beside: Beside = _nothing,
        prepare: Prepare = _nothing,
    ) -> None:
        """Begin with none of them read."""
        self._by_name = {
            name: NamedCatalog(name, each, connect, beside, prepare) for name, each in settings.items()
        }

    def __iter__(self) -> Iterator[NamedCatalog]:
        """Iterate in the order of the settings."""
        return iter(self._by_name.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_name)

    def seen_by(self, grants: Grants) -> SeenCatalogs:
        """Show those that are granted, as if there were no others.

        Args:
            grants: What is seen.
        """
        return SeenCatalogs(self, grants.catalogs)

    def start(self, wait: float = START_SECONDS) -> None:
        """Read all of them at the same time, each in a thread of its own.

        Args:
            wait: Seconds to wait for them; the threads of those that are away go on.

        Raises:
            InvalidCatalog: The URI of one of them cannot be read.
        """
        for each in self:
            name = f"vxdata-catalog-{each.name}"
            threading.Thread(target=each.keep_trying, name=name, daemon=True).start()
        until = time.monotonic() + wait
        for each in self:
            each.has_been_tried.wait(max(until - time.monotonic(), 0.0))
        mistakes = {each.name: str(each.mistake) for each in self if each.mistake is not None}
        if mistakes:
            told = " ".join(
                f"The URI of the catalog {name} cannot be read: {mistake}"
                for name, mistake in mistakes.items()
            )
            raise InvalidCatalog(told, catalogs=mistakes)

    def close(self) -> None:
        """Close all connections."""
        for each in self:
            each.close()


def _model(found: Reflection, api: str | None) -> tuple[CohortModel | None, str | None]:
    """The model of cohorts, if the catalog serves them; else why it does not although it should."""
    has_endpoints = all(found.schema.table(name) is not None for name in ENDPOINTS)
    if api == NO_API or (api is None and not has_endpoints):
        return None, None
    return cohort_model(found)


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
