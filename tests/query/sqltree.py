"""What a statement is made of, as sqlglot reads its text: no value may have become anything but a literal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp

from vxdata.schemas.catalog.registry import registry
from vxdata.sql.names import DIALECT, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.schemas.plan import Plan

TABLES: Final = frozenset(
    {"commit_log", *registry().by_prefix, *(f"{prefix}_history" for prefix in registry().by_prefix)}
)
FUNCTIONS: Final = frozenset(
    {"array", "jsonb_each_text", "jsonb_extract_path_text", "jsonb_exists_any", "jsonb_exists_all", "unnest"}
    | {"strpos", "starts_with", "right", "length", "fold", "matches", "matches_any_case"}
    | {f"{SCHEMA}.{name}" for name in ("fold", "matches", "matches_any_case")}
)
"""Functions that sqlglot does not know by itself and that may occur."""

INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{6})?\+00:00)?")
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def assert_made_of(sql: str, plan: Plan) -> None:
    """Check that a statement is one query of our tables, whose texts are those of its plan and no others."""
    (tree,) = sqlglot.parse(sql, dialect=DIALECT)
    assert isinstance(tree, exp.Query), sql
    texts = set(texts_of(plan.model_dump()))
    named = {aggregate.name for aggregate in plan.aggregates}
    named |= {key.name for key in plan.group_by or () if not isinstance(key, str)}
    for node in tree.walk():
        match node:
            case exp.Table():
                assert_is_known(node, tree)
            case exp.Identifier():
                assert re.fullmatch("[A-Za-z_]+", node.name) or node.name in named, node.name
            case exp.Anonymous():
                assert node.name.lower() in FUNCTIONS, node.name
            case exp.Literal(is_string=True):
                assert all(is_given(text, texts) for text in parts_of(node)), node.this
            case exp.Command():
                raise AssertionError(sql)


def skeleton(sql: str) -> str:
    """A statement without its texts: two plans that differ in a text alone have the same one."""
    (tree,) = sqlglot.parse(sql, dialect=DIALECT)
    assert tree is not None
    for literal in list(tree.find_all(exp.Literal)):
        if literal.is_string:
            literal.replace(exp.Literal.string("?"))
    return tree.sql(dialect=DIALECT)


def assert_is_known(table: exp.Table, tree: exp.Expr) -> None:
    """A table of ours, a query with a name inside the statement, or a function that returns rows."""
    if table.db:
        assert (table.db, table.catalog) == (SCHEMA, "")
        assert table.name in TABLES
    elif isinstance(table.this, exp.Identifier):
        assert table.name in {query.alias for query in tree.find_all(exp.CTE)}


def parts_of(literal: exp.Literal) -> Iterable[str]:
    """The texts of a literal: itself, or the elements of the array that it is cast to."""
    cast = literal.parent
    if isinstance(cast, exp.Cast) and cast.to.is_type(exp.DType.ARRAY):
        return elements_of(literal.this)
    return [literal.this]


def elements_of(array: str) -> list[str]:
    """The elements of a PostgreSQL array of quoted texts."""
    assert array.startswith("{")
    assert array.endswith("}")
    if array == "{}":
        return []
    found, rest = [], array[1:-1]
    while rest:
        element = re.match(r'"((?:[^"\\]|\\.)*)"(?:,|$)', rest, re.DOTALL)
        assert element is not None, rest
        found.append(re.sub(r"\\(.)", r"\1", element[1], flags=re.DOTALL))
        rest = rest[element.end() :]
    return found


def is_given(text: str, texts: set[str]) -> bool:
    """Whether a text stands in the plan, or is a number or an instant."""
    return text in texts or bool(INSTANT.fullmatch(text)) or bool(NUMBER.fullmatch(text))


def texts_of(content: Any) -> Iterator[str]:
    """Every text in a plan."""
    match content:
        case str():
            yield content
        case dict():
            for value in content.values():
                yield from texts_of(value)
        case list() | tuple():
            for value in content:
                yield from texts_of(value)
