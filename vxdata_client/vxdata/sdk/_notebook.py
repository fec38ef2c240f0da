"""What notebooks show of clients, namespaces and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.binding.values import type_name
from vxdata.schemas.errors import VxDataError
from vxdata.schemas.html import card, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.fields import Field

FIELDS: Final = ("field", "type", "unit", "meaning")


def namespace_card(title: str, description: str, relation: Relation, count: Callable[[], int]) -> str:
    """Show a namespace: what its resources are, how many there are, and their fields.

    Args:
        title: The namespace as Python.
        description: What a resource is.
        relation: What the namespace reads.
        count: Asks the server how many there are.

    Returns:
        HTML; it says so where the server does not answer.
    """
    number = _counted(count)
    told = f"{number:,} resources." if isinstance(number, int) else number
    return card(title, f"{description} {told}", table(FIELDS, map(_row, relation.columns)))


def client_card(title: str, note: str, namespaces: Sequence[tuple[str, str, Callable[[], int]]]) -> str:
    """Show a client: its namespaces, how many resources they have, and what these are.

    Args:
        title: The client as Python.
        note: Which instant it reads at.
        namespaces: Name, meaning and count of each.

    Returns:
        HTML; it says so where the server does not answer, which is asked once only then.
    """
    rows = []
    problem = ""
    for name, meaning, count in namespaces:
        number = "" if problem else _counted(count)
        if isinstance(number, str):
            problem = problem or number
        rows.append((name, f"{number:,}" if isinstance(number, int) else "", meaning))
    return card(title, f"{note} {problem}".strip(), table(("namespace", "resources", "meaning"), rows))


def query_card(shown: str, columns: Sequence[Any]) -> str:
    """Show a query: the Python that makes it, and the columns of its result.

    Args:
        shown: The query as Python.
        columns: Its columns.

    Returns:
        HTML; the server is not asked.
    """
    return card(shown, "", table(("column", "type"), [(each.name, type_name(each.type)) for each in columns]))


def _row(field: Field) -> tuple[str, str, str | None, str]:
    return field.name, type_name(field.type), field.unit, field.description


def _counted(count: Callable[[], int]) -> int | str:
    """The number, or why there is none: what shows an object must not raise."""
    try:
        return count()
    except VxDataError as error:
        return f"They were not counted: {error}"
