"""Section 1 of the contract: what a body may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.filters import parse
from tests.cohorts.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cohorts.filters import Condition

LISTS: Final = ("MATCH_ALL", "MATCH_SOME", "MATCH_ANY", "ADD_COLUMNS", "EXCLUDE_COLUMNS", "SEARCH_LIST")
REFERENCES: Final = "external_reference"
FLAGS: Final = ("COLLATE_RESULTS", "EXTERNAL_REFERENCE")

Filter = tuple["Condition", ...]
"""Conditions that must all hold."""


@dataclass(frozen=True)
class Request:
    """A body.

    Args:
        match_all: Filters that must all hold.
        match_some: Filters of which one must hold, if there are any.
        add: Columns and tables to add.
        exclude: Columns and tables to leave out.
        collates: Whether foreign rows become objects.
        references: Whether references elsewhere are shown.
    """

    match_all: tuple[Filter, ...] = ()
    match_some: tuple[Filter, ...] = ()
    add: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    collates: bool = False
    references: bool = False

    def nests(self, table: str) -> bool:
        """Whether the rows of a foreign table become objects; those of references always do."""
        return self.collates or (self.references and table == REFERENCES)


def read(body: Mapping[str, Any], *, is_summary: bool = False) -> Request:
    """Read a body.

    Raises:
        Refused: It has a key or a value that it may not have, or a filter that is none.
    """
    lists = {name: _list(body, name) for name in LISTS}
    flags = {} if is_summary else {name: _flag(body, name) for name in FLAGS}
    if set(body) - set(lists) - set(flags):
        raise Refused("extra_forbidden", status=422)
    if lists["SEARCH_LIST"]:
        raise Refused("InvalidSearchError")
    return Request(
        match_all=tuple(map(parse, lists["MATCH_ALL"])),
        match_some=tuple(map(parse, lists["MATCH_SOME"] + lists["MATCH_ANY"])),
        add=tuple(lists["ADD_COLUMNS"]),
        exclude=tuple(lists["EXCLUDE_COLUMNS"]),
        collates=flags.get("COLLATE_RESULTS", False),
        references=flags.get("EXTERNAL_REFERENCE", False),
    )


def _list(body: Mapping[str, Any], name: str) -> list[str]:
    value = body.get(name)
    if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise Refused("type_error", status=422)
    return value or []


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refused("type_error", status=422)
    return bool(value)
