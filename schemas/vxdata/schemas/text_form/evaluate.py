"""Syntax trees as what the words of the notation make of them.

A tree is read by tables: of the kinds of its nodes below, and of words and methods in `words`. What stands in
no table is refused. Nothing is compiled and no text chooses what is called beyond the tables.
"""

from __future__ import annotations

import ast
import inspect
import operator
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import InvalidRequest, VxDataError
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.notation.fields import FieldRef
from vxdata.schemas.notation.predicates import PARENTHESES, Predicate
from vxdata.schemas.text_form.constructs import TRUTH, UNREAD, words
from vxdata.schemas.text_form.mistakes import mistake, placed
from vxdata.schemas.text_form.words import (
    FUNCTIONS,
    METHODS,
    RUNNING,
    FieldAccessor,
    TextClient,
    TextNamespace,
    TextQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from vxdata.schemas.errors import QuerySyntaxError
    from vxdata.schemas.text_form.mistakes import Source

    Reading = Generator[ast.expr, Any, Any]

COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
JUNCTIONS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}
CONSTANTS: Final[Mapping[str, Any]] = {"UTC": UTC}
HALF_OF_PAIR: Final = re.compile("[\ud800-\udfff]")
TIMEZONE: Final = "timezone"
"""The word of which `.utc` alone is read."""


class Evaluator:
    """Reads the nodes of one text.

    Args:
        client: Where queries begin.
        source: The text, for the places of mistakes.
    """

    def __init__(self, client: TextClient, source: Source) -> None:
        """Keep both."""
        self._client = client
        self._source = source

    def value(self, top: ast.expr) -> Any:
        """Make what a node stands for, without recursion: texts may be nested as deep as Python parses.

        Args:
            top: The node.

        Returns:
            A condition, a query, a field, a value …

        Raises:
            QuerySyntaxError: It is not a part of the notation, or a word is given what it does not take.
            InvalidRequest: A step refuses it, as the client would; its details name the place.
        """
        waiting = [self._reading(top)]
        found: Any = None
        while waiting:
            try:
                waiting.append(self._reading(waiting[-1].send(found)))
                found = None
            except StopIteration as ended:
                waiting.pop()
                found = ended.value
        return found

    def _reading(self, node: ast.expr) -> Reading:
        kind = type(node)
        read = READINGS.get(kind)
        if read is None:
            raise self._mistake(node, *UNREAD.get(kind, (f"{words(kind)} is not a part of the notation", "")))
        return read(self, node)

    def _constant(self, node: ast.Constant) -> Reading:
        yield from ()
        if isinstance(node.value, str):
            return self._text(node, node.value)
        if node.value is None or isinstance(node.value, bool | int | float):
            return node.value
        raise self._mistake(node, f"{node.value!r:.80} is no value of a field")

    def _text(self, node: ast.expr, text: str) -> str:
        if not text.isascii() and HALF_OF_PAIR.search(text):
            raise self._mistake(node, "half of a surrogate pair is no text")
        return text

    def _name(self, node: ast.Name) -> Reading:
        yield from ()
        word = node.id
        if word == "F":
            return FieldAccessor()
        if word == "client":
            return self._client
        if word in CONSTANTS:
            return CONSTANTS[word]
        if word in FUNCTIONS:
            raise self._mistake(node, f"{word} is a function", f"Write {word}(…).")
        known = ["F", "client", *FUNCTIONS, *CONSTANTS]
        raise self._mistake(
            node, f"{word:.80} is not known", f"Fields are written F.name. {did_you_mean(word, known)}"
        )

    def _attribute(self, node: ast.Attribute) -> Reading:
        if isinstance(node.value, ast.Name) and (node.value.id, node.attr) == (TIMEZONE, "utc"):
            return UTC
        owner = yield node.value
        match owner:
            case FieldAccessor() if not node.attr.startswith("_"):
                return self._tried(node, operator.getitem, owner, node.attr)
            case TextClient() if node.attr in owner.namespaces:
                return TextNamespace(owner.catalog, owner.namespaces[node.attr])
            case TextNamespace() if node.attr == "F":
                return self._tried(node, getattr, owner, "F")
        if node.attr in METHODS.get(type(owner), ()):
            raise self._mistake(node, f"{node.attr} is a method", f"Write .{node.attr}(…).")
        raise self._no_attribute(node, owner)

    def _subscript(self, node: ast.Subscript) -> Reading:
        owner = yield node.value
        if not isinstance(owner, FieldAccessor | FieldRef):
            raise self._mistake(
                node, f"{owner!r:.80} has no entries", 'Brackets follow F or a field: F["name"].'
            )
        key = yield node.slice
        return self._tried(node, operator.getitem, owner, key)

    def _compare(self, node: ast.Compare) -> Reading:
        values = yield from _each((node.left, node.comparators[0]))
        if len(node.ops) > 1:
            raise self._mistake(node, "comparisons are chained", TRUTH)
        (left, right), kind = values, type(node.ops[0])
        compare = COMPARISONS.get(kind)
        if compare is None:
            raise self._no_comparison(node, kind, left, right)
        if not (isinstance(left, FieldRef) or isinstance(right, FieldRef)):
            hint = (
                "It compares a field with a value: F.b_value > 10. Groups are filtered after agg, by columns."
            )
            raise self._mistake(node, "the comparison names no field", hint)
        return self._tried(node, compare, left, right)

    def _junction(self, node: ast.BinOp) -> Reading:
        """Read a row of `a & b & c` from the left, however long it is."""
        kind = type(node.op)
        join = JUNCTIONS.get(kind)
        if join is None:
            raise self._mistake(
                node, f"{words(kind)} is not a part of the notation", "Values are written out."
            )
        row: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and type(first.op) is kind:
            row.append(first)
            first = first.left
        joined = yield first
        for part in reversed(row):
            right = yield part.right
            if not any(isinstance(each, Predicate | FieldRef) for each in (joined, right)):
                raise self._mistake(part, f"{joined!r:.80} is no predicate", PARENTHESES)
            joined = self._tried(part, join, joined, right)
        return joined

    def _signed(self, node: ast.UnaryOp) -> Reading:
        value = yield node.operand
        match node.op:
            case ast.Invert() if isinstance(value, Predicate | FieldRef):
                return self._tried(node, operator.invert, value)
            case ast.USub() | ast.UAdd() if isinstance(value, int | float) and not isinstance(value, bool):
                return -value if isinstance(node.op, ast.USub) else value
            case ast.Not():
                raise self._mistake(node, "`not` makes no predicate", TRUTH)
        hint = PARENTHESES if isinstance(node.op, ast.Invert) else ""
        raise self._mistake(node, f"the sign does not fit {value!r:.80}", hint)

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Reading:
        return (yield from _each(node.elts))

    def _call(self, node: ast.Call) -> Reading:
        function = node.func
        match function:
            case ast.Name(id=name) if name in FUNCTIONS:
                called = FUNCTIONS[name]
            case ast.Name(id=name):
                hint = did_you_mean(name, list(FUNCTIONS))
                raise self._mistake(function, f"there is no function {name:.80}", hint)
            case ast.Attribute(value=value, attr=name):
                owner = yield value
                if name not in METHODS.get(type(owner), ()):
                    raise self._no_attribute(function, owner)
                called = getattr(owner, name)
            case _:
                raise self._mistake(node, "what is called is no function")
        arguments = yield from _each(node.args)
        options: dict[str, Any] = {}
        for option in node.keywords:
            for key, given in self._named(option):
                options[key] = yield given
        place: ast.expr = function if isinstance(function, ast.Name) else _end_of(function)
        try:
            inspect.signature(called).bind(*arguments, **options)
        except TypeError as error:
            raise self._mistake(place, f"{name}: {error}") from None
        try:
            return self._tried(place, called, *arguments, **options)
        except InvalidRequest as error:
            named = _field_in(node.args, error)
            if named is not None:
                found = self._source.place(named)
                error.details.update(line=found.line, column=found.column)
            raise

    def _named(self, option: ast.keyword) -> list[tuple[str, ast.expr]]:
        """The arguments of one keyword, or of one mapping of names."""
        if option.arg is not None:
            return [(option.arg, option.value)]
        found = []
        for key, value in _items(option.value):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                hint = 'Write **{"name": value}.'
                raise self._mistake(option.value, "** takes names with their values, written out", hint)
            found.append((self._text(key, key.value), value))
        return found

    def _tried(self, node: ast.expr, called: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        """Let the notation do a step; what it refuses is told with the place."""
        try:
            return called(*arguments, **options)
        except VxDataError as error:
            placed(error, self._source.place(node))
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise self._mistake(node, str(error).rstrip(".")) from None

    def _no_comparison(
        self, node: ast.expr, kind: type[ast.cmpop], left: Any, right: Any
    ) -> QuerySyntaxError:
        if kind is ast.In and isinstance(right, FieldRef):
            hint = f"Write {right!r}.has(item) for lists, {right!r}.contains(text) for texts."
        elif kind in {ast.In, ast.NotIn}:
            hint = f"Write {left!r:.80}.is_in([…]), with ~ before it for its contrary."
        else:
            hint = f"Write {left!r:.80}.is_null() or == for a value."
        return self._mistake(node, f"{words(kind)} makes no predicate", hint)

    def _no_attribute(self, node: ast.Attribute, owner: Any) -> QuerySyntaxError:
        name = node.attr
        if isinstance(owner, TextQuery) and name in RUNNING:
            hint = f"Leave .{name}(…) out: a text says what is read, and whoever reads it runs it."
            return self._mistake(_end_of(node), f"{name} asks a server", hint)
        known = set(METHODS.get(type(owner), ()))
        if isinstance(owner, TextClient):
            known |= set(owner.namespaces)
        if isinstance(owner, Predicate):
            return self._mistake(
                node, f"a predicate has no {name:.80}", "Predicates are combined by &, | and ~."
            )
        hint = did_you_mean(name, known) if known else ""
        return self._mistake(_end_of(node), f"{owner!r:.80} has no {name:.80}", hint)

    def _mistake(self, node: ast.expr, what: str, hint: str = "") -> QuerySyntaxError:
        return mistake(what, self._source.place(node), hint.strip())


READINGS: Final[Mapping[type[ast.expr], Callable[[Evaluator, Any], Reading]]] = {
    ast.Constant: Evaluator._constant,  # noqa: SLF001 - the table of the class itself
    ast.Name: Evaluator._name,  # noqa: SLF001
    ast.Attribute: Evaluator._attribute,  # noqa: SLF001
    ast.Subscript: Evaluator._subscript,  # noqa: SLF001
    ast.Compare: Evaluator._compare,  # noqa: SLF001
    ast.BinOp: Evaluator._junction,  # noqa: SLF001
    ast.UnaryOp: Evaluator._signed,  # noqa: SLF001
    ast.List: Evaluator._list,  # noqa: SLF001
    ast.Tuple: Evaluator._list,  # noqa: SLF001
    ast.Set: Evaluator._list,  # noqa: SLF001
    ast.Call: Evaluator._call,  # noqa: SLF001
}
"""Kind of a node -> how it is read."""


def _each(nodes: Iterable[ast.expr]) -> Reading:
    values = []
    for node in nodes:
        value = yield node
        values.append(value)
    return values


def _items(node: ast.expr) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(node.keys, node.values, strict=True)) if isinstance(node, ast.Dict) else [(None, node)]


def _field_in(nodes: Iterable[ast.expr], error: InvalidRequest) -> ast.expr | None:
    """The first mention of the field that an error names, among the arguments of the step that raised it."""
    fields = error.details.get("fields") or [error.details.get("field")]
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Attribute) and node.attr == fields[0]:
                return node
            if isinstance(node, ast.Constant) and node.value == fields[0]:
                return node
    return None


def _end_of(node: ast.Attribute) -> ast.expr:
    """The position of the name after the dot: where a step stands in a chain."""
    line, column = node.end_lineno or node.lineno, (node.end_col_offset or 0) - len(node.attr.encode())
    return ast.Name(node.attr, lineno=line, col_offset=column)
