"""What a text may name: the words of the notation, and what each of them stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.catalog.builtin import COMMIT, RESOURCE
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.notation.aggregates import Aggregation, count
from vxdata.schemas.notation.fields import FieldRef, has_ancestor, has_descendant
from vxdata.schemas.notation.grouped import GroupedQuery
from vxdata.schemas.notation.query import PlannedQuery
from vxdata.schemas.notation.show_names import show_namespace
from vxdata.schemas.notation.subqueries import ALL, ANY, COUNT, MAX, MEAN, MIN
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog import Catalog, Relation


class TextQuery(PlannedQuery):
    """A query that a text describes.

    Args:
        catalog: What it may name.
        plan: What is asked so far.
    """

    __slots__ = ("_plan", "_texts")

    def __init__(self, catalog: Catalog, plan: Plan) -> None:
        """Keep both."""
        self._texts = catalog
        self._plan = plan

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self._plan

    @property
    def _catalog(self) -> Catalog:
        return self._texts

    def _following(self, plan: Plan) -> Self:
        return type(self)(self._texts, plan)

    def _look_over(self, condition: BoundPredicate) -> None:
        """Nobody is warned of unlikely values: what a text says is answered, or refused."""

    def as_of(self, instant: str | date | datetime) -> Self:
        """Read at an instant.

        Args:
            instant: A date or an instant; a text is ISO 8601, and without a time zone it is UTC.

        Returns:
            The query at that instant.

        Raises:
            InvalidRequest: It is no instant.
        """
        return self._with(as_of=_instant_of(instant))


@dataclass(frozen=True)
class FieldAccessor:
    """`F`: the fields of whatever is read, or with a relation those of that one.

    Args:
        relation: Whose fields they are.
    """

    relation: Relation | None = None

    def __getitem__(self, name: str) -> FieldRef:
        """Refer to a field.

        Raises:
            TypeError: The name is no text.
            UnknownField: The relation has no such field.
        """
        if not isinstance(name, str):
            msg = f'F takes the name of a field, as in F["b_value"], not {name!r:.80}.'
            raise TypeError(msg)
        if self.relation is not None:
            self.relation.resolve([name])
        return FieldRef(name)

    def __repr__(self) -> str:
        """Show the accessor as it is written."""
        return "F" if self.relation is None else f"{show_namespace(self.relation.name)}.F"


@dataclass(frozen=True)
class TextNamespace:
    """The resources of one type, or of all types.

    Args:
        catalog: What queries may name.
        relation: The type.
    """

    catalog: Catalog
    relation: str

    @property
    def F(self) -> FieldAccessor:  # noqa: N802 - as users write it
        """Its fields."""
        return FieldAccessor(self.catalog.relation(self.relation))

    def query(self) -> TextQuery:
        """Start a query over the resources."""
        return TextQuery(self.catalog, Plan(relation=self.relation))

    def __repr__(self) -> str:
        """Show the namespace as it is written."""
        return show_namespace(self.relation)


@dataclass(frozen=True)
class TextClient:
    """`client`: where queries begin.

    Args:
        catalog: What there is.
    """

    catalog: Catalog

    @property
    def namespaces(self) -> dict[str, str]:
        """Attribute -> the relation that it reads; by their prefixes, those of other types too."""
        known = (each for each in BUILTIN_PAYLOAD_TYPES if each.prefix in self.catalog.registry.by_prefix)
        attributes = (
            (name, each.prefix) for each in known for name in (each.namespace, each.singular_namespace)
        )
        return {**dict(attributes), "resources": RESOURCE}

    def namespace(self, resource_type: str) -> TextNamespace:
        """The namespace of a resource type by its prefix.

        Raises:
            UnknownResourceType: No such type is registered.
        """
        prefix = _name("namespace", "volume", resource_type)
        return TextNamespace(self.catalog, self.catalog.registry.get(prefix).prefix)

    def commits(self) -> TextQuery:
        """Start a query over the commit log."""
        return TextQuery(self.catalog, Plan(relation=COMMIT))

    def query(self, name: str) -> TextQuery:
        """Start a query by the name of a payload type, as in `vxp_client`.

        Raises:
            UnknownResourceType: No payload type has this name.
        """
        payload_type = self.catalog.registry.named(_name("query", "Volume", name))
        return TextQuery(self.catalog, Plan(relation=payload_type.prefix))

    def __repr__(self) -> str:
        """Show the client as it is written."""
        return "client"


def _date(year: int, month: int, day: int) -> date:
    return date(year, month, day)


def _datetime(
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    microsecond: int = 0,
    tzinfo: tzinfo | None = None,
) -> datetime:
    return _in_utc(datetime(year, month, day, hour, minute, second, microsecond, tzinfo))


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        msg = f"{instant.isoformat()} is outside the years 1 to 9999 in UTC"
        raise ValueError(msg) from None


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **{function.__name__: function for function in (ANY, ALL, MIN, MAX, MEAN, COUNT, count)},
    **{function.__name__: function for function in (has_ancestor, has_descendant)},
    "date": _date,
    "datetime": _datetime,
}
"""Functions by name."""

METHODS: Final[Mapping[type, frozenset[str]]] = {
    FieldRef: frozenset(
        (
            *("is_in", "between", "after", "before", "is_null", "is_not_null"),
            *("equals", "contains", "startswith", "endswith", "matches"),
            *("has", "contains_any", "contains_all", "in_shard", "in_sample"),
            *("year", "month", "n_items", "each_item", "bin", "asc", "desc", "shuffled"),
            *("count", "n_unique", "min", "max", "mean", "sum", "quantile"),
        )
    ),
    Aggregation: frozenset({"alias"}),
    TextClient: frozenset({"namespace", "commits", "query"}),
    TextNamespace: frozenset({"query"}),
    TextQuery: frozenset(
        (
            *("history", "filter", "shard", "sample", "first_per", "group_by", "distinct", "select"),
            *("order_by", "limit", "offset", "as_of"),
        )
    ),
    GroupedQuery: frozenset({"agg"}),
}
"""Type -> its methods that a text may call; nothing else is ever called."""

RUNNING: Final = frozenset(
    (
        *(
            "collect",
            "collect_as_pydantic",
            "run",
            "head",
            "show",
            "count",
            "exists",
            "explain",
            "lazy",
            "pin",
        ),
        *("to_arrow", "to_pandas", "iter_batches", "iter_pages", "sink_parquet", "as_subquery"),
    )
)
"""Methods of queries that ask a server, which a text cannot."""


def _name(function: str, example: str, given: object) -> str:
    if not isinstance(given, str):
        msg = f"{function} takes a name such as {example!r}, not {given!r:.80}."
        raise TypeError(msg)
    return given


def _instant_of(instant: object) -> datetime:
    match instant:
        case datetime():
            return _in_utc(instant)
        case date():
            return datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
        case str():
            try:
                return _in_utc(datetime.fromisoformat(instant))
            except ValueError:
                msg = f"as_of {instant!r:.80} is no date or instant in ISO 8601, such as 2025-01-31T12:00Z."
                raise InvalidRequest(msg, as_of=instant[:80]) from None
        case _:
            msg = f"as_of takes a date or an instant, such as '2025-01-31T12:00:00Z', not {instant!r:.80}."
            raise TypeError(msg)
