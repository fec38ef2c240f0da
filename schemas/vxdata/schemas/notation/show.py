"""Plan nodes as their user writes them, for `repr`."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import COMMIT, RESOURCE
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.plan import (
    Aggregate,
    Aggregated,
    And,
    Comparison,
    GroupKey,
    IsInQuery,
    ItemsTest,
    Not,
    OnField,
    Or,
    OrderBy,
    Quantified,
    Subquery,
    TextTest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vxdata.schemas.plan import FirstPer, Part, Predicate, Value

NAMESPACES: Final = {
    RESOURCE: "resources",
    **{payload_type.prefix: payload_type.namespace for payload_type in BUILTIN_PAYLOAD_TYPES},
}
"""Relation -> the attribute of the client that reads it; types that a deployment adds have none."""

SHOWN: Final = 20
"""At most this many values or terms are shown; a notebook should survive a list of a million."""


def show(node: Predicate | Subquery | OrderBy | Aggregate) -> str:
    """Write a node as Python.

    Args:
        node: A predicate, a subquery, an order or an aggregate.

    Returns:
        What a user would write for it; long lists are cut short.

    Example:
        >>> show(Subquery(relation="volume", select="b_value", limit=3))
        "client.volumes.query().limit(3).select('b_value')"
    """
    match node:
        case Subquery():
            parts = (show_filter(node.where), show_order(node.order_by), show_slice(node.offset, node.limit))
            return f"{show_source(node.relation)}{''.join(parts)}.select({node.select!r})"
        case OrderBy(seed=int(seed)):
            return f"{_field(node)}.shuffled({seed})"
        case OrderBy():
            option = "nulls_first=True" if node.nulls_first else ""
            return f"{_field(node)}.{'desc' if node.descending else 'asc'}({option})"
        case Aggregate():
            return _aggregate(node)
        case _:
            return _predicate(node)[0]


def show_field(name: str, key: str | None = None, part: Part | None = None) -> str:
    """Write a field, or an entry or a part of it, as a reference.

    Example:
        >>> show_field("b_value"), show_field("summary_metrics", "auc"), show_field("study_date", part="year")
        ('F.b_value', "F.summary_metrics['auc']", 'F.study_date.year()')
    """
    is_attribute = name.isidentifier() and not iskeyword(name) and not name.startswith("_")
    entry = "" if key is None else f"[{key!r}]"
    method = "" if part is None else ".each_item()" if part == "item" else f".{part}()"
    return f"F.{name}{entry}{method}" if is_attribute else f"F[{name!r}]{entry}{method}"


def show_key(key: str | GroupKey) -> str:
    """Write a key of groups as an argument.

    Example:
        >>> show_key(GroupKey(field="study_date", part="year", name="when")), show_key("b_value")
        ('when=F.study_date.year()', "'b_value'")
    """
    if isinstance(key, str):
        return repr(key)
    shown = _field(key)
    if key.name == key_name(key.field, key.key, key.part):
        return shown
    is_argument = key.name.isidentifier() and not iskeyword(key.name)
    return f"{key.name}={shown}" if is_argument else f"**{{{key.name!r}: {shown}}}"


def key_name(field: str, key: str | None, part: Part | None) -> str:
    """Name the column of a computed key that its user has not named.

    Example:
        >>> key_name("study_date", None, "year")
        'study_date_year'
    """
    return "_".join(text for text in (field, key, part) if text is not None)


def show_source(resource_type: str) -> str:
    """Write where a query begins.

    Example:
        >>> show_source("volume"), show_source("robot")
        ('client.volumes.query()', "client.namespace('robot').query()")
    """
    return "client.commits()" if resource_type == COMMIT else f"{show_namespace(resource_type)}.query()"


def show_namespace(resource_type: str) -> str:
    """Write the namespace of a resource type.

    Example:
        >>> show_namespace("volume"), show_namespace("robot")
        ('client.volumes', "client.namespace('robot')")
    """
    if resource_type in NAMESPACES:
        return f"client.{NAMESPACES[resource_type]}"
    return f"client.namespace({resource_type!r})"


def show_filter(where: Predicate | None) -> str:
    """Write the step that filters; nothing without a condition.

    Example:
        >>> from vxdata.schemas.plan import IsNull
        >>> show_filter(IsNull(op="is_null", field="b_value"))
        '.filter(F.b_value.is_null())'
    """
    if where is None:
        return ""
    terms = [text for text, _ in _pieces(where.terms)] if isinstance(where, And) else [show(where)]
    return f".filter({_list(terms)})"


def show_first(first: FirstPer | None) -> str:
    """Write the step that keeps one row of each group; nothing without it.

    Example:
        >>> from vxdata.schemas.plan import FirstPer
        >>> show_first(FirstPer(fields=("patient_id",), order_by=(OrderBy(field="isup", descending=True),)))
        ".first_per('patient_id', order_by=F.isup.desc())"
    """
    if first is None:
        return ""
    arguments = [repr(name) for name in first.fields]
    orders = _orders(first.order_by)
    if orders:
        arguments.append(f"order_by={orders[0]}" if len(orders) == 1 else f"order_by=[{', '.join(orders)}]")
    return f".first_per({', '.join(arguments)})"


def show_order(order_by: Sequence[OrderBy]) -> str:
    """Write the step that orders; nothing without an order.

    Example:
        >>> show_order([OrderBy(field="score", descending=True), OrderBy(field="version")])
        ".order_by(F.score.desc(), 'version')"
    """
    return f".order_by({', '.join(_orders(order_by))})" if order_by else ""


def _orders(order_by: Sequence[OrderBy]) -> list[str]:
    return [repr(order.field) if order == OrderBy(field=order.field) else show(order) for order in order_by]


def show_slice(offset: int, limit: int | None) -> str:
    """Write the steps that take a part of the rows.

    Example:
        >>> show_slice(20, 10)
        '.offset(20).limit(10)'
    """
    return (f".offset({offset})" if offset else "") + ("" if limit is None else f".limit({limit})")


def default_name(
    function: str,
    field: str | None,
    key: str | None = None,
    quantile: float | None = None,
    part: Part | None = None,
) -> str:
    """Name the column of an aggregate that its user has not named.

    Example:
        >>> default_name("quantile", "b_value", quantile=0.9)
        'b_value_quantile_0.9'
    """
    parts = (field, key, part, function, quantile)
    return "_".join(str(part) for part in parts if part is not None)


def _predicate(node: Predicate) -> tuple[str, bool]:  # noqa: PLR0911 - a table
    """Return a predicate as code, and whether `&` and `~` apply to all of it without parentheses."""
    match node:
        case And(terms=terms):
            return _joined(" & ", _pieces(terms))
        case Or(terms=terms):
            return _joined(" | ", [_predicate(term) for term in terms])
        case Not(term=term):
            return f"~{_whole(*_predicate(term))}", True
        case Comparison(op=op, value=value):
            return f"{_field(node)} {op} {value!r}", False
        case Quantified(op=op, comparison=comparison, query=query):
            return f"{_field(node)} {comparison} {op.upper()}({show(query)})", False
        case Aggregated(op=op, comparison=comparison, query=query):
            return f"{_field(node)} {comparison} {op.upper()}({show(query)})", False
        case OnField():
            return f"{_field(node)}.{_call(node)}", True
        case _:
            return _call(node), True


def _call(node: Predicate) -> str:
    """The call that makes a condition; by rule, of the function that is named like the operator."""
    match node:
        case IsInQuery(query=query):
            return f"is_in({show(query)})"
        case ItemsTest(op="contains_any", values=(item,)):
            return f"has({item!r})"
        case TextTest(op="equals", text=text, ignore_case=ignore_case):
            return f"equals({text!r})" if ignore_case else f"equals({text!r}, ignore_case=False)"
        case _:
            return f"{node.op}({', '.join(_arguments(node))})"


def _arguments(node: Predicate) -> Iterator[str]:
    """The arguments of such a call: what is required in order, options by name where they are set."""
    for name, info in type(node).model_fields.items():
        value = getattr(node, name)
        if name == "op" or name in OnField.model_fields:
            continue
        if info.is_required():
            yield _argument(value)
        elif value != info.default:
            yield f"{name}={_argument(value)}"


def _argument(value: object) -> str:
    match value:
        case Subquery():
            return show(value)
        case tuple():
            return f"[{_values(value)}]"
        case _:
            return repr(value)


def _pieces(terms: Sequence[Predicate]) -> list[tuple[str, bool]]:
    """The terms of an `and`, in which neighbours that mean `between` are one."""
    pieces: list[tuple[str, bool]] = []
    low: Comparison | None = None
    for term in terms:
        match term:
            case Comparison(op="<=") if low is not None and _field(low) == _field(term):
                pieces[-1] = f"{_field(term)}.between({low.value!r}, {term.value!r})", True
                low = None
            case _:
                pieces.append(_predicate(term))
                low = term if isinstance(term, Comparison) and term.op == ">=" else None
    return pieces


def _joined(sign: str, pieces: Sequence[tuple[str, bool]]) -> tuple[str, bool]:
    if len(pieces) == 1:
        return pieces[0]
    return _list([_whole(*piece) for piece in pieces[:SHOWN]], sign, len(pieces)), False


def _whole(text: str, is_whole: bool) -> str:  # noqa: FBT001 - the second of a pair
    return text if is_whole else f"({text})"


def _values(values: Sequence[Value]) -> str:
    return _list([repr(value) for value in values[:SHOWN]], total=len(values))


def _list(shown: Sequence[str], sign: str = ", ", total: int | None = None) -> str:
    hidden = (len(shown) if total is None else total) - SHOWN
    return sign.join((*shown[:SHOWN], f"… {hidden:,} more") if hidden > 0 else shown)


def _aggregate(node: Aggregate) -> str:
    of = "" if node.field is None else f"{_field(node)}."
    argument = "" if node.quantile is None else repr(node.quantile)
    alias = (
        ""
        if node.name == default_name(node.function, node.field, node.key, node.quantile, node.part)
        else f".alias({node.name!r})"
    )
    return f"{of}{node.function}({argument}){alias}"


def _field(node: OnField) -> str:
    return show_field(node.field, node.key, node.part)
