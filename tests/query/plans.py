"""Strategies of plans: every node, on every kind of field, mostly with values that occur in the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from hypothesis import strategies as st

from tests.query.data import NAMES
from tests.query.material import RELATIONS, Material, Place, in_other_words
from tests.query.patterns import patterns
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.fields import Boolean, Field, Float, Integer, Text, TextList, Timestamp
from vxdata.schemas.plan import (
    Aggregate,
    Aggregated,
    And,
    Comparison,
    FirstPer,
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
    OrderBy,
    Plan,
    Quantified,
    Subquery,
    TextTest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

    from vxdata.schemas.plan import (
        AggregateFunction,
        ComparisonOperator,
        Ordering,
        Part,
        Predicate,
        TextOperator,
    )

COMPARISONS: Final[tuple[ComparisonOperator, ...]] = ("==", "!=", "<", "<=", ">", ">=")
ORDERINGS: Final[tuple[Ordering, ...]] = ("<", "<=", ">", ">=")
SEARCHES: Final[tuple[TextOperator, ...]] = ("contains", "equals", "startswith", "endswith", "matches")
QUANTIFIERS: Final[tuple[Literal["any", "all"], ...]] = ("any", "all")
ABSENT: Final = ("volume/absent", "patient/absent", "patients/0", "psameasurement/0")
MANY: Final = 120
"""Values beyond which a list is written in another way than a short one."""

LEVELS: Final = 3
"""Levels of conditions in a plan, those of subqueries included."""


NUMBERS_OF_ROWS: Final = (0, 1, 2, 3, 1.5, -1, 1e19)


@dataclass(frozen=True)
class Rows:
    """The rows that a predicate is asked of."""

    material: Material
    relation: str
    history: bool = False

    def places(self, fits: Callable[[Place], bool]) -> list[Place]:
        """Places that fit."""
        return [place for place in self.material.places(self.relation, history=self.history) if fits(place)]

    def known(self, place: Place) -> Sequence[Any]:
        """All literals for a place."""
        return self.material.values(self.relation, place)

    def literals(self, place: Place) -> SearchStrategy[Any]:
        """Literals for a place, mostly such as are there."""
        stored, every = (
            named(self.relation, place) for named in (self.material.stored, self.material.values)
        )
        found = st.sampled_from(stored or every) | st.sampled_from(stored or every) | st.sampled_from(every)
        if isinstance(place.type, Timestamp):
            return found.flatmap(lambda instant: st.sampled_from(in_other_words(instant)))
        return found


@dataclass(frozen=True)
class Groups(Rows):
    """The groups of some rows: their columns, each with the place that its values come from, if any."""

    columns: tuple[tuple[Place, Place | None], ...] = ()

    def places(self, fits: Callable[[Place], bool]) -> list[Place]:
        """Columns that fit."""
        return [place for place, _ in self.columns if fits(place)]

    def known(self, place: Place) -> Sequence[Any]:
        """All literals for a column."""
        source = dict(self.columns)[place]
        return NUMBERS_OF_ROWS if source is None else super().known(source)

    def literals(self, place: Place) -> SearchStrategy[Any]:
        """Literals for a column: numbers of rows, or such as stand for the place."""
        source = dict(self.columns)[place]
        return st.sampled_from(NUMBERS_OF_ROWS) if source is None else super().literals(source)


def anything(_: Place) -> bool:
    return True


def is_comparable(place: Place) -> bool:
    return place.kind is not None


def is_text(place: Place) -> bool:
    return place.kind == "text"


def is_nested(place: Place) -> bool:
    return not place.is_plain


def is_ordered(place: Place) -> bool:
    return place.kind not in {None, "boolean"}


def is_number(place: Place) -> bool:
    return isinstance(place.type, Integer | Float)


def is_hashable(place: Place) -> bool:
    return is_text(place) or isinstance(place.type, Integer)


def is_member(place: Place) -> bool:
    """Whether it can be looked up among others, by itself or item by item."""
    return is_comparable(place) or isinstance(place.type, TextList)


@st.composite
def predicates(draw: DrawFn, rows: Rows, levels: int = LEVELS) -> Predicate:
    """Any predicate."""
    kinds = [kind for kind, fits in LEAVES.items() if rows.places(fits)]
    kinds += kinds[1:]
    if rows.relation == COMMIT or isinstance(rows, Groups):
        kinds = [kind for kind in kinds if kind is not ancestries]
    if isinstance(rows, Groups):
        kinds = [kind for kind in kinds if kind not in {shards, samples}]
    if levels > 1:
        kinds += [junctions, junctions, negations, negations]
        kinds += [kind for kind, fits in WITH_QUERIES.items() if rows.places(fits)]
    return cast("Predicate", draw(draw(st.sampled_from(kinds))(rows, levels)))


@st.composite
def comparisons(draw: DrawFn, rows: Rows, _: int) -> Comparison:
    place = draw(st.sampled_from(rows.places(is_comparable)))
    return Comparison(op=draw(st.sampled_from(COMPARISONS)), value=draw(rows.literals(place)), **place.named)


@st.composite
def null_tests(draw: DrawFn, rows: Rows, _: int) -> IsNull:
    place = draw(st.sampled_from(rows.places(anything)))
    return IsNull(op=draw(st.sampled_from(("is_null", "is_not_null"))), **place.named)


@st.composite
def lists(draw: DrawFn, rows: Rows, _: int) -> IsIn:
    """A short list, or all literals that there are, many times over in other words."""
    place = draw(st.sampled_from(rows.places(is_member)))
    values = draw(st.lists(rows.literals(place), max_size=4))
    if draw(st.integers(0, 9)) == 9 and not isinstance(place.type, Boolean):
        values += _many(rows, place)
    return IsIn(values=tuple(values), **place.named)


def _many(rows: Rows, place: Place) -> list[Any]:
    """More literals than a short list holds, of which every other one is known."""
    known = rows.known(place)[::2]
    fillers: dict[str | None, Callable[[int], Any]] = {
        "number": lambda number: 10_000_000 + number,
        "date": lambda number: f"{2300 + number}-01-01",
        "timestamp": lambda number: f"{2300 + number}-01-01T00:00:00",
    }
    make = fillers.get(place.kind, lambda number: f"filler '\"\\ {number}")
    return [*known, *map(make, range(MANY))]


@st.composite
def text_tests(draw: DrawFn, rows: Rows, _: int) -> TextTest:
    place = draw(st.sampled_from(rows.places(is_text)))
    op = draw(st.sampled_from(SEARCHES))
    text = draw(patterns if op == "matches" else _fragments(rows.literals(place)))
    return TextTest(op=op, text=text, ignore_case=draw(st.booleans()), **place.named)


@st.composite
def _fragments(draw: DrawFn, texts: SearchStrategy[str]) -> str:
    """A text or a part of one, perhaps in the other case."""
    text = draw(texts)
    first, last = sorted(draw(st.tuples(st.integers(0, 6), st.integers(0, 12))))
    text = draw(st.sampled_from((text, text[first:last])))
    return draw(st.sampled_from((text, text.swapcase())))


@st.composite
def item_tests(draw: DrawFn, rows: Rows, _: int) -> ItemsTest:
    place = draw(st.sampled_from(rows.places(is_nested)))
    most = draw(st.sampled_from((2, 30)))
    values = draw(st.lists(rows.literals(place), max_size=most))
    return ItemsTest(
        op=draw(st.sampled_from(("contains_any", "contains_all"))), values=tuple(values), **place.named
    )


@st.composite
def ancestries(draw: DrawFn, rows: Rows, _: int) -> HasAncestor | HasDescendant:
    identifier = draw(st.sampled_from((*NAMES, *ABSENT)))
    return HasDescendant(identifier=identifier) if draw(st.booleans()) else HasAncestor(identifier=identifier)


@st.composite
def shards(draw: DrawFn, rows: Rows, _: int) -> InShard:
    place = draw(st.sampled_from(rows.places(is_hashable)))
    count = draw(st.sampled_from((1, 2, 3, 7, 1_000_000)))
    return InShard(index=draw(st.integers(0, count - 1)), count=count, **place.named)


@st.composite
def samples(draw: DrawFn, rows: Rows, _: int) -> InSample:
    place = draw(st.sampled_from(rows.places(is_hashable)))
    fraction = draw(st.sampled_from((0.0, 0.25, 1 / 3, 0.5, 0.9, 1.0, 5e-324, 1 - 2**-53)))
    return InSample(fraction=fraction, seed=draw(st.sampled_from((0, 1, 2**63 - 1))), **place.named)


@st.composite
def negations(draw: DrawFn, rows: Rows, levels: int) -> Not:
    return Not(term=draw(predicates(rows, levels - 1)))


@st.composite
def junctions(draw: DrawFn, rows: Rows, levels: int) -> And | Or:
    terms = tuple(draw(st.lists(predicates(rows, levels - 1), min_size=1, max_size=3)))
    return Or(terms=terms) if draw(st.booleans()) else And(terms=terms)


@st.composite
def memberships(draw: DrawFn, rows: Rows, levels: int) -> IsInQuery:
    place = draw(st.sampled_from(rows.places(is_member)))
    kind = place.kind or "text"
    query = draw(
        subqueries(rows.material, lambda other: is_member(other) and (other.kind or "text") == kind, levels)
    )
    return IsInQuery(query=query, **place.named)


@st.composite
def quantifieds(draw: DrawFn, rows: Rows, levels: int) -> Quantified:
    place = draw(st.sampled_from(rows.places(is_ordered)))
    query = draw(subqueries(rows.material, lambda other: other.kind == place.kind, levels))
    op, comparison = draw(st.sampled_from(QUANTIFIERS)), draw(st.sampled_from(ORDERINGS))
    return Quantified(op=op, comparison=comparison, query=query, **place.named)


@st.composite
def aggregateds(draw: DrawFn, rows: Rows, levels: int) -> Aggregated:
    place = draw(st.sampled_from(rows.places(is_ordered)))
    functions: tuple[Literal["min", "max", "mean", "count"], ...] = ("min", "max")
    op = draw(st.sampled_from((*functions, "mean", "count") if is_number(place) else functions))
    fits: dict[str, Callable[[Place], bool]] = {"mean": is_number, "count": lambda other: other.is_plain}
    query = draw(subqueries(rows.material, fits.get(op, lambda other: other.kind == place.kind), levels))
    return Aggregated(op=op, comparison=draw(st.sampled_from(COMPARISONS)), query=query, **place.named)


LEAVES: Final[dict[Callable[..., SearchStrategy[Any]], Callable[[Place], bool]]] = {
    null_tests: anything,
    comparisons: is_comparable,
    text_tests: is_text,
    item_tests: is_nested,
    lists: is_member,
    ancestries: anything,
    shards: is_hashable,
    samples: is_hashable,
}
"""Conditions without a condition inside, and the places that they need."""

WITH_QUERIES: Final[dict[Callable[..., SearchStrategy[Any]], Callable[[Place], bool]]] = {
    memberships: is_member,
    quantifieds: is_ordered,
    aggregateds: is_ordered,
}
"""Conditions with a subquery, and the places that they need."""


@st.composite
def subqueries(draw: DrawFn, material: Material, fits: Callable[[Place], bool], levels: int) -> Subquery:
    """A subquery that selects a field that fits; it selects no entries of mappings."""
    found = {
        name: Rows(material, name).places(lambda place: place.is_whole and fits(place)) for name in RELATIONS
    }
    name = draw(st.sampled_from([name for name in RELATIONS if found[name]]))
    rows = Rows(material, name)
    return Subquery(
        relation=name,
        select=draw(st.sampled_from(found[name])).field.name,
        where=draw(st.none() | predicates(rows, levels - 1)) if levels > 1 else None,
        order_by=draw(orders(rows)),
        limit=draw(limits),
        offset=draw(offsets),
    )


limits = st.none() | st.sampled_from((0, 1, 3, 2**63 - 1))
offsets = st.sampled_from((0, 0, 1, 5, 2**63 - 1))


@st.composite
def orders(draw: DrawFn, rows: Rows) -> tuple[OrderBy, ...]:
    places = draw(
        st.lists(st.sampled_from(rows.places(lambda place: place.is_plain)), max_size=2, unique=True)
    )
    return tuple(draw(_any_order(place)) for place in places)


def _any_order(place: Place) -> SearchStrategy[OrderBy]:
    """By the value, or where that has a hash, by the hash."""
    by_value = _order(**place.named)
    if not is_hashable(place):
        return by_value
    seeds = st.sampled_from((0, 1, 2**63 - 1))
    named = {name: st.just(value) for name, value in place.named.items()}
    return by_value | st.builds(OrderBy, seed=seeds, **named)


def _order(field: str, key: str | None = None, part: Part | None = None) -> SearchStrategy[OrderBy]:
    by = {"field": st.just(field), "key": st.just(key), "part": st.just(part)}
    return st.builds(OrderBy, **by, descending=st.booleans(), nulls_first=st.booleans())


@st.composite
def plans(draw: DrawFn, material: Material) -> Plan:
    """Any plan."""
    name = draw(st.sampled_from(RELATIONS))
    rows = Rows(material, name, history=name != COMMIT and draw(st.sampled_from((False, False, True))))
    where = draw(st.none() | predicates(rows))
    as_of = draw(st.none() | st.sampled_from(material.dump.instants))
    first = draw(st.none() | st.none() | firsts(rows))
    shape = draw(st.sampled_from((whole, whole, distinct, grouped)))
    return Plan(
        relation=name, where=where, first_per=first, as_of=as_of, history=rows.history, **draw(shape(rows))
    )


@st.composite
def firsts(draw: DrawFn, rows: Rows) -> FirstPer:
    names = _names(rows, lambda place: place.is_plain)
    fields = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    return FirstPer(fields=tuple(fields), order_by=draw(orders(rows)))


@st.composite
def whole(draw: DrawFn, rows: Rows) -> dict[str, Any]:
    names = [place.field.name for place in rows.places(lambda place: place.is_whole)]
    chosen = draw(st.none() | st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
    select = None if chosen is None else tuple(chosen)
    return {"select": select, "order_by": draw(orders(rows)), "limit": draw(limits), "offset": draw(offsets)}


@st.composite
def distinct(draw: DrawFn, rows: Rows) -> dict[str, Any]:
    names = _names(rows, lambda place: place.is_plain)
    select = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    return {"select": tuple(select), "distinct": True, **draw(_part(select))}


@st.composite
def grouped(draw: DrawFn, rows: Rows) -> dict[str, Any]:
    found = draw(st.lists(group_keys(rows), max_size=2, unique_by=lambda one: one.name))
    keys = [key.name for key in found]
    if sum(key.part == "item" for key in found) > 1:
        found, keys = found[:1], keys[:1]
    aggregates = draw(
        st.lists(aggregations(rows), min_size=0 if keys else 1, max_size=3, unique_by=lambda one: one.name)
    )
    aggregates = [one for one in aggregates if one.name not in keys]
    exact = [one.name for one in aggregates if one.function not in APPROXIMATE]
    if not keys and not aggregates:
        aggregates = [Aggregate(function="count", name="count")]
    groups = Groups(rows.material, rows.relation, rows.history, tuple(_columns(rows, found, aggregates)))
    having = draw(st.none() | predicates(groups, LEVELS - 1)) if groups.columns else None
    group_by = tuple(key.name if key == GroupKey(field=key.name, name=key.name) else key for key in found)
    parts = {"group_by": group_by, "aggregates": tuple(aggregates), "having": having}
    return {**parts, **draw(_part([*keys, *exact]))}


@st.composite
def group_keys(draw: DrawFn, rows: Rows) -> GroupKey:
    """A field as it is, an entry of it, a part of it, or the items of a list."""
    places = rows.places(anything)
    place = draw(st.sampled_from(places))
    named = place.named if place.is_plain else {**place.named, "part": "item"}
    by_itself = "_".join(text for text in named.values() if text)
    name = by_itself if place.is_whole else draw(st.sampled_from((by_itself, "key")))
    return GroupKey(name=name, **named, **(draw(bins()) if is_number(place) else {}))


@st.composite
def bins(draw: DrawFn) -> dict[str, Any]:
    """Bins, or none; so wide that their numbers are no larger than the values."""
    if draw(st.booleans()):
        return {}
    width = draw(st.sampled_from((1.0, 3.0, 2.5, 1e3, 1e18, 1e300)))
    return {"width": width, "origin": draw(st.sampled_from((0.0, 1.0, -0.1, 1e3)))}


def _columns(
    rows: Rows, keys: Sequence[GroupKey], aggregates: Sequence[Aggregate]
) -> Iterator[tuple[Place, Place | None]]:
    """The columns of groups that a condition may name, which quantiles are not: they are not exact."""
    places = {tuple(place.named.values()): place for place in rows.places(anything)}
    for key in keys:
        source = places[key.field, key.key, None if key.part == "item" else key.part]
        if key.width is not None:
            yield Place(Field(name=key.name, type=Float(), description="")), None
            continue
        field_type = Text() if key.part == "item" else source.type
        yield Place(Field(name=key.name, type=field_type, description="")), source
    for aggregate in aggregates:
        if aggregate.function in {"count", "n_unique"}:
            yield Place(Field(name=aggregate.name, type=Integer(), description="")), None
        elif aggregate.function != "quantile":
            source = places[aggregate.field or "", aggregate.key, aggregate.part]
            field_type = Float() if aggregate.function == "mean" else source.type
            yield Place(Field(name=aggregate.name, type=field_type, description="")), source


APPROXIMATE: Final = frozenset({"sum", "mean", "quantile"})
"""Functions by whose results no query is ordered here, as they may differ in the last bit."""


@st.composite
def _part(draw: DrawFn, columns: Sequence[str]) -> dict[str, Any]:
    by = draw(st.lists(st.sampled_from(columns), max_size=2, unique=True)) if columns else []
    order_by = tuple(draw(_order(name)) for name in by)
    return {"order_by": order_by, "limit": draw(limits), "offset": draw(offsets)}


def _names(rows: Rows, fits: Callable[[Place], bool]) -> list[str]:
    return [place.field.name for place in rows.places(lambda place: place.is_whole and fits(place))]


@st.composite
def aggregations(draw: DrawFn, rows: Rows) -> Aggregate:
    function: AggregateFunction = draw(st.sampled_from(tuple(OPERANDS)))
    name = draw(st.sampled_from(("n", 'of "x"', "identifier", "ä'\\")))
    if function == "count" and draw(st.booleans()):
        return Aggregate(function="count", name=name)
    place = draw(st.sampled_from(rows.places(OPERANDS[function])))
    quantile = draw(st.sampled_from((0.0, 0.1, 0.5, 1 / 3, 1.0, 1e-7))) if function == "quantile" else None
    return Aggregate(function=function, quantile=quantile, name=name, **place.named)


OPERANDS: Final[dict[AggregateFunction, Callable[[Place], bool]]] = {
    "count": anything,
    "n_unique": lambda place: place.is_plain,
    "min": is_ordered,
    "max": is_ordered,
    "sum": is_number,
    "mean": is_number,
    "quantile": is_number,
}
"""Function -> what it can be computed of."""
