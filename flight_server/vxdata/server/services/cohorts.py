"""Cohorts: subjects and files of a catalog as JSON for the CDA API, and as Arrow for Flight."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.schemas.cohorts import bind_cohort, bind_summary, bind_values
from vxdata.schemas.cohorts.codec import encode_cohort
from vxdata.schemas.cohorts.model import RELEASE_METADATA
from vxdata.schemas.cohorts.result import cohort_schema
from vxdata.schemas.wire import CatalogRequest, CohortValuesRequest, Explanation
from vxdata.server.services.catalog_stream import CatalogQuery
from vxdata.server.services.catalog_tables import relabelled
from vxdata.server.services.cohort_batches import assemble
from vxdata.server.services.json_rows import (
    SCHEMA,
    JsonRows,
    page_batches,
    portion_statements,
    text_bytes,
)
from vxdata.server.services.read import Result
from vxdata.sql.cohorts import (
    count,
    keys_of_page,
    page_as_arrow,
    page_as_json,
    portion_as_arrow,
    portion_as_json,
    summary_as_json,
    values_as_json,
)
from vxdata.sql.reflection import rows_to_send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.cohorts.bound import BoundCohort
    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.services.catalog_stream import CatalogReader, Run
    from vxdata.server.services.catalogs import Catalogs
    from vxdata.server.services.loaded_catalog import LoadedCatalog
    from vxdata.sql.cohorts import JsonPage

TEXT: Final = str(SCHEMA)


class CohortService:
    """Answers questions for cohorts.

    Args:
        catalogs: The catalogs.
        reader: Runs queries, or finds their results.
    """

    def __init__(self, catalogs: Catalogs, reader: CatalogReader) -> None:
        """Keep both."""
        self._catalogs = catalogs
        self._reader = reader

    def rows(self, plan: CohortPlan, call: Call) -> JsonRows:
        """Begin a page of entities as JSON.

        Args:
            plan: The cohort, with its page.
            call: The call.

        Returns:
            The page; PostgreSQL runs the query once its bytes are asked for.

        Raises:
            CohortError: The plan does not fit the catalog.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(plan, plan.catalog)
        catalog = self._loaded(plan.catalog, call)
        bound = bind_cohort(plan, catalog.cohorts)
        run = partial(_objects, bound=bound, page=(page := page_as_json(bound)))
        return self._page(catalog, page, run, call)

    def values(
        self, name: str, column: str, data_source: str, limit: int | None, offset: int, call: Call
    ) -> JsonRows:
        """Begin a page of the values of a column as JSON.

        Args:
            name: Name of the catalog.
            column: Public name of the column.
            data_source: Sources that must have the rows, between commas.
            limit: Most values; None for all.
            offset: Values to leave out first.
            call: The call.

        Returns:
            The page.

        Raises:
            CohortError: There is no such column or source.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(CohortValuesRequest(catalog=name, column=column, sources=(data_source,)), name)
        catalog = self._loaded(name, call)
        page = values_as_json(bind_values(column, data_source, catalog.cohorts), limit, offset)
        run = partial(page_batches, page=page, limit=limit, offset=offset)
        return self._page(catalog, page, run, call)

    def summary(self, plan: CohortPlan, call: Call) -> tuple[bytes, str]:
        """Summarise a cohort.

        Args:
            plan: The cohort.
            call: The call.

        Returns:
            The summary as a JSON object, and the statement that was run.

        Raises:
            CohortError: The plan does not fit the catalog.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(plan, plan.catalog)
        catalog = self._loaded(plan.catalog, call)
        sql, shown = summary_as_json(bind_summary(plan, catalog.cohorts))
        return self._text(catalog, sql, call), shown

    def count(self, plan: CohortPlan, call: Call) -> int:
        """Count the entities of a cohort, whatever its page.

        Args:
            plan: The cohort.
            call: The call.

        Returns:
            Their number.

        Raises:
            CohortError: The plan does not fit the catalog.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(plan, plan.catalog)
        catalog = self._loaded(plan.catalog, call)
        return int(self._text(catalog, count(bind_cohort(plan, catalog.cohorts)), call))

    def columns(self, name: str, call: Call) -> list[dict[str, Any]]:
        """List the columns of a catalog as the CDA API lists them.

        Args:
            name: Name of the catalog.
            call: The call.

        Returns:
            A dictionary for each.

        Raises:
            ServiceProblem: The catalog cannot be read at present.
        """
        return self._loaded(name, call).cohorts.listed_columns

    def release_metadata(self, name: str, call: Call) -> JsonRows:
        """Begin the rows of the table `release_metadata` as JSON.

        Args:
            name: Name of the catalog.
            call: The call.

        Returns:
            All of them; none if there is no such table.

        Raises:
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(CatalogRequest(name=name), name)
        catalog = self._loaded(name, call)
        _ = catalog.cohorts  # only a catalog of cohorts shows them
        schema = catalog.reflection.schema
        if schema.table(RELEASE_METADATA) is None:
            return JsonRows(iter(()), "", call.trail)
        sql = rows_to_send(schema.name, RELEASE_METADATA)
        query = CatalogQuery(sql, TEXT, partial(_rows_at_once, sql=sql))
        return JsonRows(self._reader.read(catalog, query, call)[0], sql, call.trail)

    def describe(self, plan: CohortPlan, call: Call) -> pa.Schema:
        """Check a cohort, and tell the schema of its rows.

        Args:
            plan: The cohort.
            call: The call.

        Returns:
            The schema; its metadata name the catalog.

        Raises:
            CohortError: The plan does not fit the catalog.
            ServiceProblem: The catalog cannot be read at present.
        """
        catalog = self._loaded(plan.catalog, call)
        bound = bind_cohort(plan, catalog.cohorts)
        return cohort_schema(bound.outputs).with_metadata(catalog.metadata(catalog.release))

    def frame(self, plan: CohortPlan, call: Call) -> Result:
        """Begin the rows of a cohort as Arrow.

        Args:
            plan: The cohort.
            call: The call.

        Returns:
            The result; PostgreSQL runs the query once a batch is asked for.

        Raises:
            CohortError: The plan does not fit the catalog.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(plan, plan.catalog)
        catalog = self._loaded(plan.catalog, call)
        bound = bind_cohort(plan, catalog.cohorts)
        sql, _ = page_as_arrow(bound)
        schema = cohort_schema(bound.outputs)
        query = CatalogQuery(sql, str(schema), partial(_frames, sql=sql, bound=bound, schema=schema))
        batches, release = self._reader.read(catalog, query, call, catalog.write_aside)
        counted = call.trail.counted(batches)
        return Result(schema.with_metadata(told := catalog.metadata(release)), relabelled(counted, told))

    def explain(self, plan: CohortPlan, call: Call) -> Explanation:
        """Tell how the rows of a cohort would be read as Arrow, without reading them.

        Args:
            plan: The cohort.
            call: The call.

        Returns:
            The statement, and PostgreSQL's plan for it, which only those are told who see all tables.

        Raises:
            CohortError: The plan does not fit the catalog.
            ServiceProblem: The catalog cannot be read at present.
        """
        call.trail.ask(plan, plan.catalog)
        catalog = self._loaded(plan.catalog, call)
        sql, _ = page_as_arrow(bind_cohort(plan, catalog.cohorts))
        hides = call.principal.grants.limits_tables(plan.catalog)
        postgresql = "" if hides else self._reader.explain(catalog, sql, call)
        return Explanation(plan=encode_cohort(plan).decode(), sql=sql, postgresql=postgresql, method="cohort")

    def _loaded(self, name: str, call: Call) -> LoadedCatalog:
        """The catalog as the caller sees it."""
        return self._catalogs.seen_by(call.principal.grants)[name].loaded

    def _page(self, catalog: LoadedCatalog, page: JsonPage, run: Run, call: Call) -> JsonRows:
        query = CatalogQuery(f"{page.rows_sql};{page.count_sql}", TEXT, run)
        batches, _ = self._reader.read(catalog, query, call, catalog.write_aside)
        return JsonRows(batches, page.shown_sql, call.trail)

    def _text(self, catalog: LoadedCatalog, sql: str, call: Call) -> bytes:
        """Run a statement that returns one text or number."""
        query = CatalogQuery(sql, TEXT, partial(_rows_at_once, sql=sql))
        batches = call.trail.counted(self._reader.read(catalog, query, call)[0])
        return b"".join(bytes(text_bytes(batch.column(0))) for batch in batches)


def _rows_at_once(connection: Connection, sql: str) -> Iterator[pa.RecordBatch]:
    for batch in connection.table(sql).to_batches():
        yield pa.RecordBatch.from_arrays([batch.column(0).cast(pa.string())], schema=SCHEMA)


def _objects(connection: Connection, bound: BoundCohort, page: JsonPage) -> Iterator[pa.RecordBatch]:
    portion = partial(portion_as_json, bound)
    return page_batches(connection, page, bound.limit, bound.offset, portion)


def _frames(
    connection: Connection, sql: str, bound: BoundCohort, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    keys = keys_of_page(bound)
    whole = [sql] if keys is None else portion_statements(connection, keys, partial(portion_as_arrow, bound))
    for statement in whole:
        with connection.stream(statement) as batches:
            for batch in batches:
                yield assemble(batch, bound, schema)
