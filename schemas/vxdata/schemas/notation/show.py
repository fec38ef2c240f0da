"""Plan nodes as their user writes them, for `repr` and for the text form of plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.notation.show_names import default_name, show_field, show_source
from vxdata.schemas.plan import (
    Aggregate,
    Aggregated,
    And,
    Comparison,
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

    from vxdata.schemas.plan import FirstPer, Predicate

SHOWN: Final = 20
"""At most this many values or terms are shown; a notebook should survive a list of a million."""

CHAIN: Final = 100
"""Terms that are joined in one row where all are written: Python reads `a | b | c` as deep as it is long."""


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
    return Writer(SHOWN).node(node)


@dataclass(frozen=True)
class Writer:
    """Writes nodes, and the steps that they stand in, as Python.

    Args:
        most: At most this many values or terms of each list are written; all of them if None.
    """

    most: int | None = None

    def node(self, node: Predicate | Subquery | OrderBy | Aggregate) -> str:
        """Write a predicate, a subquery, an order or an aggregate."""
        match node:
            case Subquery():
                parts = (
                    self.filter(node.where),
                    self.order(node.order_by),
                    show_slice(node.offset, node.limit),
                )
                return f"{show_source(node.relation)}{''.join(parts)}.select({node.select!r})"
            case OrderBy(seed=int(seed)):
                return f"{_field(node)}.shuffled({seed})"
            case OrderBy():
                option = "nulls_first=True" if node.nulls_first else ""
                return f"{_field(node)}.{'desc' if node.descending else 'asc'}({option})"
            case Aggregate():
                return _aggregate(node)
            case _:
                return self._predicate(node)[0]

    def filter(self, where: Predicate | None) -> str:
        """Write the step that filters; nothing without a condition.

        Example:
            >>> from vxdata.schemas.plan import IsNull
            >>> Writer().filter(IsNull(op="is_null", field="b_value"))
            '.filter(F.b_value.is_null())'
        """
        if where is None:
            return ""
        terms = (
            [text for text, _ in self._pieces(where.terms)] if isinstance(where, And) else [self.node(where)]
        )
        return f".filter({self._list(terms)})"

    def first(self, first: FirstPer | None) -> str:
        """Write the step that keeps one row of each group; nothing without it.

        Example:
            >>> from vxdata.schemas.plan import FirstPer
            >>> order = OrderBy(field="isup", descending=True)
            >>> Writer().first(FirstPer(fields=("patient_id",), order_by=(order,)))
            ".first_per('patient_id', order_by=F.isup.desc())"
        """
        if first is None:
            return ""
        arguments = [repr(name) for name in first.fields]
        orders = self._orders(first.order_by)
        if orders:
            arguments.append(
                f"order_by={orders[0]}" if len(orders) == 1 else f"order_by=[{', '.join(orders)}]"
            )
        return f".first_per({', '.join(arguments)})"

    def order(self, order_by: Sequence[OrderBy]) -> str:
        """Write the step that orders; nothing without an order.

        Example:
            >>> Writer().order([OrderBy(field="score", descending=True), OrderBy(field="version")])
            ".order_by(F.score.desc(), 'version')"
        """
        return f".order_by({', '.join(self._orders(order_by))})" if order_by else ""

    def _orders(self, order_by: Sequence[OrderBy]) -> list[str]:
        return [
            repr(order.field) if order == OrderBy(field=order.field) else self.node(order)
            for order in order_by
        ]

    def _predicate(self, node: Predicate) -> tuple[str, bool]:  # noqa: PLR0911 - a table
        """Return a predicate as code, and whether `&` and `~` apply to all of it without parentheses."""
        match node:
            case And(terms=terms):
                return self._joined(" & ", self._pieces(terms))
            case Or(terms=terms):
                return self._joined(" | ", [self._predicate(term) for term in terms])
            case Not(term=term):
                return f"~{_whole(*self._predicate(term))}", True
            case Comparison(op=op, value=value):
                return f"{_field(node)} {op} {value!r}", False
            case Quantified(op=op, comparison=comparison, query=query):
                return f"{_field(node)} {comparison} {op.upper()}({self.node(query)})", False
            case Aggregated(op=op, comparison=comparison, query=query):
                return f"{_field(node)} {comparison} {op.upper()}({self.node(query)})", False
            case OnField():
                return f"{_field(node)}.{self._call(node)}", True
            case _:
                return self._call(node), True

    def _call(self, node: Predicate) -> str:
        """The call that makes a condition; by rule, of the function that is named like the operator."""
        match node:
            case IsInQuery(query=query):
                return f"is_in({self.node(query)})"
            case ItemsTest(op="contains_any", values=(item,)):
                return f"has({item!r})"
            case TextTest(op="equals", text=text, ignore_case=ignore_case):
                return f"equals({text!r})" if ignore_case else f"equals({text!r}, ignore_case=False)"
            case _:
                return f"{node.op}({', '.join(self._arguments(node))})"

    def _arguments(self, node: Predicate) -> Iterator[str]:
        """The arguments of such a call: what is required in order, options by name where they are set."""
        for name, info in type(node).model_fields.items():
            value = getattr(node, name)
            if name == "op" or name in OnField.model_fields:
                continue
            if info.is_required():
                yield self._argument(value)
            elif value != info.default:
                yield f"{name}={self._argument(value)}"

    def _argument(self, value: object) -> str:
        match value:
            case Subquery():
                return self.node(value)
            case tuple():
                shown = [repr(each) for each in value[: self.most]]
                return f"[{self._list(shown, total=len(value))}]"
            case _:
                return repr(value)

    def _pieces(self, terms: Sequence[Predicate]) -> list[tuple[str, bool]]:
        """The terms of an `and`, in which neighbours that mean `between` are one."""
        pieces: list[tuple[str, bool]] = []
        low: Comparison | None = None
        for term in terms:
            match term:
                case Comparison(op="<=") if low is not None and _field(low) == _field(term):
                    pieces[-1] = f"{_field(term)}.between({low.value!r}, {term.value!r})", True
                    low = None
                case _:
                    pieces.append(self._predicate(term))
                    low = term if isinstance(term, Comparison) and term.op == ">=" else None
        return pieces

    def _joined(self, sign: str, pieces: Sequence[tuple[str, bool]]) -> tuple[str, bool]:
        if len(pieces) == 1:
            return pieces[0]
        if self.most is None and len(pieces) > CHAIN:
            size = max(CHAIN, -(-len(pieces) // CHAIN))
            parts = [pieces[first : first + size] for first in range(0, len(pieces), size)]
            return self._joined(sign, [self._joined(sign, part) for part in parts])
        return self._list([_whole(*piece) for piece in pieces[: self.most]], sign, len(pieces)), False

    def _list(self, shown: Sequence[str], sign: str = ", ", total: int | None = None) -> str:
        count = len(shown) if total is None else total
        hidden = 0 if self.most is None else count - self.most
        return sign.join((*shown[: self.most], f"… {hidden:,} more") if hidden > 0 else shown)


def show_slice(offset: int, limit: int | None) -> str:
    """Write the steps that take a part of the rows.

    Example:
        >>> show_slice(20, 10)
        '.offset(20).limit(10)'
    """
    return (f".offset({offset})" if offset else "") + ("" if limit is None else f".limit({limit})")


def _whole(text: str, is_whole: bool) -> str:  # noqa: FBT001 - the second of a pair
    return text if is_whole else f"({text})"


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
