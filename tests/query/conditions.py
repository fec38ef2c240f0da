"""What a predicate says of each row, by Polars; unknown is null, as Polars itself has it."""

from __future__ import annotations

import hashlib
import math
import re
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never

import polars as pl

from vxdata.schemas.catalog import Relation, RelationKind
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.fields import (
    Date,
    Field,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.identifiers import normalise
from vxdata.schemas.plan import (
    Aggregated,
    And,
    Comparison,
    GroupKey,
    HasAncestor,
    HasDescendant,
    InSample,
    InShard,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    Quantified,
    TextTest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tests.query.state import State
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan import Aggregate, OnField, OrderBy, Plan, Predicate, Subquery

    Operator = Callable[[pl.Expr, pl.Expr], pl.Expr]

UNKNOWN: Final = pl.lit(None, pl.Boolean)
OPERATORS: Final[dict[str, Operator]] = {
    "==": pl.Expr.eq,
    "!=": pl.Expr.ne,
    "<": pl.Expr.lt,
    "<=": pl.Expr.le,
    ">": pl.Expr.gt,
    ">=": pl.Expr.ge,
}


class Conditions:
    """Predicates on the rows of one relation.

    Args:
        relation: Whose rows.
        state: The store at the instant of the query.
        catalog: Names and types of fields.
        too_large: Takes up conditions whose mean no float can hold; they are refused, if met at all.
    """

    def __init__(
        self, relation: Relation, state: State, catalog: Catalog, too_large: list[Aggregated] | None = None
    ) -> None:
        """Keep the parts."""
        self.too_large = [] if too_large is None else too_large
        self.relation = relation
        self._state = state
        self._catalog = catalog

    def type_of(self, name: str, key: str | None = None) -> FieldType:
        """Type of a field, or of an entry of it."""
        whole = self.relation.column_by_name[name].type
        if key is None:
            return whole
        return Float() if isinstance(whole, NumberMap) else Text()

    def type_at(self, node: OnField) -> FieldType:
        """Type of what a node is about."""
        return Integer() if node.part is not None else self.type_of(node.field, node.key)

    def of_groups(self, plan: Plan) -> Conditions:
        """Predicates on the groups that a plan makes."""
        keys = [
            Field(name=name, type=self._type_of_key(place), description="") for name, place in keys_of(plan)
        ]
        computed = [
            Field(name=aggregate.name, type=self._type_of_aggregate(aggregate), description="")
            for aggregate in plan.aggregates
        ]
        groups = Relation("groups", (*keys, *computed), (), RelationKind.GROUP, ())
        return Conditions(groups, self._state, self._catalog, self.too_large)

    def _type_of_key(self, key: GroupKey) -> FieldType:
        if key.width is not None:
            return Float()
        return Text() if key.part == "item" else self.type_at(key)

    def _type_of_aggregate(self, aggregate: Aggregate) -> FieldType:
        if aggregate.function in {"count", "n_unique"} or aggregate.field is None:
            return Integer()
        if aggregate.function in {"mean", "quantile"}:
            return Float()
        return self.type_at(aggregate)

    def operand(self, node: OnField | OrderBy) -> pl.Expr:
        """A field, or an entry or a part of it."""
        return operand(node)

    def holds(self, predicate: Predicate) -> pl.Expr:  # noqa: C901, PLR0911, PLR0912 - a table
        """Whether a predicate is true, false or unknown."""
        match predicate:
            case And(terms=terms):
                return pl.all_horizontal(*map(self.holds, terms))
            case Or(terms=terms):
                return pl.any_horizontal(*map(self.holds, terms))
            case Not(term=term):
                return ~self.holds(term)
            case HasAncestor(identifier=identifier):
                return self._is_one_of(self._state.below(normalise(registry(), identifier)))
            case HasDescendant(identifier=identifier):
                return self._is_one_of(self._state.above(normalise(registry(), identifier)))
            case IsNull(op=op):
                value = self.operand(predicate)
                return value.is_null() if op == "is_null" else value.is_not_null()
            case Comparison(op=op, value=value):
                return self._compared(predicate, OPERATORS[op], value)
            case IsIn(values=values):
                return self._is_in(predicate, values)
            case ItemsTest(op=op, values=values):
                return self._items(predicate, op == "contains_all", values)
            case TextTest():
                return text_test(predicate, self.operand(predicate))
            case IsInQuery(query=query):
                return self._among(predicate, self.found_by(query))
            case Quantified(query=query):
                return self._quantified(predicate, self.found_by(query))
            case InShard(index=index, count=count):
                return self._hash_in(predicate, "", Fraction(index, count), Fraction(index + 1, count))
            case InSample(fraction=fraction, seed=seed):
                return self._hash_in(predicate, f"{seed}:", Fraction(0), Fraction(fraction))
            case Aggregated(query=query):
                return self._aggregated(predicate, self.values_of(query))
            case _:
                assert_never(predicate)

    def found_by(self, query: Subquery) -> list[Any]:
        """The distinct values that a subquery finds."""
        return list(dict.fromkeys(self.values_of(query)))

    def values_of(self, query: Subquery) -> list[Any]:
        """The values that a subquery finds, repeated ones as well."""
        inner = Conditions(self._catalog.relation(query.relation), self._state, self._catalog, self.too_large)
        rows = self._state.rows(query.relation)
        if query.where is not None:
            rows = rows.filter(inner.holds(query.where))
        if query.order_by or query.limit is not None or query.offset:
            rows = inner.ordered(rows, query.order_by).slice(query.offset, query.limit)
        values = rows[query.select]
        if isinstance(values.dtype, pl.List):
            values = values.explode().cast(pl.String)
        return list(values.drop_nulls())

    def ordered(self, rows: pl.DataFrame, order_by: Sequence[OrderBy]) -> pl.DataFrame:
        """Rows in order, ties broken by the key of the relation."""
        by = [self._sortable(order) for order in order_by]
        return rows.sort(
            *(term.alias(f"by_{number}") for number, term in enumerate(by)),
            *self.relation.key,
            descending=[*(order.descending for order in order_by), *(False for _ in self.relation.key)],
            nulls_last=[*(not order.nulls_first for order in order_by), *(True for _ in self.relation.key)],
        )

    def _sortable(self, order: OrderBy) -> pl.Expr:
        is_float = isinstance(self.type_at(order), Float)
        if order.seed is not None:
            return (
                self.operand(order).cast(pl.String).map_elements(partial(_md5, f"{order.seed}:"), pl.String)
            )
        return unsigned(self.operand(order)) if is_float else self.operand(order)

    def _compared(self, node: OnField, operator: Operator, value: Any) -> pl.Expr:
        return operator(self.operand(node), pl.lit(read(self.type_at(node), value)))

    def _is_in(self, node: IsIn, values: Iterable[Any]) -> pl.Expr:
        field_type = self.type_at(node)
        return self._among(node, [read(field_type, value) for value in values])

    def _among(self, node: OnField, values: list[Any]) -> pl.Expr:
        """Some value, or item of a list, is equal; each is compared by itself, so types never mix."""
        value = self.operand(node)
        if isinstance(self.type_at(node), TextList):
            return _any_of(value, [value.list.contains(pl.lit(text)) for text in values])
        return _any_of(value, [value == pl.lit(other) for other in values])

    def _is_one_of(self, identifiers: list[str]) -> pl.Expr:
        return pl.col("identifier").is_in(identifiers) if identifiers else pl.lit(value=False)

    def _items(self, node: ItemsTest, every: bool, values: Iterable[Any]) -> pl.Expr:  # noqa: FBT001
        value = self.operand(node)
        if isinstance(self.type_of(node.field), TextMap | NumberMap):
            value = value.list.eval(pl.element().struct.field("key"))
        tests = [value.list.contains(pl.lit(text)) for text in values]
        return (_all_of if every else _any_of)(value, tests)

    def _hash_in(self, node: OnField, prefix: str, low: Fraction, high: Fraction) -> pl.Expr:
        """The MD5 of a value as a number, as a share of all that there are."""

        def is_between(value: Any) -> bool:
            number = int(_md5(prefix, value), 16)
            return math.floor(low * 2**128) <= number < math.floor(high * 2**128)

        value = pl.coalesce(self.operand(node).cast(pl.String), pl.col(self.relation.key[0]).cast(pl.String))
        return _of_each(value, is_between)

    def _quantified(self, node: Quantified, values: list[Any]) -> pl.Expr:
        value = self.operand(node)
        tests = [OPERATORS[node.comparison](value, pl.lit(found)) for found in values]
        return (_all_of if node.op == "all" else _any_of)(value, tests)

    def _aggregated(self, node: Aggregated, values: list[Any]) -> pl.Expr:
        if node.op != "count" and not values:
            return UNKNOWN
        if node.op == "mean":
            try:
                found: Any = float(sum(map(Fraction, values), Fraction(0))) / len(values)
            except OverflowError:
                self.too_large.append(node)
                return UNKNOWN
        else:
            computed: dict[str, Callable[[list[Any]], Any]] = {"min": min, "max": max, "count": len}
            found = computed[node.op](values)
        return OPERATORS[node.comparison](self.operand(node), pl.lit(found))


def _md5(prefix: str, value: str) -> str:
    return hashlib.md5(f"{prefix}{value}".encode(), usedforsecurity=False).hexdigest()


def operand(node: OnField) -> pl.Expr:
    """A field, the entry of a mapping under a key, or a part of the value; of items the whole list."""
    value = pl.col(node.field)
    if node.key is not None:
        entries = pl.element().filter(pl.element().struct.field("key") == pl.lit(node.key))
        value = value.list.eval(entries.struct.field("value")).list.first()
    match node.part:
        case "year":
            value = value.dt.year().cast(pl.Int64)
        case "month":
            value = value.dt.month().cast(pl.Int64)
        case "n_items":
            value = value.list.len().cast(pl.Int64)
    return _bin(value, node) if isinstance(node, GroupKey) and node.width is not None else value


def _bin(value: pl.Expr, key: GroupKey) -> pl.Expr:
    """The number of the bin of a value; no quotient is rounded to zero before it is rounded down."""
    moved, width = value.cast(pl.Float64) - key.origin, pl.lit(key.width, pl.Float64)
    is_before = (moved < 0) & (moved >= -width)
    return pl.when(is_before).then(pl.lit(-1.0)).otherwise((moved / width).floor())


def keys_of(plan: Plan) -> Iterator[tuple[str, GroupKey]]:
    """The keys of groups, by the names of their columns."""
    for key in plan.group_by or ():
        found = GroupKey(field=key, name=key) if isinstance(key, str) else key
        yield found.name, found


def unsigned(value: pl.Expr) -> pl.Expr:
    """A float whose zero has no sign; Polars leaves out that 0.0 is added."""
    return pl.when(value == 0).then(pl.lit(0.0)).otherwise(value).name.keep()


def _any_of(value: pl.Expr, tests: Sequence[pl.Expr]) -> pl.Expr:
    is_true = pl.any_horizontal(*tests) if tests else pl.lit(value=False)
    return pl.when(value.is_null()).then(UNKNOWN).otherwise(is_true)


def _all_of(value: pl.Expr, tests: Sequence[pl.Expr]) -> pl.Expr:
    is_true = pl.all_horizontal(*tests) if tests else pl.lit(value=True)
    return pl.when(value.is_null()).then(UNKNOWN).otherwise(is_true)


def read(field_type: FieldType, value: Any) -> Any:
    """A literal of a plan in the type of its field."""
    match field_type:
        case Date():
            return date.fromisoformat(value)
        case Timestamp():
            instant = datetime.fromisoformat(value)
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
        case Float():
            return float(value)
        case _:
            return value


def text_test(node: TextTest, value: pl.Expr) -> pl.Expr:
    """A test of text, by Python on each value that is not null."""
    if node.op == "matches":
        pattern = re.compile(python_pattern(node.text, ignore_case=node.ignore_case), re.DOTALL)
        return _of_each(value, lambda text: pattern.search(text) is not None)
    fold: Callable[[str], str] = lower if node.ignore_case else str
    wanted = fold(node.text)
    tests: dict[str, Callable[[str], bool]] = {
        "equals": lambda text: fold(text) == wanted,
        "contains": lambda text: wanted in fold(text),
        "startswith": lambda text: fold(text).startswith(wanted),
        "endswith": lambda text: fold(text).endswith(wanted),
    }
    return _of_each(value, tests[node.op])


def _of_each(value: pl.Expr, test: Callable[[str], bool]) -> pl.Expr:
    def tested(texts: pl.Series) -> pl.Series:
        return pl.Series([None if text is None else test(text) for text in texts], dtype=pl.Boolean)

    return value.map_batches(tested, return_dtype=pl.Boolean)


def lower(text: str) -> str:
    """Lower-case character by character: no letter becomes two, and none depends on its neighbours."""
    return "".join("i" if letter == "İ" else letter.lower() for letter in text)


def python_pattern(pattern: str, *, ignore_case: bool) -> str:
    r"""A regular expression of PostgreSQL as Python's, where both have the same syntax but for `$`.

    Without regard to case, a letter stands for its upper and its lower case and for no other relative.
    """
    parts = []
    escaped = False
    in_class = False
    for letter in pattern:
        plain = letter.isalpha() and not escaped
        if plain and ignore_case:
            cases = "".join(sorted({letter, lower(letter), _upper(letter)}))
            parts.append(cases if in_class else f"[{cases}]")
        elif letter == "$" and not escaped and not in_class:
            parts.append(r"\Z")
        else:
            parts.append(letter)
        in_class = not escaped and (letter == "[" or (in_class and letter != "]"))
        escaped = letter == "\\" and not escaped
    return "".join(parts)


def _upper(letter: str) -> str:
    upper = letter.upper()
    return upper if len(upper) == 1 else letter
