"""Pages: a result in pieces, each of which begins after the last row of the previous one (keyset pagination).

With an offset, the server has to count through all the rows that it skips. A page that begins after a known
row is as fast as the first page, if an index has the order of the query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bound import Output
from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.errors import InvalidPlan, InvalidRequest
from vxdata.schemas.notation.draws import whole
from vxdata.schemas.notation.literals import plain
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.plan import And, Comparison, IsNull, Or, digest
from vxdata.schemas.plan.predicates import MAX_ROWS, Value
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._expressions.fields import F
from vxdata.sdk._queries.stream import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from vxdata.schemas.binding.bound import BoundOrder
    from vxdata.schemas.plan import Plan
    from vxdata.schemas.plan import Predicate as PredicateNode
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import Snapshot


@dataclass(frozen=True)
class Page:
    """A piece of a result.

    Args:
        frame: Its rows; columns and types are those of the whole result.
        snapshot: What was read: the same for all pages.
        cursor: Where the next page begins, as a text to keep; None on the last page.
    """

    frame: pl.DataFrame
    snapshot: Snapshot
    cursor: str | None


class Cursor(BaseModel):
    """The end of a page, where the next one begins.

    Args:
        query: Digest of the query, without its instant.
        as_of: Instant that its pages are read at.
        after: Values of the last row, in the order of the query; None for a null.
        left: How many rows the limit of the query still allows; None without a limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    query: str
    as_of: AwareDatetime
    after: tuple[Value | None, ...]
    left: int | None = Field(default=None, ge=1, le=MAX_ROWS)


class Pager:
    """Reads the pages of one plan.

    Args:
        session: The way to the server, and what it offers.
        plan: What is asked.
        rows: Rows of each page but the last.

    Raises:
        InvalidPlan: The rows have no order to continue in, or no versions that make pages fit together.
        InvalidRequest: `rows` is no number of rows.
    """

    def __init__(self, session: Session, plan: Plan, rows: int) -> None:
        """Find the total order of the rows."""
        self._session = session
        self._plan = plan
        self._rows = whole("iter_pages", "rows", rows, 1, MAX_ROWS - 1)
        bound = bind(plan.model_copy(update={"limit": 1}), session.catalog)
        if plan.group_by is not None or plan.first_per is not None:
            msg = "What is made of groups is not read in pages; use collect or iter_batches."
            raise InvalidPlan(msg, relation=plan.relation)
        if bound.is_timeless:
            name = bound.relation.name
            msg = f"{name} keeps no versions, so its pages might not fit together; use iter_batches."
            raise InvalidPlan(msg, relation=name)
        if any(order.seed is not None for order in bound.order):
            msg = "A shuffled result is not read in pages; use iter_batches, or order by a field."
            raise InvalidPlan(msg, relation=plan.relation)
        self._order = bound.order
        self._columns = [column.name for column in bound.columns]

    def read(self, after: str | None) -> Iterator[Page]:
        """Read the pages after a known one, or from the first one on.

        Args:
            after: The cursor of the known page; None to begin with the first one.

        Returns:
            The pages, at least one; each is read when it is asked for.

        Raises:
            InvalidRequest: It is no cursor of this query.
        """
        if after is None:
            return self._pages(self._plan)
        return self._pages(self._continued(self._cursor(after)))

    def _pages(self, plan: Plan) -> Iterator[Page]:
        cursor: Cursor | None
        while True:
            page, cursor = self._page(plan)
            yield page
            if cursor is None:
                return
            plan = self._continued(cursor)

    def _page(self, plan: Plan) -> tuple[Page, Cursor | None]:
        """Read a page. One more row is fetched, which shows whether the page is the last one."""
        limit = self._rows + 1 if plan.limit is None else min(self._rows + 1, plan.limit)
        changes: dict[str, object] = {"limit": limit}
        if plan.select is not None:
            changes["select"] = tuple(dict.fromkeys((*plan.select, *map(_name, self._order))))
        table, snapshot = read_whole(self._session.transport, plan.model_copy(update=changes))
        frame = frame_of(table.slice(0, self._rows))
        left = None if plan.limit is None else plan.limit - self._rows
        cursor = None
        if table.num_rows > self._rows:
            last = [table[_name(order)][self._rows - 1].as_py() for order in self._order]
            cursor = self._cursor_after(last, snapshot, left)
        text = None if cursor is None else cursor.model_dump_json(exclude_none=False)
        return Page(frame.select(self._columns), snapshot, text), cursor

    def _cursor_after(self, row: Sequence[Any], snapshot: Snapshot, left: int | None) -> Cursor:
        after = tuple(map(_value, self._order, row))
        return Cursor(query=self._digest, as_of=snapshot.as_of, after=after, left=left)

    def _continued(self, cursor: Cursor) -> Plan:
        """The plan of all rows after a cursor."""
        where = _after(self._order, cursor.after)
        if self._plan.where is not None:
            where = (Predicate.of(self._plan.where) & Predicate.of(where)).node
        changes = {"where": where, "as_of": cursor.as_of, "limit": cursor.left, "offset": 0}
        return self._plan.model_copy(update=changes)

    @property
    def _digest(self) -> str:
        return digest(self._plan.model_copy(update={"as_of": None}))

    def _cursor(self, text: object) -> Cursor:
        """Parse a cursor, and refuse one that belongs to another query."""
        try:
            cursor = Cursor.model_validate_json(text if isinstance(text, str) else "")
        except ValueError as error:
            msg = f"after takes the cursor of a page, not {text!r:.80}."
            raise InvalidRequest(msg, after=repr(text)[:200]) from error
        stated = self._plan.as_of
        if cursor.query != self._digest or len(cursor.after) != len(self._order):
            msg = "The cursor is that of another query: iter_pages goes on with the very query that made it."
            raise InvalidRequest(msg, query=self._digest, query_of_cursor=cursor.query)
        if stated is not None and stated != cursor.as_of:
            msg = (
                f"The cursor is that of a read as of {cursor.as_of.isoformat()}, the query is as of "
                f"{stated.isoformat()}. Leave its as_of out to go on."
            )
            raise InvalidRequest(msg, as_of=stated.isoformat(), as_of_of_cursor=cursor.as_of.isoformat())
        return cursor


def _operand(order: BoundOrder) -> Operand:
    """The operand of an order; a column of a distinct result is a field of its rows."""
    return Operand(order.by.field) if isinstance(order.by, Output) else order.by


def _name(order: BoundOrder) -> str:
    return _operand(order).column.name


def _value(order: BoundOrder, found: Any) -> Value | None:
    """The value that a row is ordered by, as plans hold it."""
    operand = _operand(order)
    if operand.key is not None:
        found = dict(found or ()).get(operand.key)
    return None if found is None else plain(F[operand.column.name], found)


def _after(orders: Sequence[BoundOrder], values: Sequence[Value | None]) -> PredicateNode:
    """The condition that keeps the rows that come after one with these values."""
    ways: list[PredicateNode] = []
    same: list[PredicateNode] = []
    for order, value in zip(orders, values, strict=True):
        beyond = _beyond(order, value)
        if beyond is not None:
            ways.append(And(terms=(*same, beyond)) if same else beyond)
        same.append(_same(order, value))
    later = ways[0] if len(ways) == 1 else Or(terms=tuple(ways))
    first, value = orders[0], values[0]
    if len(orders) == 1 or value is None or not first.required:
        return later
    # This follows from the other condition, but lets PostgreSQL start within an index.
    bound = Comparison(op="<=" if first.descending else ">=", value=value, **_named(first))
    return And(terms=(bound, later))


def _beyond(order: BoundOrder, value: Value | None) -> PredicateNode | None:
    """The condition that keeps the rows that come later by one term of the order; None if there are none."""
    if value is None:
        return IsNull(op="is_not_null", **_named(order)) if order.nulls_first else None
    later = Comparison(op="<" if order.descending else ">", value=value, **_named(order))
    if order.required or order.nulls_first:
        return later
    return Or(terms=(later, IsNull(op="is_null", **_named(order))))


def _same(order: BoundOrder, value: Value | None) -> PredicateNode:
    if value is None:
        return IsNull(op="is_null", **_named(order))
    return Comparison(op="==", value=value, **_named(order))


def _named(order: BoundOrder) -> dict[str, Any]:
    operand = _operand(order)
    return {"field": operand.column.name, "key": operand.key}
