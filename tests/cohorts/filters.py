"""Section 3 of the contract, first half: what the text of a filter says."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Final

from tests.cohorts.refusals import Refused

OPERATORS: Final = {"=", "!=", "<>", "<", "<=", ">", ">=", "like", "in", "is"}
COMPARISONS: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Comparison -> the one that says the same with its sides exchanged."""

WORDS: Final = {"null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Condition:
    """A comparison of a column.

    Args:
        column: Its public name, lower-cased.
        op: The operator, lower-cased; `!=` stands for `<>` too.
        value: None, a boolean, a number, a text, or a tuple of them for a list.
    """

    column: str
    op: str
    value: Any

    @property
    def asks_for_no_value_at_all(self) -> bool:
        """Whether section 5 is about it: only the operator `is` asks exclusively."""
        return self.op == "is" and self.value is None


def parse(text: str) -> tuple[Condition, ...]:
    """Read a filter; all its conditions must hold, and there are two of them only in a range.

    Raises:
        Refused: It is no filter.
    """
    tokens = text.split()
    if len(tokens) < 3:
        raise Refused("ParsingError", f'Unable to parse out operator in filter: "{text}"')
    if (bounds := _range(tokens)) is not None:
        return bounds
    column, op, rest = text.split(None, 2)
    op, word = op.lower(), rest.split()[0].lower()
    if (op, word) in {("not", "in"), ("not", "like"), ("is", "not")}:
        rest = rest.split(None, 1)[1] if len(tokens) > 3 else ""
        if not rest:
            raise Refused("ParsingError")
        op = f"{op} {word}"
    elif op == "not":
        raise Refused("ParsingError", "Unexpected operator: not")
    elif op not in OPERATORS:
        raise Refused("ParsingError", f'Parsed operator: "{tokens[1]}" is not a valid operator')
    value = _value(rest.strip())
    _check_form(op, value)
    return (Condition(column.lower(), {"<>": "!="}.get(op, op), value),)


def _range(tokens: list[str]) -> tuple[Condition, Condition] | None:
    """Read `number cmp column cmp number`."""
    if len(tokens) != 5 or tokens[1] not in COMPARISONS or tokens[3] not in COMPARISONS:
        return None
    low, high, column = _literal(tokens[0]), _literal(tokens[4]), tokens[2].lower()
    if not is_number(low) or not is_number(high):
        return None
    return Condition(column, COMPARISONS[tokens[1]], low), Condition(column, tokens[3], high)


def is_number(value: object) -> bool:
    """Whether a value is a number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _literal(text: str) -> Any:
    """The value of a Python literal, or Ellipsis if the text is none."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ...


def _is_quoted(text: str) -> bool:
    return len(text) >= 2 and text[0] == text[-1] and text[0] in "'\""


def _value(text: str) -> Any:
    """Read a value: a word, a literal, a text in quotes that is no literal, or a bare text."""
    word = (text[1:-1] if _is_quoted(text) else text).lower()
    if word in WORDS:
        return WORDS[word]
    literal = _literal(text)
    if is_number(literal) or isinstance(literal, str | dict):
        return literal
    if isinstance(literal, list | tuple | set):
        return tuple(literal)
    if _is_quoted(text):
        return text[1:-1]
    return " ".join(text.split())


def _check_form(op: str, value: Any) -> None:
    """Refuse what no column could make sense of."""
    if isinstance(value, dict):
        raise Refused("ParsingError")
    if isinstance(value, tuple) != (op in {"in", "not in"}):
        raise Refused("ParsingError")
    if op in {"is", "is not"} and not (value is None or isinstance(value, bool)):
        raise Refused("ParsingError")
