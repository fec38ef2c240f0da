"""SQL in every place of a plan that takes a text: it stays text, or it is refused by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.query.compare import compare
from tests.query.positions import FRAGMENTS, IDENTIFIERS, NAMES, PATTERNS, REFUSED, VALUES, WORDS
from tests.query.sqltree import assert_made_of, skeleton
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import InvalidPlan, InvalidRequest
from vxdata.schemas.plan import decode
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from tests.query.oracle import Oracle
    from tests.query.raw import Raw

INSTANTS = [
    Instant(1, datetime(2024, 2, 29, tzinfo=UTC), is_current=is_current) for is_current in (True, False)
]


def compiled(content: dict[str, Any], instant: Instant) -> str:
    """The statement of a plan, checked for what it is made of."""
    plan = decode(json.dumps(content).encode())
    sql = compile_plan(bind(plan, default_catalog()), instant)
    assert_made_of(sql, plan)
    return sql


@pytest.mark.parametrize("place", VALUES)
@pytest.mark.parametrize("instant", INSTANTS, ids=["now", "past"])
def test_a_text_changes_no_statement(place: str, instant: Instant) -> None:
    benign = skeleton(compiled(VALUES[place]("x"), instant)) if "many" not in place else None
    for text in FRAGMENTS:
        found = skeleton(compiled(VALUES[place](text), instant))
        assert benign in {None, found}


@pytest.mark.parametrize("place", VALUES)
def test_a_text_is_only_itself(place: str, raw: Raw, oracle: Oracle) -> None:
    for text in FRAGMENTS:
        content = VALUES[place](text)
        compare(raw.table(content), oracle.answer(decode(json.dumps(content).encode())))


@pytest.mark.parametrize("place", [*VALUES, *PATTERNS, *NAMES])
def test_a_text_with_nul_is_refused(place: str, raw: Raw) -> None:
    for text in REFUSED:
        raw.refusal((VALUES | PATTERNS | NAMES)[place](text))


@pytest.mark.parametrize("place", NAMES)
def test_a_name_is_only_a_name(place: str, raw: Raw, oracle: Oracle) -> None:
    for text in FRAGMENTS:
        content = NAMES[place](text)
        found = raw.answer_or_refusal(content)
        if isinstance(found, InvalidRequest):
            assert isinstance(found, InvalidPlan)
            assert text == "" or len(text.encode()) > 63
            continue
        for instant in INSTANTS:
            compiled(content, instant)
        compare(found, oracle.answer(decode(json.dumps(content).encode())))


@pytest.mark.parametrize("place", PATTERNS)
def test_a_pattern_is_only_a_pattern(place: str, raw: Raw) -> None:
    for text in FRAGMENTS:
        content = PATTERNS[place](text)
        assert skeleton(compiled(content, INSTANTS[0])) == skeleton(
            compiled(PATTERNS[place]("x"), INSTANTS[0])
        )
        found = raw.answer_or_refusal(content)
        assert not isinstance(found, InvalidRequest) or isinstance(found, InvalidPlan)


@pytest.mark.parametrize("place", WORDS)
def test_a_word_is_known_or_refused(place: str, raw: Raw) -> None:
    for text in (*FRAGMENTS, *REFUSED):
        raw.refusal(WORDS[place](text))


@pytest.mark.parametrize("place", IDENTIFIERS)
def test_an_identifier_is_only_itself(place: str, raw: Raw, oracle: Oracle) -> None:
    for text in (*FRAGMENTS, *REFUSED):
        content = IDENTIFIERS[place](text)
        found = raw.answer_or_refusal(content)
        if not isinstance(found, InvalidRequest):
            compiled(content, INSTANTS[0])
            compare(found, oracle.answer(decode(json.dumps(content).encode())))
