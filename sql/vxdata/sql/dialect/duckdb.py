"""DuckDB: what the copies of PostgreSQL's tables are asked with.

Answers are those of PostgreSQL, bit for bit. What cannot be said alike fails before the first row, so that
PostgreSQL answers instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final
from typing import Literal as OneOf

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Syntax

from vxdata.schemas.binding.values import Literal, Parameter
from vxdata.schemas.fields import NumberMap
from vxdata.sql.literals import to_sql
from vxdata.sql.names import SCHEMA, column
from vxdata.sql.types import duckdb_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlglot.tokenizer_core import Token

    from vxdata.schemas.binding.values import Scalar
    from vxdata.schemas.fields import FieldType, TextMap

_DUCKDB: Final = Syntax.get_or_raise("duckdb")
"""Found once: to look it up takes longer than to write most trees."""


DISABLED_OPTIMIZERS: Final = "top_n_window_elimination"
"""Optimizers without which DuckDB has to be opened: this one loses the sign of zero.

It finds the first row of each group as the least of rows that are packed as DuckDB sorts them.
"""


@dataclass(frozen=True)
class DuckDB:
    """DuckDB 1.5 with the macros of `vxdata.sql.copies.macros`, as a `Dialect`."""

    name: ClassVar[str] = "duckdb"

    materializes_late: ClassVar[bool] = True
    max_has_any: ClassVar[int] = 50
    """`list_has_any` looks at each list anew; beyond this, a join with the items is as fast."""

    max_planned_terms: ClassVar[int] = 100

    def render(self, tree: exp.Expr) -> str:
        """Write a tree as text; the tree is used up."""
        return tree.sql(dialect=_DUCKDB, copy=False)

    def tokens(self, sql: str) -> list[Token]:
        """Read text as tokens."""
        return _DUCKDB.tokenize(sql)

    def no_columns(self) -> list[exp.Expr]:
        """A number: the list must not be empty."""
        return [exp.Literal.number(1)]

    def null_of(self, field_type: FieldType) -> exp.Expr:
        """A null of the type of a field's column."""
        return _cast(exp.null(), duckdb_type(field_type))

    def text_by_code_points(self, text: exp.Expr) -> exp.Expr:
        """The text: DuckDB compares bytes of UTF-8, whose order is that of code points."""
        return text

    def stored_number(self, number: exp.Expr) -> exp.Expr:
        """A macro, which gives zeros their sign back."""
        return _own("from_store", number)

    def sort_key(self, number: exp.Expr) -> exp.Expr:
        """The number plus zero: a column that DuckDB sorts by itself comes back without the sign of zero."""
        return exp.Add(this=number, expression=exp.Literal.number("0.0"))

    def finite(self, number: exp.Expr) -> exp.Expr:
        """A macro that fails: DuckDB itself goes on with infinity."""
        return _own("finite", number)

    def array_of(self, values: Sequence[Scalar], item_type: FieldType) -> exp.Expr:
        """One text of JSON, which DuckDB reads many times faster than that many literals."""
        texts = exp.Literal.string(json.dumps([_plain_text(value) for value in values], ensure_ascii=False))
        array = _cast(_cast(texts, "JSON"), "VARCHAR[]")
        item = duckdb_type(item_type)
        return array if item == "VARCHAR" else _cast(array, f"{item}[]")

    def is_any_of(self, value: exp.Expr, array: exp.Expr) -> exp.Expr:
        """`value IN (SELECT UNNEST(array))`, which DuckDB hashes."""
        return exp.In(this=value, query=exp.Subquery(this=exp.select(exp.Explode(this=array), copy=False)))

    def is_one_of_low_cardinality(self, value: exp.Expr, texts: Sequence[Scalar]) -> exp.Expr:
        """`list_contains`: a function of a column is computed once for each text of its dictionary.

        `IN` is a join, whatever the column, which looks each row up.
        """
        return _call("list_contains", exp.Array(expressions=list(map(to_sql, texts))), value)

    def is_among(self, value: exp.Expr, query: exp.Expr) -> exp.Expr:
        """The same with the array that a query finds."""
        return self.is_any_of(value, exp.Subquery(this=query))

    def has_any(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`list_has_any`."""
        return _call("list_has_any", items, _texts(wanted))

    def has_all(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`list_has_all`."""
        return _call("list_has_all", items, _texts(wanted))

    def has_item(self, items: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """An EXISTS over `unnest`, which DuckDB turns into a join."""
        names = exp.TableAlias(this=_quoted("items"), columns=[_quoted("item")])
        rows = exp.Table(this=_call("unnest", items.copy()), alias=names)
        return exp.Exists(this=exp.select("1").from_(rows).where(test(column("item", "items"))))

    def has_any_key(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`list_has_any` of the keys."""
        return self.has_any(_call("map_keys", mapping), wanted)

    def has_all_keys(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`list_has_all` of the keys."""
        return self.has_all(_call("map_keys", mapping), wanted)

    def each_item(self, items: exp.Expr) -> exp.Expr:
        """`unnest(items)`."""
        return exp.Explode(this=items)

    def each_key(self, mapping: exp.Expr) -> exp.Expr:
        """`unnest` of the keys."""
        return exp.Explode(this=_call("map_keys", mapping))

    def n_items(self, items: exp.Expr) -> exp.Expr:
        """`len`, which is 0 for an empty list."""
        return _call("len", items)

    def in_utc(self, instant: exp.Expr) -> exp.Expr:
        """The microseconds since 1970 as a time without zone; time zones would be looked up row by row."""
        return _call("make_timestamp", _call("epoch_us", instant))

    def part_of_day(self, part: OneOf["year", "month"], day: exp.Expr) -> exp.Expr:
        """`EXTRACT`, whose result is a bigint."""
        return exp.Extract(this=exp.var(part.upper()), expression=day)

    def entry(self, mapping: exp.Expr, key: str, *, is_number: bool) -> exp.Expr:
        """`map_extract_value`, which is null where there is none."""
        found = _call("map_extract_value", mapping, exp.Literal.string(key))
        return self.stored_number(found) if is_number else found

    def entries(self, mapping: exp.Expr, map_type: TextMap | NumberMap) -> exp.Expr:
        """The mapping: it leaves as an Arrow map."""
        return _own("entries_from_store", mapping) if isinstance(map_type, NumberMap) else mapping

    def contains(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """`contains`."""
        return _call("contains", value, text)

    def starts_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """`starts_with`."""
        return _call("starts_with", value, text)

    def ends_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """`ends_with`."""
        return _call("ends_with", value, text)

    def matches(self, value: exp.Expr, pattern: exp.Expr, *, ignore_case: bool) -> exp.Expr:
        """`regexp_matches`, in which `.` stands for the end of a line too.

        Its own idea of case is not PostgreSQL's; rules of `engines.py` keep such patterns away.
        """
        return _call("regexp_matches", value, pattern, exp.Literal.string("si" if ignore_case else "s"))

    def fold(self, text: exp.Expr) -> exp.Expr:
        """A macro, which each file of copies has from the database that it is a copy of."""
        return _own("fold", text)

    def md5(self, text: exp.Expr) -> exp.Expr:
        """`md5`, of the bytes in UTF-8."""
        return _call("md5", text)

    def sum_of_integers(self, value: exp.Expr) -> exp.Expr:
        """DuckDB's own sum of bigint has 128 bits."""
        return exp.cast(exp.Sum(this=value), exp.DType.BIGINT)

    def mean_of_integers(self, value: exp.Expr) -> exp.Expr:
        """The sum fails beyond 64 bits: DuckDB does not round larger integers to the nearest double."""
        total = exp.cast(self.sum_of_integers(value), exp.DType.DOUBLE)
        return _own("quotient", total, exp.Count(this=value.copy()))

    def sum_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """Whole numbers that the values are made of, as in PostgreSQL; fails where three do not suffice."""
        parts = ("first_part", "second_part", "third_part")
        return _own("nearest", *(exp.Sum(this=_own(part, value.copy())) for part in parts))

    def mean_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """The sum divided by the number."""
        return _own("quotient", self.sum_of_doubles(value), exp.Count(this=value.copy()))

    def quantile_of_integers(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """The quantile of the doubles nearest to the integers."""
        return self.quantile_of_doubles(exp.cast(value, exp.DType.DOUBLE), quantile)

    def quantile_of_doubles(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """A macro: DuckDB's own `quantile_cont` interpolates otherwise than `percentile_cont`."""
        present = exp.Filter(
            this=_call("list", value.copy()), expression=exp.Where(this=exp.not_(value.is_(exp.null())))
        )
        return _own("quantile", present, to_sql(Literal(quantile)))

    def live_count(self, resource_types: Sequence[str], as_of: exp.Expr) -> exp.Expr:  # noqa: ARG002 - none is kept
        """Unknown: counting is fast."""
        return exp.null()

    def optimization_fence(self, query: exp.Query) -> exp.Query:
        """The query: DuckDB has no estimates of it to mend."""
        return query


DUCKDB = DuckDB()


def _texts(values: Sequence[Scalar]) -> exp.Expr:
    array = exp.Array(expressions=[to_sql(value) for value in values])
    return _cast(array, "VARCHAR[]")


def _plain_text(value: Scalar) -> str:
    if isinstance(value, Parameter):
        msg = f"${value.number} stands for a value, not for part of one"
        raise TypeError(msg)
    return value.value.isoformat() if isinstance(value.value, date) else str(value.value)


def _cast(value: exp.Expr, to: str) -> exp.Expr:
    """A cast; `exp.cast` would leave out one from a list to a list of another type."""
    return exp.Cast(this=value, to=exp.DataType.build(to, dialect=_DUCKDB))


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _own(name: str, *arguments: exp.Expr) -> exp.Expr:
    return _call(f"{SCHEMA}.{name}", *arguments)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
