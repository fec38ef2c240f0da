"""Views of catalogs: those that a caller sees, each with the tables that are granted, as if that were all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.reflected import ReflectedSchema
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.cohorts import CohortModel
from vxdata.schemas.cohorts.model import COLUMN_METADATA, RELEASE_METADATA
from vxdata.schemas.errors import InvalidCatalog, UnknownCatalog
from vxdata.schemas.errors.messages import abridged_name, did_you_mean, suggestions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from vxdata.schemas.catalog.reflected import ReflectedTable
    from vxdata.server.database.reflection import Reflection
    from vxdata.server.services.catalogs import LoadedCatalog, NamedCatalog


@dataclass(frozen=True)
class SeenCatalog:
    """A catalog as a caller sees it.

    Args:
        catalog: The catalog.
        tables: Names of the tables that are seen; None for all.
    """

    catalog: NamedCatalog
    tables: frozenset[str] | None

    @property
    def name(self) -> str:
        """Its name."""
        return self.catalog.name

    @property
    def is_loaded(self) -> bool:
        """Whether it has been read since the server started."""
        return self.catalog.is_loaded

    @property
    def loaded(self) -> LoadedCatalog:
        """The catalog as it was read last, with the tables that are seen.

        Raises:
            ServerUnavailable: It has not been read yet.
        """
        return self._only(self.catalog.loaded)

    def refresh(self) -> LoadedCatalog:
        """Read the catalog anew.

        Returns:
            The catalog, with the tables that are seen.

        Raises:
            InvalidCatalog: Its schema has no table that can be read.
            ServerUnavailable: Its database cannot be reached, or it is closed.
            DatabaseError: PostgreSQL refused a query.
        """
        return self._only(self.catalog.refresh())

    def _only(self, loaded: LoadedCatalog) -> LoadedCatalog:
        return loaded if self.tables is None else loaded.only(self.tables)


class SeenCatalogs:
    """The catalogs that a caller sees, by name.

    Args:
        catalogs: All of them.
        shown: Names of those that are seen, each with its tables or None for all; None for all catalogs.
    """

    def __init__(
        self, catalogs: Iterable[NamedCatalog], shown: Mapping[str, Collection[str] | None] | None
    ) -> None:
        """Leave the others out."""
        self._by_name = {
            each.name: SeenCatalog(each, _tables(shown, each.name))
            for each in catalogs
            if shown is None or each.name in shown
        }

    def __iter__(self) -> Iterator[SeenCatalog]:
        """Iterate in the order of the settings."""
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> SeenCatalog:
        """Look a catalog up.

        Raises:
            UnknownCatalog: There is none of this name.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise unknown_catalog(name, self._by_name) from None


def _tables(shown: Mapping[str, Collection[str] | None] | None, name: str) -> frozenset[str] | None:
    tables = None if shown is None else shown[name]
    return None if tables is None else frozenset(tables)


def unknown_catalog(name: str, known: Iterable[str]) -> UnknownCatalog:
    """Make the error of a catalog that there is not.

    Args:
        name: What was asked for.
        known: Names of those that there are.

    Returns:
        The error.
    """
    names, shown = sorted(known), abridged_name(name)
    hint = did_you_mean(name, names) if names else "It serves none."
    msg = f"The server has no catalog {shown!r}. {hint}"
    return UnknownCatalog(msg, catalog=shown, known=names, did_you_mean=suggestions([name], names))


def cohort_model(found: Reflection) -> tuple[CohortModel | None, str | None]:
    """Work out what cohorts may name.

    Args:
        found: A catalog that is meant to serve cohorts.

    Returns:
        The model; or None, and why there is none.
    """
    try:
        return CohortModel.of(found.schema, found.column_metadata, found.release_metadata), None
    except InvalidCatalog as error:
        return None, error.message
    except KeyError as error:
        return None, f"its table column_metadata has no column {error.args[0]}."


def only_tables(loaded: LoadedCatalog, tables: frozenset[str]) -> LoadedCatalog:
    """Leave tables out of a catalog, and all that names them.

    Args:
        loaded: The catalog.
        tables: Names of the tables that stay.

    Returns:
        The same as if the others were not there. It serves cohorts if these tables have the form for it, and
        else plain tables: what grants leave out is no fault of the catalog, which its operator has to mend.
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
    """A table without its keys to tables that are left out."""
    return replace(table, foreign_keys=tuple(key for key in table.foreign_keys if key.table in tables))
