"""Binding of conditions: which column is tested, and whether operator and value fit its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.cohorts.bound import BoundCondition
from vxdata.schemas.cohorts.model import ValueKind
from vxdata.schemas.errors import FilterTypeMismatch, NullNotFilterable

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.model import CohortColumn, CohortModel
    from vxdata.schemas.cohorts.plan import CohortCondition, ConditionValue

SHARED: Final = "project"
"""The table of what entities share, of which nothing tells that an entity has no value."""

PATTERNS: Final = frozenset({"like", "not like"})
ORDERINGS: Final = frozenset({"<", "<=", ">", ">="})
LISTS: Final = frozenset({"in", "not in"})
TESTS: Final = frozenset({"is", "is not"})


def bind_condition(condition: CohortCondition, endpoint: str, model: CohortModel) -> BoundCondition:
    """Resolve a condition.

    Args:
        condition: The condition.
        endpoint: The table of the entities.
        model: The tables and columns of the catalog.

    Returns:
        The bound condition. One that asks for entities without any value tests the marker of that, if there
        is one.

    Raises:
        ColumnNotFound: No column has the name.
        FilterTypeMismatch: Operator, value and column do not fit.
        NullNotFilterable: Nothing tells which entities have no value of the column.
        RelationshipNotFound: The column hangs on nothing that the endpoint has.
    """
    column = model.folded_column(condition.column)
    problem = _problem(condition, column)
    if problem is not None:
        raise FilterTypeMismatch.from_reason(
            problem, column=column.name, type=column.data_type, operator=condition.op
        )
    value = condition.value
    if isinstance(value, tuple):
        value = tuple(item for item in value if item is not None)
    asks_for_none = condition.op == "is" and value is None and column.table != endpoint
    if asks_for_none and column.table == SHARED:
        msg = (
            f'Cannot properly filter "{SHARED}" columns as being null: '
            f'"{column.name} =/is/== null" is not valid'
        )
        raise NullNotFilterable(msg, column=column.name)
    marker = column.null_marker if asks_for_none else None
    table = column.table if marker is None else marker.table
    path = model.path(endpoint, table)
    return BoundCondition(column, path, condition.op, value, condition.also, marker, condition.quantifier)


def _problem(condition: CohortCondition, column: CohortColumn) -> str | None:  # noqa: PLR0911 - a table
    """Say what does not fit, if anything does not."""
    op, value = condition.op, condition.value
    if isinstance(value, tuple) is not (op in LISTS):
        return f"{op} takes {'a list' if op in LISTS else 'one value'}."
    if isinstance(value, tuple):
        return _list_problem(value, column)
    if op in TESTS:
        if value is None:
            return None
        is_fitting = isinstance(value, bool) and column.kind is ValueKind.BOOLEAN
        return None if is_fitting else f"{op} takes null, or true and false of a column of booleans."
    if value is None:
        return None if op in {"=", "!="} else f"{op} cannot compare with null."
    if not _fits(value, column.kind):
        return f"The column takes {column.kind.value}, and the value has another type."
    if op in PATTERNS:
        return _pattern_problem(value, column)
    if condition.also is not None and (op not in ORDERINGS or column.kind is not ValueKind.NUMBER):
        return "A range is one of numbers."
    if op in ORDERINGS and column.kind is ValueKind.BOOLEAN:
        return f"{op} does not compare booleans."
    return None


def _list_problem(values: tuple[ConditionValue, ...], column: CohortColumn) -> str | None:
    if all(item is None or _fits(item, column.kind) for item in values):
        return None
    return f"The column takes {column.kind.value}, and a value of the list has another type."


def _pattern_problem(pattern: ConditionValue, column: CohortColumn) -> str | None:
    if column.kind is not ValueKind.TEXT or not isinstance(pattern, str):
        return "Patterns are compared with text."
    escapes = len(pattern) - len(pattern.rstrip("\\"))
    return "The pattern ends in a backslash that escapes nothing." if escapes % 2 else None


def _fits(value: ConditionValue, kind: ValueKind) -> bool:
    if isinstance(value, bool):
        return kind is ValueKind.BOOLEAN
    if isinstance(value, str):
        return kind is ValueKind.TEXT
    return kind is ValueKind.NUMBER
