"""Catalogs: databases that the server reflects, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.reflected import ForeignKey, ReflectedColumn, ReflectedSchema, ReflectedTable
from vxdata.schemas.catalog.reflected_relations import relations_of
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.cohorts import CohortModel, CohortPlan
from vxdata.schemas.cohorts.plan import MAX_CATALOG_NAME
from vxdata.schemas.errors import InvalidCatalog, UnknownCatalog
from vxdata.schemas.html import card, table
from vxdata.schemas.wire import (
    Action,
    CatalogDescription,
    CatalogList,
    CatalogRequest,
    CohortValues,
    CohortValuesRequest,
)
from vxdata.sdk._cohorts.cohort import FILE, SUBJECT, Cohort
from vxdata.sdk._cohorts.columns import ColumnRef, Columns
from vxdata.sdk._cohorts.source import CohortSource
from vxdata.sdk._cohorts.tables import CatalogTable, CatalogTransport
from vxdata.sdk._cohorts.values import series_of
from vxdata.sdk._session import Session
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.wire.catalogs import DescribedTable
    from vxdata.sdk._transport.base import Transport

COLUMNS: dict[str, Any] = {
    "table": pl.String,
    "column": pl.String,
    "type": pl.String,
    "nullable": pl.Boolean,
    "description": pl.String,
}


class ColumnsOf(Columns):
    """Makes references to the columns of one catalog, and refuses other names.

    Args:
        source: What cohorts of the catalog share.
    """

    def __init__(self, source: CohortSource) -> None:
        """Keep the names."""
        self._source = source

    def __getitem__(self, name: str) -> ColumnRef:
        """Refer to a column by its public name.

        Raises:
            TypeError: The name is no text.
            ColumnNotFound: There is no such column; the nearest are named.
        """
        reference = super().__getitem__(name)
        with self._source.suggestions():
            return ColumnRef(self._source.model.folded_column(reference.name).name)

    def __dir__(self) -> list[str]:
        """List the columns, for completion."""
        shown = (column.name for column in self._source.model.columns.values() if column.is_in_data)
        return sorted({*object.__dir__(self), *shown})

    def _ipython_key_completions_(self) -> list[str]:
        """List what completes ``C["``."""
        return sorted(self._source.model.columns)


@dataclass(frozen=True)
class RemoteCatalog:
    """A catalog: a database that the server reflects under a name. Made by ``client.catalog(name)``.

    It knows the tables and columns as the server told them when it was made; `refresh` makes it anew.

    Args:
        transport: The way to the server.
        description: What the server says of the catalog.

    Example:
        >>> from vxdata.sdk import C, Client
        >>> def males(client: Client):
        ...     cda = client.catalog("cda")
        ...     return cda.subjects.filter(C.sex == "male", C.diagnosis.like("glio*")).add("age").collect()
    """

    transport: Transport
    description: CatalogDescription

    @classmethod
    def named(cls, transport: Transport, name: str) -> Self:
        """Ask the server for a catalog.

        Args:
            transport: The way to the server.
            name: Name of the catalog.

        Returns:
            The catalog.

        Raises:
            TypeError: The name is no text.
            UnknownCatalog: The server has none of this name.
            ServiceProblem: The server, or the database, cannot be reached.
        """
        if not isinstance(name, str):
            msg = f"The name of a catalog is text, not {name!r:.80}; client.catalogs() lists them."
            raise TypeError(msg)
        if len(name) > MAX_CATALOG_NAME:
            msg = f"No catalog has a name of {len(name):,} characters; client.catalogs() lists them."
            raise UnknownCatalog(msg, catalog=name[:MAX_CATALOG_NAME])
        body = CatalogRequest(name=name).to_bytes()
        answer = retry_read(lambda: transport.act(Action.CATALOG, body), transport)
        return cls(transport, CatalogDescription.model_validate_json(answer))

    @property
    def name(self) -> str:
        """Its name."""
        return self.description.name

    @property
    def release(self) -> str | None:
        """The release of its data; None if nothing tells it, so that the data can change at any time."""
        return self.description.release

    @property
    def digest(self) -> str:
        """Digest of its tables, columns and keys: equal for equal ones."""
        return self.description.digest

    @property
    def sources(self) -> list[str]:
        """The data sources that its release names."""
        return list(self.description.sources)

    @property
    def tables(self) -> list[str]:
        """Names of its tables."""
        return [each.name for each in self.description.described]

    @property
    def columns(self) -> pl.DataFrame:
        """Its columns: table, name, type, whether null, and description.

        They are those that cohorts show, under their public names; where the catalog serves no cohorts, those
        of all tables.
        """
        rows: list[tuple[str, str, str, bool, str | None]]
        if self.description.serves_cohorts:
            rows = [
                (each.table, each.column, each.data_type, each.nullable, each.description)
                for each in self.description.columns
            ]
        else:
            rows = [
                (each.name, column.name, column.sql_type, column.is_nullable, column.comment)
                for each in self.description.described
                for column in each.columns
            ]
        return pl.DataFrame(rows, schema=COLUMNS, orient="row")

    @property
    def C(self) -> Columns:  # noqa: N802 - as the accessor of all columns is written
        """Its columns, for conditions: other names are refused, and completion lists these."""
        return ColumnsOf(self._source)

    @property
    def subjects(self) -> Cohort:
        """All subjects, to be narrowed.

        Raises:
            InvalidCatalog: The tables do not have the form that cohorts need.
            UnknownCatalog: The catalog serves no cohorts.
        """
        return self._cohort(SUBJECT)

    @property
    def files(self) -> Cohort:
        """All files, to be narrowed.

        Raises:
            InvalidCatalog: The tables do not have the form that cohorts need.
            UnknownCatalog: The catalog serves no cohorts.
        """
        return self._cohort(FILE)

    def values(self, column: str | ColumnRef, *, sources: Iterable[str] = ()) -> pl.DataFrame:
        """Fetch all values of a column, and how many rows have each.

        Args:
            column: Public name of the column, or a reference such as ``C.diagnosis``.
            sources: Data sources such as ``"GDC"``, all of which must have the rows that count.

        Returns:
            A frame of `value` and `count`, in the order of the values, null last.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            SystemNotFound: The column's table does not tell whether the source has its rows.
            UnknownCatalog: The catalog serves no cohorts.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        given = column.name if isinstance(column, ColumnRef) else column
        (name,) = self._source.checked_columns([given])
        wanted = (sources,) if isinstance(sources, str) else tuple(sources)
        rows: list[dict[str, Any]] = []
        while True:
            asked = CohortValuesRequest(catalog=self.name, column=name, sources=wanted, offset=len(rows))
            answer = self._source.ask(Action.COHORT_VALUES, asked.to_bytes())
            page = CohortValues.model_validate_json(answer)
            rows += page.values
            if not page.values or len(rows) >= page.total:
                break
        found = series_of("value", [row[name] for row in rows], self._source.model.columns[name])
        return pl.DataFrame([found, pl.Series("count", [row["value_count"] for row in rows], pl.Int64)])

    def table(self, name: str) -> CatalogTable:
        """A table of the catalog, to be read plainly.

        Args:
            name: Its name.

        Returns:
            The table.

        Raises:
            TableNotFound: There is none of this name; the nearest are named.

        Example:
            >>> from vxdata.sdk import Client, F
            >>> def brca(client: Client):
            ...     mutations = client.catalog("cda").table("mutation")
            ...     return mutations.query().filter(F.hugo_symbol == "BRCA1").collect()
        """
        relation = self._session.catalog.relation(name)
        comments = {each.name: each.comment or "" for each in self.description.described}
        return CatalogTable(self._session, relation, comments[name])

    def refresh(self) -> Self:
        """Have the server read the tables of the database anew.

        Returns:
            The catalog as it is now.

        Raises:
            ServiceProblem: The server, or the database, cannot be reached.
        """
        self.transport.act(Action.REFRESH_CATALOG, CatalogRequest(name=self.name).to_bytes())
        return type(self).named(self.transport, self.name)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Share everything: nothing in it ever changes."""
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as what the server said; the copy works out the rest again."""
        return type(self), (self.transport, self.description)

    def _repr_html_(self) -> str:
        """Show release and columns in a notebook; the server is not asked."""
        release = "Its data can change at any time." if self.release is None else f"Release {self.release}."
        note = f"{len(self.tables)} tables. {release}"
        if not self.description.serves_cohorts:
            return card(repr(self), note, table(("table",), [(name,) for name in self.tables]))
        return card(repr(self), note, table(tuple(COLUMNS), self.columns.rows()))

    def __repr__(self) -> str:
        """Show where it comes from."""
        return f"client.catalog({self.name!r})"

    @cached_property
    def _schema(self) -> ReflectedSchema:
        return ReflectedSchema(
            self.description.schema_name, tuple(map(_reflected, self.description.described))
        )

    @cached_property
    def _session(self) -> Session:
        """The way to its tables."""
        relations = {each.name: each for each in relations_of(self._schema, self.release)}
        return Session(CatalogTransport(self.transport, self.name), Catalog(relations, Registry(())))

    @cached_property
    def _source(self) -> CohortSource:
        """What its cohorts share."""
        if self.description.problem is not None:
            msg = f"The catalog {self.name} serves no cohorts: {self.description.problem}"
            raise InvalidCatalog(msg, catalog=self.name)
        if not self.description.serves_cohorts:
            msg = f"The catalog {self.name} serves plain tables and no cohorts; use table(name)."
            raise UnknownCatalog(msg, catalog=self.name)
        released = [{"data_source": name} for name in self.description.sources]
        model = CohortModel.of(self._schema, self.description.column_metadata, released)
        return CohortSource(self.transport, self.name, model)

    def _cohort(self, endpoint: str) -> Cohort:
        return Cohort(self._source, CohortPlan(catalog=self.name, endpoint=endpoint))


def list_catalogs(transport: Transport) -> pl.DataFrame:
    """Ask the server for its catalogs.

    Args:
        transport: The way to the server.

    Returns:
        A frame with a row for each.

    Raises:
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    answer = retry_read(lambda: transport.act(Action.CATALOGS), transport)
    found: Sequence[Any] = CatalogList.model_validate_json(answer).catalogs
    schema = {
        "name": pl.String,
        "is_loaded": pl.Boolean,
        "serves_cohorts": pl.Boolean,
        "tables": pl.Int64,
        "release": pl.String,
        "digest": pl.String,
    }
    rows = [tuple(getattr(each, name) for name in schema) for each in found]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _reflected(described: DescribedTable) -> ReflectedTable:
    return ReflectedTable(
        described.name,
        tuple(ReflectedColumn(**dict(each)) for each in described.columns),
        described.primary_key,
        tuple(ForeignKey(**dict(each)) for each in described.foreign_keys),
        described.comment,
    )
