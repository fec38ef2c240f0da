"""The source of cohorts: the way to a server, a catalog of it, and what the catalog has."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vxdata.schemas.cohorts.conditions import bind_condition
from vxdata.schemas.errors import AmbiguousNegation, ColumnNotFound, FilterTypeMismatch, TableNotFound
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.sdk._cohorts.show import show_column
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.schemas.cohorts import CohortCondition, CohortModel
    from vxdata.schemas.wire import Action
    from vxdata.sdk._cohorts.conditions import Term
    from vxdata.sdk._transport.base import Transport


@dataclass(frozen=True)
class CohortSource:
    """What all cohorts of a catalog share.

    Args:
        transport: The way to the server.
        catalog: Name of the catalog.
        model: What cohorts can name.
    """

    transport: Transport
    catalog: str
    model: CohortModel

    def ask(self, action: Action, body: bytes) -> bytes:
        """Ask the server, and again while it cannot be reached.

        Args:
            action: What is asked.
            body: Body of the action.

        Returns:
            The body of the answer.
        """
        return retry_read(partial(self.transport.act, action, body), self.transport)

    def checked(self, terms: Iterable[Term], endpoint: str) -> tuple[CohortCondition, ...]:
        """Check conditions against the columns of the catalog.

        Args:
            terms: The conditions.
            endpoint: The table of the entities.

        Returns:
            Their nodes, with the names of columns as the catalog writes them.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            AmbiguousNegation: A negation on a column of another table does not say which rows count.
            FilterTypeMismatch: Operator, value and column do not fit.
            NullNotFilterable: Nothing tells which entities have no value of the column.
            RelationshipNotFound: The column hangs on nothing that the endpoint has.
        """
        return tuple(self._checked(term, endpoint) for term in terms)

    def _checked(self, term: Term, endpoint: str) -> CohortCondition:
        with self.suggestions():
            column = self.model.folded_column(term.node.column)
        if term.is_bare and column.table != endpoint:
            raise _ambiguous(term, column.name, endpoint)
        try:
            bind_condition(term.node, endpoint, self.model)
        except FilterTypeMismatch as error:
            msg = f"{term!r} does not fit {column.name}, a column of type {column.data_type}: "
            raise FilterTypeMismatch(msg + str(error.details.get("reason")), **error.details) from None
        return term.node.model_copy(update={"column": column.name})

    def checked_columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """Check names of columns, and `table.*`.

        Args:
            names: The names.

        Returns:
            The same.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            TableNotFound: No table has the name; the nearest are named.
        """
        wanted = tuple(names)
        with self.suggestions():
            for name in wanted:
                self.model.shown_columns(name)
        return wanted

    def checked_tables(self, names: Iterable[str], endpoint: str) -> tuple[str, ...]:
        """Check names of tables whose rows can be nested.

        Args:
            names: The names.
            endpoint: The table of the entities, which cannot be nested in itself.

        Returns:
            The same.

        Raises:
            TableNotFound: No other table shows columns under the name; the nearest are named.
        """
        known = self.nestable(endpoint)
        wanted = tuple(names)
        for name in wanted:
            if name not in known:
                hint = did_you_mean(name, known)
                raise TableNotFound(f"Table not found: {name!r:.80}. {hint}", table=name[:200])
        return wanted

    def nestable(self, endpoint: str) -> list[str]:
        """The tables whose rows can be nested, in order.

        Args:
            endpoint: The table of the entities.

        Returns:
            Their names.
        """
        shown = {column.shown_in for column in self.model.columns.values() if column.is_in_data}
        return sorted(name for name in shown if name != endpoint and (endpoint, name) in self.model.paths)

    @contextmanager
    def suggestions(self) -> Iterator[None]:
        """Add the nearest names to an error that tells of an unknown one."""
        try:
            yield
        except ColumnNotFound as error:
            shown = [column.name for column in self.model.columns.values() if column.is_in_data]
            hint = did_you_mean(str(error.details["column"]), shown)
            raise ColumnNotFound(f"{error.message}. {hint}", **error.details) from None
        except TableNotFound as error:
            hint = did_you_mean(str(error.details["table"]), self.model.data_tables)
            raise TableNotFound(f"{error.message}. {hint}", **error.details) from None


def _ambiguous(term: Term, name: str, endpoint: str) -> AmbiguousNegation:
    method = {"!=": "is", "not like": "is_like", "not in": "is_in"}[term.node.op]
    some, none = (f"{show_column(name)}.{each}(…)" for each in (f"some_{_negated(method)}", f"none_{method}"))
    msg = (
        f"{term!r} is ambiguous, since a {endpoint} can have many values of {name}. Write {some} for "
        f"{endpoint}s of which some row has another value, or {none} for those of which no row has it."
    )
    return AmbiguousNegation(msg, column=name, some=some, none=none)


def _negated(method: str) -> str:
    return method.replace("is", "is_not", 1)
