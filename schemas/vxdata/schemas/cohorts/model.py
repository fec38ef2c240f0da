"""The model of cohorts: the tables of a reflected database, and their columns under their public names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.catalog.reflected_relations import field_type_of
from vxdata.schemas.cohorts.names import is_named_alone, public_name
from vxdata.schemas.cohorts.paths import UPSTREAM, Path, find_path
from vxdata.schemas.errors import ColumnNotFound, InvalidCatalog, RelationshipNotFound, TableNotFound
from vxdata.schemas.fields import Boolean, Float, Integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.schemas.catalog.reflected import ReflectedColumn, ReflectedSchema, ReflectedTable

ENDPOINTS: Final = ("subject", "file")
"""The tables whose rows are entities that cohorts are made of."""

COLUMN_METADATA: Final = "column_metadata"
"""The table that describes columns, if there is one."""

RELEASE_METADATA: Final = "release_metadata"
"""The table that tells what a release consists of, if there is one."""

EXTERNAL_REFERENCE: Final = "external_reference"
NULLS_SUFFIX: Final = "_nulls"

DATA_SOURCE: Final = "data_source"
"""What `process_before_display` says of the columns that tell whether a source has the row."""

EXTERNAL_METADATA: Final = "external_reference_metadata"
"""What `process_before_display` says of the columns of references to other databases."""

SOURCE_PREFIX: Final = "data_at_"


MAX_NAME_BYTES: Final = 48
"""Longest name: PostgreSQL has 63 bytes, and parts of summaries end in up to 14 more."""


MAX_IDENTIFIER_BYTES: Final = 63
"""Longest name that PostgreSQL keeps."""


class TableKind(Enum):
    """The kinds of table."""

    LOCAL = "the rows are entities"
    DATA = "the rows say something of entities, or are shared by them"
    MAPPING = "the rows connect entities"
    METADATA = "the rows describe the database"


class ValueKind(Enum):
    """What conditions take the values of a column for."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class NullMarker:
    """Where it stands that an entity has no value of a column at all.

    Args:
        table: The table that says so.
        column: Its column that is true then; None if an entity has no value once it stands in the table.
    """

    table: str
    column: str | None


@dataclass(frozen=True)
class CohortColumn:
    """A column under its public name.

    Args:
        name: The public name, unique in the catalog.
        table: The table that holds it.
        reflected: The column as PostgreSQL describes it.
        shown_in: The table that it is shown as a column of; not its own if it is a virtual column.
        summary: How it is summarised: ``categorical``, ``numeric``, ``unbounded`` or not at all.
        is_in_summary: Whether summaries show it.
        is_in_data: Whether rows show it without being asked.
        process: What is to be done with it before it is shown.
        null_marker: Where it stands that an entity has no value of it.
    """

    name: str
    table: str
    reflected: ReflectedColumn
    shown_in: str
    summary: str | None = None
    is_in_summary: bool = False
    is_in_data: bool = False
    process: str | None = None
    null_marker: NullMarker | None = None

    @property
    def own_name(self) -> str:
        """Its name in its table."""
        return self.reflected.name

    @property
    def is_virtual(self) -> bool:
        """Whether it is shown as a column of another table."""
        return self.shown_in != self.table

    @cached_property
    def kind(self) -> ValueKind:
        """What conditions take its values for."""
        field_type = field_type_of(self.reflected.sql_type)
        if isinstance(field_type, Boolean):
            return ValueKind.BOOLEAN
        return ValueKind.NUMBER if isinstance(field_type, Integer | Float) else ValueKind.TEXT

    @property
    def is_text(self) -> bool:
        """Whether PostgreSQL compares it as text without a cast."""
        return self.reflected.sql_type.partition("(")[0] in {"text", "character varying", "character"}

    @property
    def data_type(self) -> str:
        """The type as the CDA API names it: clients know four names, and end at any other."""
        if self.kind is ValueKind.NUMBER:
            return "bigint" if self.reflected.sql_type == "bigint" else "integer"
        return str(self.kind.value)

    @property
    def listed(self) -> dict[str, Any]:
        """The column as the CDA API lists it; clients cannot search a description that is null."""
        return {
            "table": self.shown_in,
            "column": self.name,
            "data_type": self.data_type,
            "nullable": self.reflected.is_nullable,
            "description": self.reflected.comment or "",
        }


@dataclass(frozen=True)
class CohortModel:
    """The tables and columns that cohorts can name, and how the tables hang together.

    Args:
        schema: The reflected schema.
        columns: All columns, by public name.
        paths: The way from each endpoint to each table that says something of its entities.
        sources: The data sources that the release names.
    """

    schema: ReflectedSchema
    columns: dict[str, CohortColumn]
    paths: dict[tuple[str, str], Path]
    sources: tuple[str, ...]

    @classmethod
    def of(
        cls,
        schema: ReflectedSchema,
        column_metadata: Sequence[Mapping[str, Any]],
        release_metadata: Sequence[Mapping[str, Any]] = (),
    ) -> CohortModel:
        """Work out names, kinds and ways.

        Args:
            schema: The reflected schema.
            column_metadata: Rows of the table of this name.
            release_metadata: Rows of the table of this name.

        Returns:
            The model.

        Raises:
            InvalidCatalog: A name is too long, an endpoint is missing or has no key of one column, a virtual
                table does not exist, or no way, or more than one, leads from an endpoint to a table of data.
        """
        described = {(row["cda_table"], row["cda_column"]): row for row in column_metadata}
        for name in ENDPOINTS:
            _require_endpoint(schema, name)
        columns = [
            _column(schema, table, column, described.get((table.name, column.name), {}))
            for table in schema.tables
            for column in table.columns
        ]
        _require_short_names(schema, columns)
        _require_different_names(columns)
        paths = {
            (endpoint, table.name): path
            for endpoint in ENDPOINTS
            for table in schema.tables
            if kind_of(table) in {TableKind.LOCAL, TableKind.DATA}
            and (path := find_path(schema, endpoint, table)) is not None
        }
        _require_paths(schema, paths)
        sources = {str(row["data_source"]) for row in release_metadata if row.get("data_source")} - {"CDA"}
        return cls(schema, {column.name: column for column in columns}, paths, tuple(sorted(sources)))

    @cached_property
    def by_folded_name(self) -> dict[str, CohortColumn]:
        """Columns by public name in lower case, as filters name them."""
        return {name.lower(): column for name, column in self.columns.items()}

    @cached_property
    def renamed(self) -> dict[str, str]:
        """The public names that begin with their table's, since another table has a column of that name."""
        return {
            f"{column.table}.{column.own_name}": name
            for name, column in self.columns.items()
            if name != column.own_name
        }

    @cached_property
    def missing_sources(self) -> tuple[str, ...]:
        """Columns that clients need for the sources of the release, and that the endpoints do not have."""
        wanted = [(name, f"{SOURCE_PREFIX}{source.lower()}") for name in ENDPOINTS for source in self.sources]
        return tuple(
            f"{table}.{column}"
            for table, column in wanted
            if column not in self.schema.table_by_name[table].column_by_name
        )

    @cached_property
    def listed_columns(self) -> list[dict[str, Any]]:
        """The columns as the CDA API lists them, virtual ones under the table that they are shown in."""
        shown = [column for name in self.data_tables for column in self.columns_of(name) if column.is_in_data]
        return [column.listed for column in shown]

    @cached_property
    def data_tables(self) -> tuple[str, ...]:
        """The tables of data, the endpoints first."""
        found = [table.name for table in self.schema.tables if kind_of(table) is TableKind.DATA]
        return (*ENDPOINTS, *found)

    def columns_of(self, table: str) -> list[CohortColumn]:
        """The columns that are shown in a table: its own, then its virtual ones."""
        shown = [column for column in self.columns.values() if column.shown_in == table]
        return sorted(shown, key=lambda column: column.is_virtual)

    def key_of(self, table: str) -> str:
        """The column that names the entities of a table."""
        return self.schema.table_by_name[table].primary_key[0]

    def column(self, name: str) -> CohortColumn:
        """Look a column up by its public name, as written.

        Raises:
            ColumnNotFound: There is none.
        """
        try:
            return self.columns[name]
        except KeyError:
            raise ColumnNotFound.from_name(name) from None

    def folded_column(self, name: str) -> CohortColumn:
        """Look a column up by its public name, ignoring case.

        Raises:
            ColumnNotFound: There is none.
        """
        try:
            return self.by_folded_name[name.lower()]
        except KeyError:
            raise ColumnNotFound.from_name(name.lower()) from None

    def shown_columns(self, pattern: str) -> list[CohortColumn]:
        """The columns that a name, or ``table.*``, stands for.

        Raises:
            ColumnNotFound: No column has the name.
            TableNotFound: No table has the name.
        """
        table, star, rest = pattern.rpartition(".*")
        if not star or rest:
            return [self.column(pattern)]
        if table not in self.schema.table_by_name:
            raise TableNotFound.from_name(table)
        return [column for column in self.columns_of(table) if column.is_in_data]

    def path(self, endpoint: str, table: str) -> Path:
        """The way from an endpoint to a table.

        Raises:
            RelationshipNotFound: There is none.
        """
        try:
            return self.paths[endpoint, table]
        except KeyError:
            raise RelationshipNotFound.between(endpoint, table) from None

    def virtual_path(self, column: CohortColumn) -> Path:
        """The way to a virtual column from the rows of the table that it is shown in, whichever that is.

        Raises:
            RelationshipNotFound: Its own table does not refer to the key of that table.
        """
        shown_in = self.schema.table_by_name[column.shown_in]
        key = self.schema.table_by_name[column.table].foreign_key_to(shown_in.name)
        if key is None or key.target != shown_in.primary_key:
            raise RelationshipNotFound.between(shown_in.name, column.table)
        return Path(shown_in.name, None, column.table, key.columns[0])


def kind_of(table: ReflectedTable) -> TableKind:
    """Return the kind of a table, which follows from its name and from how many tables it refers to.

    Args:
        table: The table.

    Returns:
        The kind.
    """
    if table.name in ENDPOINTS:
        return TableKind.LOCAL
    if table.name in {COLUMN_METADATA, RELEASE_METADATA}:
        return TableKind.METADATA
    return TableKind.MAPPING if len(table.foreign_keys) > 1 else TableKind.DATA


def _column(
    schema: ReflectedSchema, table: ReflectedTable, column: ReflectedColumn, described: Mapping[str, Any]
) -> CohortColumn:
    shown_in = described.get("virtual_table") or table.name
    if shown_in not in schema.table_by_name:
        msg = f"{COLUMN_METADATA} shows {table.name}.{column.name} in {shown_in}, and there is no such table."
        raise InvalidCatalog(msg, table=table.name, column=column.name, virtual_table=shown_in)
    return CohortColumn(
        name=public_name(table.name, column.name, is_alone=is_named_alone(schema, column.name)),
        table=table.name,
        reflected=column,
        shown_in=shown_in,
        summary=described.get("column_type"),
        is_in_summary=bool(described.get("summary_returns")),
        is_in_data=bool(described.get("data_returns")),
        process=described.get("process_before_display"),
        null_marker=_null_marker(schema, table.name, column.name, is_virtual=shown_in != table.name),
    )


def _null_marker(schema: ReflectedSchema, table: str, column: str, *, is_virtual: bool) -> NullMarker | None:
    nulls = schema.table(table + NULLS_SUFFIX)
    if nulls is None:
        return None
    if is_virtual:
        return NullMarker(nulls.name, None)
    flag = f"{column}_null"
    return NullMarker(nulls.name, flag) if flag in nulls.column_by_name else None


def _require_endpoint(schema: ReflectedSchema, name: str) -> None:
    table = schema.table(name)
    if table is None or len(table.primary_key) != 1:
        msg = f"The schema {schema.name} has no table {name} with a primary key of one column."
        raise InvalidCatalog(msg, table=name)


def _require_short_names(schema: ReflectedSchema, columns: Sequence[CohortColumn]) -> None:
    """Refuse names that PostgreSQL would silently truncate once a suffix is appended."""
    names = {*schema.table_by_name, *(column.name for column in columns if column.is_in_data)}
    too_long = sorted(name for name in names if len(name.encode()) > MAX_NAME_BYTES)
    too_long += sorted(found.name for found in columns if len(found.name.encode()) > MAX_IDENTIFIER_BYTES)
    if too_long:
        msg = f"Names of tables and public names may take {MAX_NAME_BYTES} bytes: {', '.join(too_long)}."
        raise InvalidCatalog(msg, names=too_long)


def _require_different_names(columns: Sequence[CohortColumn]) -> None:
    """Refuse two columns that a filter could not tell apart."""
    first: dict[str, CohortColumn] = {}
    for found in columns:
        other = first.setdefault(found.name.lower(), found)
        if other is not found:
            msg = (
                f"{other.table}.{other.own_name} and {found.table}.{found.own_name} would both be called "
                f"{found.name}, whatever the case."
            )
            raise InvalidCatalog(msg, name=found.name)


def _require_paths(schema: ReflectedSchema, paths: Mapping[tuple[str, str], Path]) -> None:
    """Refuse a schema in which a table of data hangs on nothing."""
    for table in schema.tables:
        # Files are known to refer to nothing outside.
        wanted = ENDPOINTS[:1] if table.name == EXTERNAL_REFERENCE else ENDPOINTS
        if kind_of(table) is not TableKind.DATA or (table.name == UPSTREAM and not table.foreign_keys):
            continue
        for endpoint in wanted:
            if (endpoint, table.name) not in paths:
                msg = f"No relationship leads from {endpoint} to {table.name}."
                raise InvalidCatalog(msg, endpoint=endpoint, table=table.name)
