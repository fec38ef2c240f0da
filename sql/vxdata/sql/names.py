"""Names of the database's objects, in one place."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlglot.tokenizer_core import Token

SCHEMA: Final = "vxdata"
"""PostgreSQL schema that holds everything."""

UNRESOLVED: Final = "vxdata_unresolved"
"""Schema of a relation before `at_instant` has put real tables in its place.

No such schema exists, so a query that slipped past that rewrite would fail, never read all versions.
"""

UNRESOLVED_COUNT: Final = f"{UNRESOLVED}.count"
"""Function that stands for the number of rows of a relation, likewise."""

COMMIT_LOG: Final = exp.table_("commit_log", db=SCHEMA, quoted=True)
"""The table of all commits."""

TOMBSTONE: Final = "tombstone"
"""Column that marks the version of a deleted resource."""

DIALECT: Final = "postgres"

_POSTGRES: Final = Dialect.get_or_raise(DIALECT)
"""Found once: to look it up takes longer than to write most trees."""


def latest(resource_type: str) -> exp.Table:
    """The table of the latest version of each resource, live or deleted."""
    return exp.table_(resource_type, db=SCHEMA, quoted=True)


def history(resource_type: str) -> exp.Table:
    """The table of superseded versions."""
    return exp.table_(f"{resource_type}_history", db=SCHEMA, quoted=True)


def staging(resource_type: str) -> exp.Table:
    """The temporary table into which an upload is copied."""
    return exp.table_(staging_name(resource_type), db="pg_temp", quoted=True)


def staging_name(resource_type: str) -> str:
    """The bare name of `staging`, for drivers that ingest by name."""
    return f"stage_{resource_type}"


def pending(resource_type: str) -> exp.Table:
    """The temporary table of the versions that a transaction is about to write."""
    return exp.table_(f"pending_{resource_type}", db="pg_temp", quoted=True)


def unresolved(resource_type: str) -> exp.Table:
    """A relation at an instant yet to be resolved."""
    return exp.table_(resource_type, db=UNRESOLVED, quoted=True)


def unresolved_count(resource_type: str) -> exp.Anonymous:
    """The number of rows of a relation at an instant yet to be resolved, if it is kept; else null."""
    return exp.Anonymous(this=UNRESOLVED_COUNT, expressions=[exp.Literal.string(resource_type)])


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column."""
    return exp.column(name, table=table, quoted=True)


def quoted(name: str) -> str:
    """Write a name, such as that of a schema or a role, as PostgreSQL text."""
    return render(exp.to_identifier(name, quoted=True))


def render(tree: exp.Expr) -> str:
    """Write a tree as PostgreSQL text; the tree is used up."""
    return tree.sql(dialect=_POSTGRES, copy=False)


def tokens(sql: str) -> list[Token]:
    """Read PostgreSQL text as tokens."""
    return _POSTGRES.tokenize(sql)


@cache
def written(table: Callable[[str], exp.Table], resource_type: str) -> str:
    """Write a table of a resource type as text, once for all statements that name it.

    Example:
        >>> written(latest, "volume")
        '"vxdata"."volume"'
    """
    return render(table(resource_type))


def text(value: str) -> str:
    """Write a text as a quoted literal."""
    return render(exp.Literal.string(value))
