"""PostgreSQL: what no other engine writes like that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar
from typing import Literal as OneOf

from sqlglot import exp

from vxdata.schemas.binding.values import Literal, Parameter
from vxdata.sql.literals import to_sql
from vxdata.sql.names import DIALECT, SCHEMA, column, render, tokens
from vxdata.sql.types import catalog_type, mapping_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlglot.tokenizer_core import Token

    from vxdata.schemas.binding.values import Scalar
    from vxdata.schemas.fields import FieldType, NumberMap, TextMap


@dataclass(frozen=True)
class PostgreSQL:
    """PostgreSQL 15 and later, as a `Dialect`."""

    name: ClassVar[str] = "postgresql"

    materializes_late: ClassVar[bool] = False
    max_has_any: ClassVar[int] = 20
    """`&&` compares each item with each; beyond this, a lookup that is hashed is faster."""

    max_planned_terms: ClassVar[int] = 100
    """The planner compares each term with each, which takes many seconds for ten thousand."""

    def render(self, tree: exp.Expr) -> str:
        """Write a tree as text; the tree is used up."""
        return render(tree)

    def tokens(self, sql: str) -> list[Token]:
        """Read text as tokens."""
        return tokens(sql)

    def no_columns(self) -> list[exp.Expr]:
        """Nothing, which PostgreSQL allows."""
        return []

    def null_of(self, field_type: FieldType) -> exp.Expr:
        """A null of the type of a field's column."""
        return exp.cast(exp.null(), catalog_type(field_type), dialect=DIALECT)

    def text_by_code_points(self, text: exp.Expr) -> exp.Expr:
        """A text in the collation "C"."""
        return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))

    def stored_number(self, number: exp.Expr) -> exp.Expr:
        """The number as it is."""
        return number

    def sort_key(self, number: exp.Expr) -> exp.Expr:
        """The number as it is, so that an index can be read in its order."""
        return number

    def finite(self, number: exp.Expr) -> exp.Expr:
        """The number as it is: PostgreSQL itself fails."""
        return number

    def array_of(self, values: Sequence[Scalar], item_type: FieldType) -> exp.Expr:
        """One array literal, which PostgreSQL parses and hashes at once."""
        array = exp.Literal.string(array_text(values))
        return exp.cast(array, f"{catalog_type(item_type)}[]", dialect=DIALECT)

    def is_any_of(self, value: exp.Expr, array: exp.Expr) -> exp.Expr:
        """`value = ANY (array)`."""
        return exp.EQ(this=value, expression=exp.Any(this=exp.paren(array)))

    def is_one_of_low_cardinality(self, value: exp.Expr, texts: Sequence[Scalar]) -> exp.Expr:
        """`value IN (…)`, as for every other column."""
        return exp.In(this=value, expressions=list(map(to_sql, texts)))

    def is_among(self, value: exp.Expr, query: exp.Expr) -> exp.Expr:
        """`value = ANY (array)`: as an array, what is found is looked up in an index."""
        none = exp.cast(exp.Array(expressions=[]), "text[]", dialect=DIALECT)
        return self.is_any_of(value, exp.Coalesce(this=exp.Subquery(this=query), expressions=[none]))

    def has_any(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`items && wanted`."""
        return exp.ArrayOverlaps(this=items, expression=text_array(wanted))

    def has_all(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`items @> wanted`."""
        return exp.ArrayContainsAll(this=items, expression=text_array(wanted))

    def has_item(self, items: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """An EXISTS over `unnest`, whose test PostgreSQL can hash."""
        names = exp.TableAlias(this=_quoted("items"), columns=[_quoted("item")])
        rows = exp.Table(this=_call("unnest", items.copy()), alias=names)
        return exp.Exists(this=exp.select("1").from_(rows).where(test(column("item", "items"))))

    def has_any_key(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`mapping ?| wanted`, as a function: drivers take a question mark for a parameter."""
        return _call("jsonb_exists_any", mapping, text_array(wanted))

    def has_all_keys(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """`mapping ?& wanted`, as a function."""
        return _call("jsonb_exists_all", mapping, text_array(wanted))

    def each_item(self, items: exp.Expr) -> exp.Expr:
        """`unnest(items)`."""
        return exp.Explode(this=items)

    def each_key(self, mapping: exp.Expr) -> exp.Expr:
        """`jsonb_object_keys`."""
        return self.text_by_code_points(_call("jsonb_object_keys", mapping))

    def n_items(self, items: exp.Expr) -> exp.Expr:
        """`cardinality`, which is 0 for an empty array, where `array_length` is null."""
        return exp.cast(_call("cardinality", items), exp.DType.BIGINT)

    def in_utc(self, instant: exp.Expr) -> exp.Expr:
        """`AT TIME ZONE`, whatever zone the session is in."""
        return exp.AtTimeZone(this=instant, zone=exp.Literal.string("UTC"))

    def part_of_day(self, part: OneOf["year", "month"], day: exp.Expr) -> exp.Expr:
        """`EXTRACT`, whose result is numeric."""
        return exp.cast(exp.Extract(this=exp.var(part.upper()), expression=day), exp.DType.BIGINT)

    def entry(self, mapping: exp.Expr, key: str, *, is_number: bool) -> exp.Expr:
        """An entry of a jsonb object."""
        found = _call("jsonb_extract_path_text", mapping, exp.Literal.string(key))
        return exp.cast(found, exp.DType.DOUBLE) if is_number else self.text_by_code_points(found)

    def entries(self, mapping: exp.Expr, map_type: TextMap | NumberMap) -> exp.Expr:
        """An array of (key, value) composites, null where the mapping is null."""
        travelling = mapping_type(map_type)
        assert travelling is not None  # noqa: S101 - for the type checker: every mapping has one
        value = exp.cast(column("value", "entry"), travelling.value)
        entry = exp.cast(
            exp.Tuple(expressions=[column("key", "entry"), value]),
            exp.DataType.build(f"{SCHEMA}.{travelling.entry}", udt=True, dialect=DIALECT),
        )
        rows = exp.Table(
            this=exp.func("jsonb_each_text", mapping.copy()), alias=exp.TableAlias(this=_quoted("entry"))
        )
        array = exp.Anonymous(this="ARRAY", expressions=[exp.select(entry).from_(rows)])
        return exp.Case().when(mapping.copy().is_(exp.null()).not_(), array)

    def contains(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """`strpos`, to which every character stands for itself."""
        return exp.GT(this=_call("strpos", value, text), expression=exp.Literal.number(0))

    def starts_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """The function that PostgreSQL can turn into a range of an index."""
        return _call("starts_with", value, text)

    def ends_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """The last characters, compared."""
        return exp.EQ(this=_call("right", value, _call("length", text.copy())), expression=text)

    def matches(self, value: exp.Expr, pattern: exp.Expr, *, ignore_case: bool) -> exp.Expr:
        """A function of the database that uses a Unicode collation (migration 0006)."""
        return _own("matches_any_case" if ignore_case else "matches", value, pattern)

    def fold(self, text: exp.Expr) -> exp.Expr:
        """A function of the database: collation "C" knows the case of ASCII alone (migration 0006)."""
        return _own("fold", text)

    def md5(self, text: exp.Expr) -> exp.Expr:
        """PostgreSQL's own `md5`, of the bytes of a database in UTF-8."""
        return _call("md5", text)

    def sum_of_integers(self, value: exp.Expr) -> exp.Expr:
        """PostgreSQL's own sum of bigint is numeric."""
        return exp.cast(exp.Sum(this=value), exp.DType.BIGINT)

    def mean_of_integers(self, value: exp.Expr) -> exp.Expr:
        """PostgreSQL's own sum of bigint is numeric, whose cast gives the nearest double."""
        total = exp.cast(exp.Sum(this=value), exp.DType.DOUBLE)
        return _own("quotient", total, exp.Count(this=value.copy()))

    def sum_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """Whole numbers that the values are made of, added exactly by functions of migration 0009."""
        parts = ("first_part", "second_part", "third_part", "rest")
        return _own("nearest", *(exp.Sum(this=_own(part, value.copy())) for part in parts))

    def mean_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """The sum divided by the number: what is too small for a double is 0."""
        return _own("quotient", self.sum_of_doubles(value), exp.Count(this=value.copy()))

    def quantile_of_integers(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """`percentile_cont`."""
        continuous = exp.PercentileCont(this=exp.Literal.number(repr(quantile)))
        return exp.WithinGroup(this=continuous, expression=exp.Order(expressions=[exp.Ordered(this=value)]))

    def quantile_of_doubles(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """`percentile_cont`, beside a difference that fails where a value between would be infinite."""
        reach = exp.Sub(this=exp.Max(this=value.copy()), expression=exp.Min(this=value.copy()))
        found = self.quantile_of_integers(value, quantile)
        return exp.Case().when(exp.not_(reach.is_(exp.null())), found)

    def live_count(self, resource_types: Sequence[str], as_of: exp.Expr) -> exp.Expr:
        """A function of the database that looks the numbers up (migration 0011)."""
        return _own("live_at", text_array(map(Literal, resource_types)), as_of)

    def optimization_fence(self, query: exp.Query) -> exp.Query:
        """`unnest(ARRAY(query))`.

        The planner cannot join what is inside with the rows beside it, and takes the array for ten items, as
        it does any array that it does not know.
        """
        array = exp.Anonymous(this="ARRAY", expressions=[query])
        return exp.select(exp.alias_(exp.Explode(this=array), query.named_selects[0]))


POSTGRESQL = PostgreSQL()


def text_array(values: Iterable[Scalar]) -> exp.Expr:
    """Write texts as one array literal."""
    return exp.cast(exp.Literal.string(array_text(values)), exp.DataType.build("text[]", dialect=DIALECT))


def texts(values: Iterable[str]) -> str:
    r"""Write texts as one array literal, rendered.

    Args:
        values: The texts.

    Returns:
        SQL, for the parameter of a statement that is prepared.

    Example:
        >>> texts(["a", "b"])
        'CAST(\'{"a","b"}\' AS TEXT[])'
    """
    return render(text_array(map(Literal, values)))


def array_text(values: Iterable[Scalar]) -> str:
    r"""Write values as the text of a PostgreSQL array, to be quoted as one literal.

    Args:
        values: Literals of one type.

    Returns:
        Text such as ``{"a","b"}``, in which quotes and backslashes are escaped.

    Raises:
        TypeError: A parameter is among them: it stands for a value, not for part of one.

    Example:
        >>> from vxdata.schemas.binding.values import Literal
        >>> array_text([Literal('say "a"'), Literal("b")])
        '{"say \\"a\\"","b"}'
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Scalar) -> str:
    if isinstance(value, Parameter):
        msg = f"${value.number} stands for a value, not for part of one"
        raise TypeError(msg)
    text = value.value.isoformat() if isinstance(value.value, date) else str(value.value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _own(name: str, *arguments: exp.Expr) -> exp.Expr:
    return _call(f"{SCHEMA}.{name}", *arguments)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
