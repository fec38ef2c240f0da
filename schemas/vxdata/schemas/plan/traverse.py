"""Traversal: which nodes stand below which, as the annotations of their fields tell.

A node declares its children by the types of its fields and by nothing else, so a new operator needs no line
here. The annotations are read once for each class.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from vxdata.schemas.plan.predicates import Condition, Node

if TYPE_CHECKING:
    from collections.abc import Iterator


def children(node: Node) -> tuple[Condition, ...]:
    """Find the conditions right below a node.

    Args:
        node: A plan, a condition or another part of a plan.

    Returns:
        The conditions in the order of the fields, those of a subquery included.

    Example:
        >>> from vxdata.schemas.plan import IsNull, Not
        >>> children(Not(term=IsNull(op="is_null", field="b_value")))
        (IsNull(field='b_value', key=None, part=None, op='is_null'),)
    """
    names = _fields_of_nodes(type(node))
    if not names:
        return ()
    below: list[Condition] = []
    for name in names:
        value = getattr(node, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Condition):
                below.append(each)
            elif isinstance(each, Node):
                below += children(each)
    return tuple(below)


def levels(top: Condition | None, limit: int | None = None) -> list[tuple[Condition, ...]]:
    """Read a condition level by level, from the top down and without recursion.

    Args:
        top: Where to begin; None has no level.
        limit: How many levels to read at most; all if None.

    Returns:
        The levels, each with its conditions from left to right.

    Example:
        >>> from vxdata.schemas.plan import IsNull, Not
        >>> [len(level) for level in levels(Not(term=IsNull(op="is_null", field="b_value")))]
        [1, 1]
    """
    found: list[tuple[Condition, ...]] = []
    level: tuple[Condition, ...] = () if top is None else (top,)
    while level and len(found) != limit:
        found.append(level)
        level = tuple(child for node in level for child in children(node))
    return found


def kinds(top: type[Node]) -> frozenset[type[Node]]:
    """Find the classes of all nodes that may stand in one.

    Args:
        top: Class of the node.

    Returns:
        The class itself, and those that its fields and theirs may hold.
    """
    known: set[type[Node]] = set()
    waiting = {top}
    while waiting:
        kind = waiting.pop()
        known.add(kind)
        held = {each for info in kind.model_fields.values() for each in _kinds_in(info.annotation)}
        waiting |= held - known
    return frozenset(known)


@cache
def _fields_of_nodes(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a class that hold conditions, or nodes with conditions of their own."""
    return tuple(name for name, info in kind.model_fields.items() if any(_kinds_in(info.annotation)))


def _kinds_in(annotation: Any) -> Iterator[type[Node]]:
    """The classes of nodes that an annotation names, inside of unions, tuples and `Annotated` too."""
    if isinstance(annotation, type) and issubclass(annotation, Node):
        yield annotation
    for argument in get_args(annotation):
        yield from _kinds_in(argument)
