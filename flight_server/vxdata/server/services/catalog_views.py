"""Views of catalogs: only those that a caller may see, each with only the tables that it may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import UnknownCatalog
from vxdata.schemas.errors.messages import abridged_name, did_you_mean, suggestions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from vxdata.server.services.loaded_catalog import LoadedCatalog
    from vxdata.server.services.named_catalog import NamedCatalog


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
    """Make the error for a catalog that does not exist.

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
