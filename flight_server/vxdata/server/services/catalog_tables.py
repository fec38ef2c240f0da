"""Plain tables of catalogs: read with the whole language of plans, in a snapshot that has no commits."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.binding import bind
from vxdata.schemas.plan import encode
from vxdata.schemas.wire import Explanation
from vxdata.server.services.catalog_stream import CatalogQuery
from vxdata.server.services.read import Result
from vxdata.server.services.result_schema import result_schema_of
from vxdata.sql.dialect.bare_postgres import BARE_POSTGRESQL
from vxdata.sql.instant import Instant
from vxdata.sql.query.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.services.catalog_stream import CatalogReader
    from vxdata.server.services.catalogs import Catalogs
    from vxdata.server.services.loaded_catalog import LoadedCatalog
    from vxdata.sql.query.prepared import PreparedPlan

NO_COMMIT: Final = Instant(0, datetime(1970, 1, 1, tzinfo=UTC), is_current=True)
"""The instant of what has no commits; no statement about plain tables names it."""


class CatalogTableService:
    """Runs plans over the tables of catalogs.

    Args:
        catalogs: The catalogs.
        reader: Runs queries, or finds their results.
    """

    def __init__(self, catalogs: Catalogs, reader: CatalogReader) -> None:
        """Keep both."""
        self._catalogs = catalogs
        self._reader = reader

    def describe(self, name: str, plan: Plan, call: Call) -> pa.Schema:
        """Check a plan, and tell the schema of its result.

        Args:
            name: Name of the catalog.
            plan: A well-formed plan.
            call: The call.

        Returns:
            The schema; its metadata name the catalog.

        Raises:
            InvalidRequest: The plan names what does not exist.
            ServiceProblem: The catalog cannot be read at present.
        """
        catalog, prepared = self._prepared(name, plan, call)
        return _schema(prepared).with_metadata(catalog.metadata(catalog.release))

    def run(self, name: str, plan: Plan, call: Call) -> Result:
        """Begin to read the result of a plan.

        Args:
            name: Name of the catalog.
            plan: A well-formed plan.
            call: The call.

        Returns:
            The result; PostgreSQL runs the query once a batch is asked for.

        Raises:
            InvalidRequest: The plan names what does not exist.
            ServiceProblem: The catalog cannot be read at present.
            DatabaseError: PostgreSQL refused the query.
        """
        call.trail.ask(plan, name)
        catalog, prepared = self._prepared(name, plan, call)
        schema = _schema(prepared)
        run = partial(_batches, prepared=prepared, schema=schema)
        query = CatalogQuery(prepared.statement.sql, str(schema), run)
        batches, release = self._reader.read(catalog, query, call, catalog.write_aside)
        counted = call.trail.counted(batches)
        return Result(schema.with_metadata(told := catalog.metadata(release)), relabelled(counted, told))

    def explain(self, name: str, plan: Plan, call: Call) -> Explanation:
        """Tell how a plan would be run, without running it.

        Args:
            name: Name of the catalog.
            plan: A well-formed plan.
            call: The call.

        Returns:
            The statement, and PostgreSQL's plan for it. Who does not see all tables is not told the plan:
            that of a view names the tables below it.

        Raises:
            InvalidRequest: The plan names what does not exist.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(plan, name)
        catalog, prepared = self._prepared(name, plan, call)
        sql = prepared.statement.sql
        return Explanation(
            plan=encode(plan).decode(),
            sql=sql,
            postgresql=""
            if call.principal.grants.limits_tables(name)
            else self._reader.explain(catalog, sql, call),
            method=prepared.method.value,
        )

    def _prepared(self, name: str, plan: Plan, call: Call) -> tuple[LoadedCatalog, PreparedPlan]:
        catalog = self._catalogs.seen_by(call.principal.grants)[name].loaded
        return catalog, prepare(bind(plan, catalog.relations), NO_COMMIT, BARE_POSTGRESQL)


def relabelled(batches: Iterator[pa.RecordBatch], metadata: dict[bytes, bytes]) -> Iterator[pa.RecordBatch]:
    """Give batches, which may come from the cache, the metadata of this answer.

    Args:
        batches: The batches.
        metadata: What the answer says of where it comes from.

    Yields:
        The same columns.
    """
    for batch in batches:
        yield batch.replace_schema_metadata(metadata)


def _schema(prepared: PreparedPlan) -> pa.Schema:
    return result_schema_of(prepared.columns).arrow_schema


def _batches(connection: Connection, prepared: PreparedPlan, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Run a plan. Whole numbers and floats of fewer bits become those that plans know, without an error."""
    with connection.stream(prepared.statement.sql, is_small=prepared.is_small) as batches:
        for batch in batches:
            columns = [
                column.cast(wanted) for column, wanted in zip(batch.columns, schema.types, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
