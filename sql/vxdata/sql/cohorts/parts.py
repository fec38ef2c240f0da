"""The small parts that all statements of cohorts are made of: tables, columns, calls and marked values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.binding.values import Literal
from vxdata.schemas.cohorts.model import ValueKind
from vxdata.sql.dialect.postgres import array_text
from vxdata.sql.literals import to_sql
from vxdata.sql.names import DIALECT, column, render

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.model import CohortColumn

KEY: Final = "key"
"""Name of the column that names an entity, in every common table expression."""

ENTITY: Final = "e"
"""Name of the rows of the endpoint's table."""

_VALUE: Final = "value"
"""Marks the literals that stand for values of the caller."""

Keys = Callable[[exp.Expr], exp.Expr]
"""Some keys: writes the condition that a value is one of them."""


def table(schema: str, name: str, alias: str) -> exp.Table:
    """A table of a reflected schema, under an alias."""
    found = exp.table_(name, db=schema, quoted=True)
    return exp.alias_(found, alias, table=True, quoted=True)  # type: ignore[return-value]


def named(name: str) -> exp.Table:
    """A common table expression."""
    return exp.table_(name, quoted=True)


def keys_of(name: str) -> exp.Select:
    """The keys of a common table expression."""
    return exp.select(column(KEY, name)).from_(named(name))


def all_of(name: str) -> Keys:
    """The keys of a common table expression, as a condition."""
    return lambda key: among(key, keys_of(name))


def listed(keys: exp.Expr) -> Keys:
    """The items of an array, as a condition; PostgreSQL looks all of them up in an index at once."""
    return lambda key: exp.EQ(this=key, expression=exp.Any(this=exp.paren(keys)))


def among(value: exp.Expr, query: exp.Query) -> exp.Expr:
    """`value IN (query)`: PostgreSQL joins it, or hashes what is found where it stands below OR."""
    return exp.In(this=value, query=exp.Subquery(this=query))


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of a function."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def alias(value: exp.Expr, name: str) -> exp.Expr:
    """A value under a quoted name."""
    return exp.alias_(value, name, quoted=True)


def every(terms: Iterable[exp.Expr]) -> exp.Expr:
    """All terms, joined by AND; true without any."""
    kept = [term for term in terms if not _is(term, truth=True)]
    return exp.and_(*kept, copy=False) if kept else exp.true()


def some(terms: Iterable[exp.Expr]) -> exp.Expr:
    """All terms, joined by OR; false without any."""
    kept = [term for term in terms if not _is(term, truth=False)]
    return exp.or_(*kept, copy=False) if kept else exp.false()


def is_true(term: exp.Expr) -> bool:
    """Whether a term is the constant true."""
    return _is(term, truth=True)


def _is(term: exp.Expr, *, truth: bool) -> bool:
    return isinstance(term, exp.Boolean) and term.this is truth


def value(given: bool | float | str) -> exp.Expr:  # noqa: FBT001 - a value of the caller
    """A value of the caller, as a literal."""
    written = to_sql(Literal(given))
    for literal in (written, *written.find_all(exp.Literal)):
        literal.meta[_VALUE] = True
    return written


def array(given: Sequence[bool | float | str], item_type: str) -> exp.Expr:
    """Values of the caller as one array literal, which PostgreSQL parses and hashes at once."""
    literal = exp.Literal.string(array_text(map(Literal, given)))
    literal.meta[_VALUE] = True
    return exp.cast(literal, f"{item_type}[]", dialect=DIALECT)


def written(query: exp.Expr) -> tuple[str, str]:
    """Write a statement; the tree is used up.

    Args:
        query: The statement.

    Returns:
        Its SQL, and the same for people to read, with `$1` to `$n` in the place of the values of the caller.
    """
    sql = render(query.copy())
    marked = [node for node in query.find_all(exp.Literal, bfs=False) if node.meta.get(_VALUE)]
    for number, node in enumerate(marked, start=1):
        node.replace(exp.Parameter(this=exp.Literal.number(number)))
    return sql, render(query) if marked else sql


def common(name: str, query: exp.Query, *, kept: bool | None = None) -> exp.CTE:
    """A common table expression.

    Args:
        name: Its name.
        query: Its rows.
        kept: Whether PostgreSQL keeps its rows (`MATERIALIZED`) or merges it into what reads it; its
            choice if None.
    """
    alias_ = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    return exp.CTE(this=query, alias=alias_, materialized=kept)


def with_common(query: exp.Select, expressions: Iterable[exp.CTE]) -> exp.Select:
    """Put common table expressions before a query."""
    query.set("with_", exp.With(expressions=list(expressions)))
    return query


def column_of(found: CohortColumn, rows: str | None) -> exp.Expr:
    """A column as conditions and results take it: what is no text, number or boolean is read as text."""
    own = column(found.own_name, rows)
    if found.kind is ValueKind.TEXT and not found.is_text:
        return exp.cast(own, exp.DType.TEXT)
    return own
