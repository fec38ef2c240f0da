"""Pushdown: what of a Polars filter a plan can say.

Polars hands a filter over with its types resolved, and writes it as JSON. A condition is translated where
plan and Polars agree on every row (true, false and unknown), which takes literals of the very type of their
column. The form of that JSON is not promised, so what is not known here, in this version of Polars or a
later one, is left to Polars: it filters once more whatever comes.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from polars.exceptions import PolarsError

from vxdata.schemas.binding import BindingScope
from vxdata.schemas.errors import VxDataError
from vxdata.schemas.fields import Boolean
from vxdata.schemas.notation.predicates import nesting
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull, Not, Or, TextTest
from vxdata.schemas.plan.predicates import MAX_TERMS
from vxdata.sdk._conversion.polars_types import POLARS_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.catalog import Catalog, Relation
    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import ComparisonOperator, Predicate, TextOperator, Value

Json = Any

MAX_PUSHED_NESTING: Final = 32
"""Deepest condition that is translated: what a plan may be, less room for the query's own conditions."""

COMPARISONS: Final[dict[str, ComparisonOperator]] = {
    "Eq": "==",
    "NotEq": "!=",
    "Lt": "<",
    "LtEq": "<=",
    "Gt": ">",
    "GtEq": ">=",
}

BOUNDS: Final[dict[str, tuple[ComparisonOperator, ComparisonOperator]]] = {
    "Both": (">=", "<="),
    "Left": (">=", "<"),
    "Right": (">", "<="),
    "None": (">", "<"),
}
"""Which ends a range includes -> how its ends are compared."""

REGEX_CHARACTERS: Final = frozenset(r".^$*+?{}[]\|()")
"""Characters without which a regular expression is plain text."""


class _Unknown(Exception):
    """A condition that is left to Polars."""


def pushed_down(catalog: Catalog, predicate: pl.Expr, relation: Relation) -> Predicate | None:
    """Translate as much of a filter as a plan can say.

    Args:
        catalog: What may be named.
        predicate: The filter, as Polars hands it to a source.
        relation: What is filtered.

    Returns:
        A condition that every row meets which passes the filter; None if nothing of it can be said.
    """
    try:
        content = json.loads(predicate.meta.serialize(format="json"))
    except (ValueError, RecursionError, PolarsError):
        return None
    translator = _Translator(catalog, relation)
    terms = tuple(term for part in _joined("And", content) if (term := translator.checked(part)) is not None)
    if len(terms) <= 1:
        return next(iter(terms), None)
    return And(terms=terms[:MAX_TERMS])  # a condition less leaves more rows to Polars, and none out


def _joined(operator: str, content: Json) -> Iterator[Json]:
    """The terms that one operator joins, from left to right; chains of any length do not recurse."""
    waiting = [content]
    while waiting:
        match waiting.pop():
            case {"BinaryExpr": {"left": left, "op": op, "right": right}} if op == operator:
                waiting += [right, left]
            case term:
                yield term


@dataclass(frozen=True)
class _Translator:
    """Translates conditions on the rows of one relation."""

    catalog: Catalog
    relation: Relation

    def checked(self, content: Json) -> Predicate | None:
        """One condition as the server would take it, or None."""
        with suppress(_Unknown, VxDataError, ValueError, OverflowError, RecursionError, PolarsError):
            predicate = self.exact(content)
            BindingScope.of(self.relation, self.catalog).bind(predicate)
            if nesting(predicate) <= MAX_PUSHED_NESTING:
                return predicate
        return None

    def exact(self, content: Json) -> Predicate:
        """The predicate that is true, false and unknown for the same rows."""
        match content:
            case {"BinaryExpr": {"op": "And" | "Or" as op}}:
                terms = tuple(self.exact(part) for part in _joined(op, content))
                return And(terms=terms) if op == "And" else Or(terms=terms)
            case {"BinaryExpr": {"left": {"Column": name}, "op": op, "right": right}} if op in COMPARISONS:
                return Comparison(field=name, op=COMPARISONS[op], value=self.literal(name, right))
            case {"Column": name} if isinstance(self.field(name).type, Boolean):
                return Comparison(field=name, op="==", value=True)
            case {"Literal": {"Scalar": {"Boolean": False}}}:
                return IsIn(field=self.relation.key[0], values=())
            case {"Function": {"input": [{"Column": name}, *arguments], "function": function}}:
                return self.function(name, function, arguments)
            case {"Function": {"input": [term], "function": {"Boolean": "Not"}}}:
                return Not(term=self.exact(term))
            case _:
                raise _Unknown

    def function(self, name: str, function: Json, arguments: list[Json]) -> Predicate:  # noqa: PLR0911 - a table
        """The predicate for a function of a column."""
        match function, arguments:
            case {"Boolean": "Not"}, []:
                return Not(term=self.exact({"Column": name}))
            case {"Boolean": "IsNull"}, []:
                return IsNull(field=name, op="is_null")
            case {"Boolean": "IsNotNull"}, []:
                return IsNull(field=name, op="is_not_null")
            case {"Boolean": {"IsIn": {"nulls_equal": False}}}, [values]:
                return IsIn(field=name, values=self.literals(name, values))
            case {"Boolean": {"IsBetween": {"closed": closed}}}, [low, high] if closed in BOUNDS:
                return self.between(name, BOUNDS[closed], low, high)
            case {"StringExpr": {"Contains": {"literal": literal}}}, [text]:
                return self.text_test(name, "contains", text, is_pattern=not literal)
            case {"StringExpr": "StartsWith"}, [text]:
                return self.text_test(name, "startswith", text)
            case {"StringExpr": "EndsWith"}, [text]:
                return self.text_test(name, "endswith", text)
            case _:
                raise _Unknown

    def between(self, name: str, bounds: tuple[ComparisonOperator, ...], *ends: Json) -> Predicate:
        """A value between two literals."""
        terms = tuple(
            Comparison(field=name, op=op, value=self.literal(name, end))
            for op, end in zip(bounds, ends, strict=True)
        )
        return And(terms=terms)

    def text_test(self, name: str, op: TextOperator, content: Json, *, is_pattern: bool = False) -> Predicate:
        """A text searched for another one; a regular expression only if it is a plain text."""
        text = self.literal(name, content)
        if not isinstance(text, str) or (is_pattern and not REGEX_CHARACTERS.isdisjoint(text)):
            raise _Unknown
        return TextTest(field=name, op=op, text=text)

    def field(self, name: str) -> Field:
        """A column of the relation."""
        try:
            return self.relation.column_by_name[name]
        except KeyError:
            raise _Unknown from None

    def literal(self, name: str, content: Json) -> Value:
        """A literal of the very type of a column."""
        return self.values(name, _evaluated(content))[0]

    def literals(self, name: str, content: Json) -> tuple[Value, ...]:
        """A list of such literals; nulls in it are equal to nothing, and left out."""
        values = _evaluated(content)
        if values.dtype.base_type() is not pl.List or len(values) != 1:
            raise _Unknown
        return self.values(name, values.explode(empty_as_null=False).drop_nulls())

    def values(self, name: str, values: pl.Series) -> tuple[Value, ...]:
        """Values as a plan carries them."""
        if values.dtype != POLARS_TYPES[type(self.field(name).type)].literal or values.has_nulls():
            raise _Unknown
        return tuple(value.isoformat() if isinstance(value, date) else value for value in values)


def _evaluated(content: Json) -> pl.Series:
    """Let Polars read a literal that it wrote."""
    match content:
        case {"Literal": _} | {"Alias": [{"Literal": _}, _]}:
            expression = pl.Expr.deserialize(StringIO(json.dumps(content)), format="json")
            return pl.select(expression).to_series()
        case _:
            raise _Unknown
