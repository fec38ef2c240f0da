"""The text form of filters: section 3 of the contract, and what nobody should write."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.cohorts import parse_filter
from vxdata.schemas.errors import CohortError, FilterSyntaxError, FilterTypeMismatch


def parsed(text: str) -> list[tuple[str, str, Any]]:
    found = parse_filter(text)
    assert found.also is None
    return [(found.column, found.op, found.value)]


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("c = human", "=", "human"),
        ("c = Homo   sapiens", "=", "Homo sapiens"),
        ("c = 'Homo   sapiens'", "=", "Homo   sapiens"),
        ("c = not reported", "=", "not reported"),
        ("c = in vitro", "=", "in vitro"),
        ("c = 'crohn's disease'", "=", "crohn's disease"),
        ("c = 'human''", "=", "human'"),
        ("c <> x", "!=", "x"),
        ("c != 5", "!=", 5),
        ("c < -2.5", "<", -2.5),
        ("c >= 1e3", ">=", 1000.0),
        ("c = '5'", "=", "5"),
        ("c LIKE Glio*", "like", "Glio*"),
        ("c Not  Like x%", "not like", "x%"),
        ("c in ['a', \"b\"]", "in", ("a", "b")),
        ("c NOT IN (1, 2)", "not in", (1, 2)),
        ("c in {'a'}", "in", ("a",)),
        ("c in []", "in", ()),
        ("c in [1, None]", "in", (1, None)),
        ("c is NULL", "is", None),
        ("c is not null", "is not", None),
        ("c is True", "is", True),
        ("c = null", "=", None),
        ("c != 'null'", "!=", None),
        ("c in ['null', 'true', None]", "in", ("null", "true", None)),
        ("c = FALSE", "=", False),
        ("c = ''", "=", ""),
        ("c = None", "=", "None"),
        ("c = 12345678901234567890", "=", 12345678901234567890),
        ("c = *", "=", "*"),
        ("  c   =   x  ", "=", "x"),
    ],
)
def test_forms(text: str, op: str, value: Any) -> None:
    assert parsed(text) == [("c", op, value)]
    assert type(parse_filter(text).value) is type(value)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [("1950 <= c < 1960", (">=", 1950), ("<", 1960)), ("5 > c >= 1.5", ("<", 5), (">=", 1.5))],
)
def test_a_range_is_one_condition_on_one_row(text: str, first: Any, second: Any) -> None:
    found = parse_filter(text)
    assert found.also is not None
    assert (found.op, found.value, found.also.op, found.also.value) == (*first, *second)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'Unable to parse out operator in filter: ""'),
        ("species", 'Unable to parse out operator in filter: "species"'),
        ("species =", 'Unable to parse out operator in filter: "species ="'),
        ("species is not", 'Unable to parse out operator in filter: "species is not"'),
        ("species=human x y", 'Parsed operator: "x" is not a valid operator'),
        ("species == human", 'Parsed operator: "==" is not a valid operator'),
        ("species not human", "Unexpected operator: not"),
        (
            "species = [1]",
            'Operator must be "in" or "not in" when using a list value -> filter: species = [1]',
        ),
        (
            "species in human",
            (
                'Value: human must be a list (ex. [1,2,3] or ["a","b","c"]) when using "in" or "not in" '
                'operators -> filter: "species in human"'
            ),
        ),
        ("species = {1: 2}", "Dictionary filters are not accepted: species = {1: 2}"),
        (
            "species is human",
            (
                "Operator 'is' not compatible with value 'human's type. "
                "Must use 'NULL', 'TRUE', or 'FALSE' for this operator."
            ),
        ),
    ],
)
def test_messages_of_the_contract(text: str, message: str) -> None:
    with pytest.raises(FilterSyntaxError) as raised:
        parse_filter(text)
    assert raised.value.message == message
    assert raised.value.error_type == "ParsingError"


@pytest.mark.parametrize(
    "text",
    [
        "c = a\x00b",
        "c = '\\x00'",
        "c = \ud800",
        "c in ['\\ud800']",
        "c = 1e999",
        "c in [1e999]",
        "c = 1" + 400 * "0",
        "c in [[1]]",
        "c in [b'x']",
    ],
)
def test_values_that_cannot_be_compared(text: str) -> None:
    with pytest.raises(FilterTypeMismatch) as raised:
        parse_filter(text)
    assert raised.value.details["reason"]


@pytest.mark.parametrize("text", ["[" * 200_000, "-" * 200_000 + "1", "(" * 9 + ")" * 9, "9" * 10_000])
def test_literals_that_would_exhaust_a_parser_are_text(text: str) -> None:
    assert parsed(f"c = {text}") == [("c", "=", text)]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        found = parse_filter(text)
    except CohortError as error:
        assert error.message  # noqa: PT017 - either outcome is right
    else:
        assert found.column in text


@given(st.text(min_size=1, max_size=30))
def test_quoted_texts_are_taken_as_they_are(text: str) -> None:
    wanted = {"null": None, "true": True, "false": False}.get(text.lower(), text)
    try:
        assert parsed(f"c = {text!r}") == [("c", "=", wanted)]
    except FilterTypeMismatch:
        assert "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


@given(
    st.lists(st.sampled_from(["'", "'", ",", " ", "\t", "\\", '"', "a", "ß", "\n", "\r", "\x0c", "[", "]"]))
)
def test_lists_are_read_as_python_reads_them(parts: list[str]) -> None:
    written = f"['{''.join(parts)}']"
    try:
        literal = ast.literal_eval(written)
    except SyntaxError:
        with pytest.raises(CohortError):
            parse_filter(f"a in {written}")
        return
    if all(isinstance(item, str) for item in literal):
        assert parse_filter(f"a in {written}").value == tuple(literal)


def test_fifty_thousand_texts_and_as_many_spaces() -> None:
    names = [f"S{number}" for number in range(50_000)]
    assert parse_filter(f"a in {names}").value == tuple(names)
    with pytest.raises(FilterSyntaxError):
        parse_filter(f"a in ['b'{' ' * 100_000}")
