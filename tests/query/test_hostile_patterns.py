"""Regular expressions that are none, and those that never end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from tests.query.raw import POOL_SIZE
from tests.server.support import scalar, until
from vxdata.schemas.errors import InvalidPlan

if TYPE_CHECKING:
    from tests.query.raw import Raw
    from vxdata.server.database.pool import ConnectionPool

MALFORMED: Final = (
    *(
        "(",
        ")",
        "(a",
        "a)",
        "[",
        "[a",
        "[z-a]",
        "[[:nothing:]]",
        "[[.nothing.]]",
        "*",
        "+a",
        "?",
        "{1}",
        "a{2,1}",
    ),
    *(
        "a{1000}",
        "a{",
        "a{1,",
        "a**",
        "(*)",
        "\\",
        "a\\",
        r"\1",
        r"(a)\2",
        "(?",
        "(?x",
        "(?<",
        "(?P<n>a)",
        "(?z)a",
    ),
    *(
        "***",
        "***?a",
        "***:(?z)",
        "((((((((a{1,200}){1,200}){1,200}){1,200}))))",
        r"\x",
        r"\u12",
        r"\U1234567890",
    ),
)
"""What PostgreSQL refuses; a few of these mean something to it, or to others."""

ENDLESS: Final = (r"^(a+)(a+)(a+)\1\2\3$", r"^(?:(a+)(a+)(a+)\1\2\3|(a+)(a+)(a+)\4\5\6)$")
"""Patterns with references back, which take years on a text of an odd number of letters."""

EVERYWHERE: Final = ("alone", "below not", "beside what is always true", "in a subquery")


def matching(pattern: str, place: str = "alone", **node: Any) -> dict[str, Any]:
    """A plan with a pattern somewhere."""
    test = {"op": "matches", "field": "description", "text": pattern, **node}
    always = {"op": "is_not_null", "field": "identifier"}
    query = {"relation": "artefact", "select": "name", "where": test}
    conditions: dict[str, dict[str, Any]] = {
        "alone": test,
        "below not": {"op": "not", "term": test},
        "beside what is always true": {"op": "or", "terms": [always, test]},
        "in a subquery": {"op": "is_in_query", "field": "name", "query": query},
    }
    return {"version": 2, "relation": "artefact", "select": ["identifier"], "where": conditions[place]}


@pytest.mark.parametrize("place", EVERYWHERE)
@pytest.mark.parametrize("ignore_case", [False, True])
@pytest.mark.parametrize(
    "field", [{"field": "description"}, {"field": "parameters", "key": "a"}], ids=["field", "entry"]
)
def test_malformed(raw: Raw, place: str, ignore_case: bool, field: dict[str, str]) -> None:  # noqa: FBT001
    for pattern in MALFORMED:
        found = raw.answer_or_refusal(matching(pattern, place, ignore_case=ignore_case, **field))
        assert isinstance(found, InvalidPlan | pa.Table)
    if place != "beside what is always true":  # where PostgreSQL need not look at it
        assert isinstance(raw.refusal(matching("(", place, ignore_case=ignore_case, **field)), InvalidPlan)


def test_the_longest(raw: Raw) -> None:
    assert raw.table(matching("x" * 1_000)).num_rows == 0
    assert isinstance(raw.refusal(matching("x" * 1_001)), InvalidPlan)


@pytest.mark.parametrize("pattern", ENDLESS)
def test_a_client_that_gives_up_frees_its_place(raw: Raw, database: ConnectionPool, pattern: str) -> None:
    for _ in range(POOL_SIZE + 1):
        with pytest.raises(fl.FlightTimedOutError):
            raw.get(json.dumps(matching(pattern)).encode(), seconds=0.5)
    until(lambda: running(database) == 0, "PostgreSQL gave up")
    raw.assert_usable()


def running(database: ConnectionPool) -> int:
    """How many statements run."""
    return int(
        scalar(
            database,
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state <> 'idle' "
            "AND datname = current_database() AND pid <> pg_backend_pid()",
        )
    )
