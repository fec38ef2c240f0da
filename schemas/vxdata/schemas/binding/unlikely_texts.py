"""What text operators can find in fields of identifiers, each of which begins with a prefix and a slash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vxdata.schemas.fields import TextLike, TextList
from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.schemas.payloads.vocabularies import IDENTIFIER_PATTERN

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundTextTest, Operand
    from vxdata.schemas.catalog.registry import Registry

IDENTIFIERS: Final = frozenset({"identifier", "parent_identifier", *LINEAGE_PREFIXES})
"""Metadata whose values are identifiers; fields of a payload say so by their pattern."""

ANCHOR: Final = r"\^|\\A"

ATOM: Final = (
    r"(?P<one>\[\^?(?:[\w.]-[\w.]|[\w.])+\]|\\[dDwWsS]|\\[^A-Za-z0-9]|[^\\\[\](){}|*+?^$])"
    r"(?P<times>\{0|[*+?{])?"
)
"""What stands for one character of a text in a regular expression, and how often it does.

Compiled at its first use, since that takes as long as importing several modules.
"""


def prefixes_in(registry: Registry, operand: Operand, resource_type: str) -> tuple[str, ...]:
    """List the prefixes that the identifiers in a field can have; none for a field of other values.

    Args:
        registry: The payload types.
        operand: The field.
        resource_type: What is read.
    """
    name = operand.column.name
    if not isinstance(operand.type, TextLike | TextList):  # a number of a group may have any name
        return ()
    if name in LINEAGE_PREFIXES:
        return (LINEAGE_PREFIXES[name],)
    if name == "identifier" and resource_type in registry.by_prefix:
        return (resource_type,)
    holds_identifiers = getattr(operand.type, "pattern", None) == IDENTIFIER_PATTERN
    return tuple(registry.by_prefix) if name in IDENTIFIERS or holds_identifiers else ()


def misread(test: BoundTextTest, text: str, prefixes: tuple[str, ...]) -> str | None:
    """Tell what a user of a text operator may not know, if it matters.

    Args:
        test: The condition.
        text: What it searches for.
        prefixes: The prefixes that identifiers in its field can have.

    Returns:
        A sentence if the condition holds for no identifier, or for all of them; else None.
    """
    beginnings = [f"{prefix}/" for prefix in prefixes]
    sought = text.casefold() if test.ignore_case else text
    asked = f"{test.op}({text!r:.80})"
    if not any(_is_possible(test, sought, beginning) for beginning in beginnings):
        anchor = re.match(ANCHOR, text) if test.op == "matches" else None
        rest = text[anchor.end() :] if anchor else text
        meant = f"{'^' if anchor else ''}{_own(prefixes)}/{rest}"
        return (
            f"{asked} finds no {test.operand}: it holds whole identifiers; "
            f"did you mean {test.op}({meant!r:.90})?"
        )
    if _is_certain(test, sought, beginnings):
        return (
            f"{asked} finds every {test.operand}: it holds whole identifiers, "
            f"which begin with {beginnings[0]!r}."
        )
    return None


def _own(prefixes: tuple[str, ...]) -> str:
    return prefixes[0] if len(prefixes) == 1 else "<prefix>"


def _is_possible(test: BoundTextTest, text: str, beginning: str) -> bool:
    match test.op:
        case "startswith":
            return beginning.startswith(text) or text.startswith(beginning)
        case "equals":
            return text.startswith(beginning)
        case "matches":
            return _can_begin(text, beginning, re.IGNORECASE if test.ignore_case else re.NOFLAG)
        case _:
            return True


def _is_certain(test: BoundTextTest, text: str, beginnings: list[str]) -> bool:
    """Whether the beginning alone fulfils the condition, and the user has not written it on purpose."""
    if "/" in text or not text:
        return False
    match test.op:
        case "startswith":
            return all(beginning.startswith(text) for beginning in beginnings)
        case "contains":
            return all(text in beginning for beginning in beginnings)
        case _:
            return False


def _can_begin(pattern: str, beginning: str, flags: re.RegexFlag) -> bool:
    """Whether an anchored expression can match a text that begins so, as far as its first atoms tell."""
    anchor = re.match(ANCHOR, pattern)
    if anchor is None or "|" in pattern:
        return True
    place, atoms = anchor.end(), re.compile(ATOM)
    for character in beginning:
        atom = atoms.match(pattern, place)
        if atom is None or atom["times"] in {"*", "?", "{0"}:
            return True
        if not re.fullmatch(atom["one"], character, flags):
            return False
        if atom["times"]:
            return True
        place = atom.end()
    return True
