"""Loaded catalogs: what reflection has found of a database, and the part of it that a caller sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.catalog import MAX_VIEWS
from vxdata.schemas.catalog.reflected import ReflectedSchema
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.cohorts import CohortModel
from vxdata.schemas.cohorts.model import COLUMN_METADATA, ENDPOINTS, RELEASE_METADATA
from vxdata.schemas.errors import InvalidCatalog, UnknownCatalog
from vxdata.schemas.wire import catalog_metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.catalog.reflected import ReflectedTable
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.database.reflection import Reflection, ReleaseReader
    from vxdata.server.result_cache.write_aside import WriteAside

NO_API: Final = "none"
"""Value of the setting `api` of a catalog that must not serve cohorts."""


@dataclass(frozen=True)
class LoadedCatalog:
    """A catalog as it was read.

    Args:
        name: Its name.
        reflection: Its tables, and the release of its data.
        relations: The relations that plans may read.
        model: The columns that cohorts may name; None if the catalog serves no cohorts.
        problem: Why it serves no cohorts although its settings or tables ask for it; None otherwise.
        releases: Reads the release of its data.
        database: Connections to it.
        write_aside: Frees the connections of slow readers; without it, they keep theirs.
        refresh_soon: Starts a refresh in the background, for a call that has noticed a change.
        place: Digest of the URI of its database.
    """

    name: str
    reflection: Reflection
    relations: Catalog
    model: CohortModel | None
    problem: str | None
    releases: ReleaseReader
    database: ConnectionPool
    write_aside: WriteAside | None = None
    refresh_soon: Callable[[], None] = lambda: None
    place: str = ""

    @property
    def digest(self) -> str:
        """Digest of its tables, columns and keys."""
        return self.reflection.schema.digest

    @property
    def release(self) -> str | None:
        """The release of its data when it was read; None if it is unknown."""
        return self.reflection.release

    def metadata(self, release: str | None) -> dict[bytes, bytes]:
        """The schema metadata of a result: the catalog, its digest, and the release of the data.

        Args:
            release: The release that the result shows.
        """
        return catalog_metadata(self.name, self.digest, release)

    @cached_property
    def only(self) -> Callable[[frozenset[str]], LoadedCatalog]:
        """Return the catalog with only the tables of some names. Results are cached."""
        return lru_cache(MAX_VIEWS)(partial(only_tables, self))

    @property
    def cohorts(self) -> CohortModel:
        """The columns that cohorts may name.

        Raises:
            InvalidCatalog: Its tables do not have the form that cohorts need.
            UnknownCatalog: It serves no cohorts.
        """
        if self.model is not None:
            return self.model
        if self.problem is not None:
            msg = f"The catalog {self.name} serves no cohorts: {self.problem}"
            raise InvalidCatalog(msg, catalog=self.name)
        msg = f"The catalog {self.name} serves plain tables and no cohorts."
        raise UnknownCatalog(msg, catalog=self.name)


def model_of(found: Reflection, api: str | None) -> tuple[CohortModel | None, str | None]:
    """The model of cohorts, if the catalog serves them; or why it does not, although it should."""
    has_endpoints = all(found.schema.table(name) is not None for name in ENDPOINTS)
    if api == NO_API or (api is None and not has_endpoints):
        return None, None
    return cohort_model(found)


def cohort_model(found: Reflection) -> tuple[CohortModel | None, str | None]:
    """Derive the columns that cohorts may name.

    Args:
        found: A catalog that should serve cohorts.

    Returns:
        The model and None; or None and the reason for which there is none.
    """
    try:
        return CohortModel.of(found.schema, found.column_metadata, found.release_metadata), None
    except InvalidCatalog as error:
        return None, error.message
    except KeyError as error:
        return None, f"its table column_metadata has no column {error.args[0]}."


def only_tables(loaded: LoadedCatalog, tables: frozenset[str]) -> LoadedCatalog:
    """Restrict a catalog to some tables.

    Args:
        loaded: The catalog.
        tables: Names of the tables that stay.

    Returns:
        The catalog as if it had no other tables, nor keys and metadata that refer to them. It serves cohorts
        if the remaining tables have the form for it. If not, it has no `problem`: the operator has nothing to
        mend where grants leave tables out.
    """
    found = loaded.reflection
    schema = ReflectedSchema(
        found.schema.name, tuple(_only(each, tables) for each in found.schema.tables if each.name in tables)
    )
    seen = replace(
        found,
        schema=schema,
        column_metadata=tuple(
            row
            for row in found.column_metadata
            if COLUMN_METADATA in tables
            and row.get("cda_table") in tables
            and (row.get("virtual_table") or row.get("cda_table")) in tables
        ),
        release_metadata=found.release_metadata if RELEASE_METADATA in tables else (),
    )
    serves_cohorts = loaded.model is not None or loaded.problem is not None
    model = cohort_model(seen)[0] if serves_cohorts else None
    relations = {name: each for name, each in loaded.relations.relations.items() if name in tables}
    return replace(
        loaded, reflection=seen, relations=Catalog(relations, Registry(())), model=model, problem=None
    )


def _only(table: ReflectedTable, tables: frozenset[str]) -> ReflectedTable:
    """A table without its foreign keys to tables that are left out."""
    return replace(table, foreign_keys=tuple(key for key in table.foreign_keys if key.table in tables))
