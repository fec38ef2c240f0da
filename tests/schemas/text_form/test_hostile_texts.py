"""Texts that are meant to hurt: too long, too deep, no Unicode, or changed at random."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from tests.schemas.text_form.imagined import any_plan
from tests.schemas.text_form.test_read import QUERIES
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import InvalidRequest, QuerySyntaxError
from vxdata.schemas.plan import And, Comparison, IsIn, Not, Or, Plan, Subquery, digest
from vxdata.schemas.plan import Quantified as QuantifiedNode
from vxdata.schemas.text_form import read_query, write_query

EXAMPLES: Final = (settings.default or settings()).max_examples
MANY: Final = 100_000
START: Final = "client.volumes.query()"

HOSTILE: Final = {
    "brackets": "(" * MANY + "F" + ")" * MANY,
    "open brackets": "[" * MANY,
    "some brackets": "(" * 150 + START + ")" * 150 + "()",
    "signs": f"{START}.filter({'~' * MANY}F.b_value)",
    "minus": f"{START}.limit({'-' * MANY}1)",
    "attributes": "client" + ".volumes" * MANY,
    "steps": START + ".limit(1)" * MANY,
    "calls": "client" + "()" * MANY,
    "conditions": f"{START}.filter(" + "(F.b_value > 1) | " * 5_000 + "F.b_value)",
    "comparisons": f"{START}.filter(F.b_value" + " < 1" * 20_000 + ")",
    "nots": f"{START}.filter({'not ' * MANY}F)",
    "lambdas": "lambda: " * MANY + "1",
    "long number": f"{START}.limit({'9' * MANY})",
    "hexadecimal number": f"{START}.filter(F.b_value > 0x{'f' * MANY})",
    "power": f"{START}.limit(9 ** 9 ** 9 ** 9)",
    "many texts": START + ".filter(F.b_value == " + "'a' " * MANY + ")",
    "long text": f"{START}.filter(F.volume_type == '{'a' * 2_000_000}')",
    "many commas": f"{START}.select({'F,' * 300_000})",
    "NUL": f"{START}.filter(F.volume_type == 'a\x00b')",
    "half of a pair": f"{START}\n.filter(F.volume_type == '\ud800')",
    "escaped half of a pair": START + r".filter(F.volume_type == '\ud800')",
    "half of a pair as a name": "client.\ud800",
    "half of a pair as a column": START + r".select('\ud800')",
    "half of a pair as a new column": START + r".group_by(**{'\ud800': F.b_value})",
    "bytes": f"{START}.filter(F.volume_type == b'a')",
    "complex": f"{START}.filter(F.b_value == 1j)",
    "points": f"{START}.filter(F.b_value == ...)",
    "infinity": f"{START}.filter(F.b_value == 1e999)",
    "form feed": "\f\v\x1c",
    "backslash": "client\\",
    "stars": f"{START}.select(*F)",
    "two stars": f"{START}.select(**F)",
    "no names": START + ".group_by(**{1: F.b_value})",
    "hidden names": "client._catalog",
    "dunder": "F.__init_subclass__()",
    "a method of a value": "'a'.join(['b'])",
    "a field that is called": f"{START}.filter(F.b_value(1))",
    "walrus": f"{START}.limit((a := 1))",
    "yield": f"{START}.limit((yield))",
    "a list as a name": "client.namespace(['volume'])",
    "a client as a value": f"{START}.filter(F.b_value == client)",
    "an accessor as a value": f"{START}.filter(F.b_value.is_in(F))",
    "a query as a field": f"{START}.select({START})",
    "itself as its groups": f"{START}.filter({START}.group_by('identifier'))",
}

WARNED_OF: Final = r"""
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.text_form import read_query

start = "client.volumes.query()"
print(read_query(start + r".filter(F.volume_type.matches('\d+'))", default_catalog()).where.text)
try:
    read_query(start + ".limit(1if F else 2)", default_catalog())
except InvalidRequest:
    print("refused")
"""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_query(text, default_catalog())
    assert {"line", "column", "hint"} <= caught.value.details.keys()
    assert len(caught.value.message) < 2_000
    assert to_json(caught.value.to_wire()), "it can be sent"


def test_what_python_warns_of_is_read_in_silence() -> None:
    """In a process without the filters of the tests."""
    done = subprocess.run([sys.executable, "-c", WARNED_OF], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == ([r"\d+", "refused"], "")


def test_long_and_deep_plans_are_read_again() -> None:
    terms = tuple(Comparison(op="==", field="b_value", value=float(number)) for number in range(3_000))
    long = Plan(relation="volume", where=Not(term=Or(terms=terms)))
    names = tuple(f"volume/{number}" for number in range(20_000))
    wide = Plan(relation="volume", where=And(terms=(*terms[:200], IsIn(field="identifier", values=names))))
    condition: Comparison | QuantifiedNode = terms[0]
    for _ in range(60):
        query = Subquery(relation="volume", select="b_value", where=condition)
        condition = QuantifiedNode(op="any", comparison="<", field="b_value", query=query)
    deep = Plan(relation="volume", where=condition)
    for plan in (long, wide, deep):
        assert digest(read_query(write_query(plan), default_catalog())) == digest(plan)


PIECES: Final = st.sampled_from(
    (
        *(
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ".",
            "=",
            "==",
            "<",
            "!",
            "&",
            "|",
            "~",
            "-",
            "*",
            ":",
            "'",
            '"',
            "\\",
        ),
        *(
            " ",
            "\n",
            "\r",
            "\t",
            "#",
            "0",
            "1e9",
            "None",
            "True",
            "F",
            "F.",
            "client",
            "and",
            "or",
            "not",
            "in",
        ),
        *(
            "is",
            "lambda",
            "if",
            "for",
            "**{",
            "ä",
            "\x00",
            "\ud800",
            "🩻",
            "_",
            "__class__",
            ".filter(",
            ".query()",
        ),
        *(
            "ANY(",
            "COUNT(",
            "count()",
            "datetime(",
            "date(1,1,1)",
            "UTC",
            "timezone.utc",
            ".alias('a')",
            ".year()",
        ),
    )
)
CHANGE: Final = st.tuples(st.integers(0, 400), st.integers(0, 12), PIECES)


@settings(max_examples=EXAMPLES * 3, suppress_health_check=list(HealthCheck))
@given(
    text=st.sampled_from(QUERIES) | any_plan().map(write_query),
    changes=st.lists(CHANGE, min_size=1, max_size=4),
)
def test_a_changed_text_is_read_or_refused_by_name(text: str, changes: list[tuple[int, int, str]]) -> None:
    for place, length, piece in changes:
        start = place % (len(text) + 1)
        text = text[:start] + piece + text[start + length :]
    try:
        plan = read_query(text, default_catalog())
    except InvalidRequest as error:
        assert {"line", "column", "hint"} <= error.details.keys()  # noqa: PT017 - both ways are right
        if isinstance(error, QuerySyntaxError):
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            assert 1 <= error.details["line"] <= len(lines)  # noqa: PT017
            assert error.details["column"] <= len(lines[error.details["line"] - 1]) + 1  # noqa: PT017
    else:
        assert digest(read_query(write_query(plan), default_catalog())) == digest(plan)
