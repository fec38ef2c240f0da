"""Plain tables of a catalog: read with the whole language of queries."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from vxdata.schemas.binding.values import type_name
from vxdata.schemas.errors import InvalidPlan, InvalidRequest
from vxdata.schemas.html import card, table
from vxdata.schemas.notation.show_names import show_source
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import Action, Explanation
from vxdata.schemas.wire.tickets import Ticket, encode_ticket
from vxdata.sdk._expressions.fields import FieldsOf
from vxdata.sdk._queries.query import Query
from vxdata.sdk._queries.result import metadata_of
from vxdata.sdk._queries.stream import read_with_origin
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyarrow as pa

    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.plan import Subquery
    from vxdata.schemas.wire import WriteCommand
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import AsOf
    from vxdata.sdk._transport.base import Stream, Transport, Written

NO_PAST: Final = "A table of a catalog keeps no versions, so it is read as it is: leave as_of and pin out."


class CatalogTransport:
    """The way to the tables of one catalog: plans are sent with its name.

    Args:
        inner: The way to the server.
        catalog: Name of the catalog.
    """

    def __init__(self, inner: Transport, catalog: str) -> None:
        """Keep both; calls are tried again as long as those of the inner transport."""
        self.inner = inner
        self.catalog = catalog
        self.retries = inner.retries

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the inner transport, which knows itself how long calls are tried again."""
        return type(self), (self.inner, self.catalog)

    def read(self, plan: Plan | CohortPlan, *, whole: bool = False, catalog: str | None = None) -> Stream:
        """Run a plan over the tables of the catalog."""
        return self.inner.read(plan, whole=whole, catalog=catalog or self.catalog)

    def write(
        self,
        command: WriteCommand,
        sections: Iterable[pa.RecordBatch],
        rows: int | Callable[[], int],
        *,
        lineage: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Written:
        """Refuse: catalogs are read.

        Raises:
            InvalidRequest: Always.
        """
        del command, sections, rows, lineage, meanwhile
        msg = f"The catalog {self.catalog} can only be read."
        raise InvalidRequest(msg, catalog=self.catalog)

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Run an action; an explanation is one of a plan over the tables of the catalog."""
        return self.inner.act(action, body)

    def close(self) -> None:
        """Close the connection."""
        self.inner.close()


class TableQuery(Query):
    """A question about the rows of a table of a catalog, in the language of all queries.

    Rows have no versions: results tell the release that they show in the place of an instant.
    """

    __slots__ = ()

    def as_of(self, instant: AsOf) -> NoReturn:
        """Refuse: the table has no past.

        Raises:
            InvalidPlan: Always.
        """
        raise InvalidPlan(NO_PAST, relation=self._plan.relation, as_of=repr(instant)[:80])

    def pin(self) -> NoReturn:
        """Refuse: the table has no past.

        Raises:
            InvalidPlan: Always.
        """
        raise InvalidPlan(NO_PAST, relation=self._plan.relation)

    def as_subquery(self) -> Subquery:
        """The values of the one selected field, for another query of the same catalog."""
        return super().as_subquery().model_copy(update={"client_catalog": self._catalog_name})

    def to_arrow(self) -> pa.Table:
        """Run the query and return an Arrow table, whose metadata name catalog, digest and release."""
        rows, stream = read_with_origin(self._session.transport, self.plan)
        return rows.replace_schema_metadata(metadata_of(stream))

    def explain(self) -> Explanation:
        """Ask the server how it would run the query."""
        body = encode_ticket(Ticket(self.plan, self._catalog_name))
        ask = partial(self._session.transport.act, Action.EXPLAIN, body)
        return Explanation.model_validate_json(retry_read(ask, self._session.transport))

    def __repr__(self) -> str:
        """Show the query as it is written."""
        return (
            super()
            .__repr__()
            .replace(
                show_source(self._plan.relation),
                f"{show_table(self._catalog_name, self._plan.relation)}.query()",
                1,
            )
        )

    @property
    def _catalog_name(self) -> str:
        return cast("CatalogTransport", self._session.transport).catalog


class CatalogTable:
    """A table of a catalog.

    Args:
        session: The way to the tables of the catalog.
        relation: The table.
        description: What its comment says.
    """

    def __init__(self, session: Session, relation: Relation, description: str = "") -> None:
        """Keep the parts."""
        self._session = session
        self._relation = relation
        self.description = description

    @property
    def name(self) -> str:
        """Its name."""
        return self._relation.name

    @property
    def columns(self) -> list[str]:
        """Names of its columns, in order."""
        return [field.name for field in self._relation.columns]

    @property
    def F(self) -> FieldsOf:  # noqa: N802 - as the accessor of all fields is written
        """Its columns, for conditions: other names are refused, and completion lists these."""
        return FieldsOf(self._relation)

    def query(self) -> TableQuery:
        """Start a query over its rows.

        Returns:
            A query that reads all rows, to be narrowed.
        """
        return TableQuery(self._session, Plan(relation=self.name))

    def _repr_html_(self) -> str:
        """Show its columns in a notebook; the server is not asked."""
        rows: list[tuple[Any, ...]] = [
            (field.name, type_name(field.type), field.description) for field in self._relation.columns
        ]
        return card(repr(self), self.description, table(("column", "type", "description"), rows))

    def __repr__(self) -> str:
        """Show where it comes from."""
        return show_table(cast("CatalogTransport", self._session.transport).catalog, self.name)


def show_table(catalog: str, name: str) -> str:
    """Write a table of a catalog.

    Example:
        >>> show_table("cda", "mutation")
        "client.catalog('cda').table('mutation')"
    """
    return f"client.catalog({catalog!r}).table({name!r})"
