"""Filters: the text form of a condition, `COLUMN OPERATOR VALUE`.

The words are split at white space, and operators stand between spaces. Operators of two words are recognised
before the value, so that `= not reported` compares with a text. Values are literals as Python writes
numbers, texts and lists; all else is text as it stands. The grammar is that of the CDA API's contract.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.cohorts.plan import CohortCondition, SecondBound
from vxdata.schemas.errors import FilterSyntaxError, FilterTypeMismatch
from vxdata.schemas.errors.messages import abridged_name

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.plan import Operator
    from vxdata.schemas.plan.predicates import Ordering

OPERATORS: Final[dict[str, Operator]] = {
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "like": "like",
    "not like": "not like",
    "in": "in",
    "not in": "not in",
    "is": "is",
    "is not": "is not",
}
"""Operator as it is written, in lower case -> operator of a condition."""

FLIPPED: Final[dict[str, Ordering]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Comparison with the column on its right -> the same with the column on its left."""

WORDS: Final[dict[str, bool | None]] = {"null": None, "true": True, "false": False}
"""Words that do not stand for text, in upper or lower case, quoted or not."""

MAX_DEPTH: Final = 8
"""How deeply the brackets of a literal may be nested; no valid one is nested more than once."""

_HEAD: Final = re.compile(r"\s*(\S+)\s+(\S+)(?:\s+|$)", re.DOTALL)
_WORD: Final = re.compile(r"(\S+)(?:\s+|$)", re.DOTALL)
_TEXTS: Final = re.compile(r"\[[ \t]*+'[^'\\\r\n]*+'(?:[ \t]*+,[ \t]*+'[^'\\\r\n]*+')*+[ \t]*+\]")
"""A list of texts between single quotes, of which cdapython sends thousands: read without Python's parser."""

_BRACKET: Final = re.compile(r"[\[({\])}]")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FEWEST: Final = 3
_RANGE: Final = 5


def parse_filter(text: str) -> CohortCondition:
    """Read a filter.

    Args:
        text: The filter.

    Returns:
        The condition.

    Raises:
        FilterSyntaxError: The text has another form.
        FilterTypeMismatch: The value is no text that can be stored.

    Example:
        >>> parse_filter("species = Human")
        CohortCondition(column='species', op='=', value='Human', also=None, quantifier='some')
    """
    _require_storable(text)
    words = text.split(maxsplit=_RANGE)
    if len(words) < _FEWEST:
        raise FilterSyntaxError(f'Unable to parse out operator in filter: "{text}"')
    if len(words) == _RANGE and _is_range(words):
        return _range(words)
    column, op, value = _split(text)
    return CohortCondition(column=column, op=op, value=_checked(op, value, text))


def _require_storable(text: str) -> None:
    """Refuse what PostgreSQL cannot hold, so that no comparison with it fails later."""
    if "\x00" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise FilterTypeMismatch.from_reason("The filter holds a NUL character or half a surrogate pair.")


def _is_range(words: list[str]) -> bool:
    first, left, _, right, last = words
    return bool(_NUMBER.fullmatch(first) and left in FLIPPED and right in FLIPPED and _NUMBER.fullmatch(last))


def _range(words: list[str]) -> CohortCondition:
    """A range such as `1950 <= year_of_birth < 1960`, both ends of which one row has to be within."""
    first, left, column, right, last = words
    also = SecondBound(op=FLIPPED[FLIPPED[right]], value=_finite(_literal(last)))
    return CohortCondition(column=column, op=FLIPPED[left], value=_finite(_literal(first)), also=also)


def _split(text: str) -> tuple[str, Operator, str]:
    """Split a filter into column, operator and the text of its value."""
    head = _HEAD.match(text)
    assert head is not None  # noqa: S101 - there are three words
    column, op, rest = head[1], head[2].lower(), text[head.end() :]
    second = _WORD.match(rest)
    follows = second[1].lower() if second is not None else ""
    if op == "not" and follows not in {"in", "like"}:
        raise FilterSyntaxError("Unexpected operator: not")
    if second is not None and (op == "not" or (op == "is" and follows == "not")):
        op, rest = f"{op} {follows}", rest[second.end() :]
    if op not in OPERATORS:
        raise FilterSyntaxError(f'Parsed operator: "{abridged_name(head[2])}" is not a valid operator')
    if not rest.strip():
        raise FilterSyntaxError(f'Unable to parse out operator in filter: "{text}"')
    return column, OPERATORS[op], rest.strip()


def _checked(op: str, written: str, text: str) -> Any:
    """Read a value, and check that the operator can take one of its kind."""
    value = _value(written, text)
    is_list = isinstance(value, tuple)
    if op in {"in", "not in"} and not is_list:
        msg = (
            f'Value: {written} must be a list (ex. [1,2,3] or ["a","b","c"]) when using "in" or "not in" '
            f'operators -> filter: "{text}"'
        )
        raise FilterSyntaxError(msg)
    if op not in {"in", "not in"} and is_list:
        msg = f'Operator must be "in" or "not in" when using a list value -> filter: {text}'
        raise FilterSyntaxError(msg)
    if op in {"is", "is not"} and not (value is None or isinstance(value, bool)):
        msg = (
            f"Operator '{op}' not compatible with value '{written}'s type. "
            "Must use 'NULL', 'TRUE', or 'FALSE' for this operator."
        )
        raise FilterSyntaxError(msg)
    return value


def _value(written: str, text: str) -> Any:
    literal = _literal(written)
    if isinstance(literal, dict):
        raise FilterSyntaxError(f"Dictionary filters are not accepted: {text}")
    if isinstance(literal, list | tuple | set):
        return tuple(_item(item, text) for item in literal)
    if isinstance(literal, str):
        return _word(literal)
    if isinstance(literal, int | float) and not isinstance(literal, bool):
        return _finite(literal)
    if len(written) > 1 and written[0] == written[-1] and written[0] in "'\"":
        return _word(written[1:-1])
    return _word(" ".join(written.split()))


def _literal(written: str) -> Any:
    """Read a literal of Python; None if it is none, or nothing that a filter can hold."""
    if _TEXTS.fullmatch(written):
        return written.split("'")[1::2]
    if written[:1] not in "'\"[({+-.0123456789" or _depth(written) > MAX_DEPTH:
        return None
    try:
        # A text that spans lines is a literal only between three quotes, which no filter needs.
        return ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _depth(written: str) -> int:
    deepest = depth = 0
    for letter in _BRACKET.findall(written) if written[0] in "[({+-" else "":
        depth += (letter in "[({") - (letter in "])}")
        deepest = max(deepest, depth)
    return deepest + written[:MAX_DEPTH].count("-") + written[:MAX_DEPTH].count("+")


def _item(item: object, text: str) -> Any:
    if isinstance(item, str):
        _require_storable(item)  # and no word: in a list, a text is what it says
        return item
    if item is None or isinstance(item, bool):
        return item
    if isinstance(item, int | float):
        return _finite(item)
    raise FilterTypeMismatch.from_reason(
        "A list holds texts, numbers and booleans.", filter=abridged_name(text)
    )


def _word(value: str) -> str | bool | None:
    _require_storable(value)  # an escape in a literal may stand for anything
    return WORDS.get(value.lower(), value)


def _finite(value: Any) -> Any:
    if isinstance(value, int | float) and not -sys.float_info.max <= value <= sys.float_info.max:
        raise FilterTypeMismatch.from_reason("A number has to be finite as a double.")
    return value
