"""Plans that are none, and plans that are too much: a named error or the right answer, never a hang."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.compare import compare
from tests.query.conditions import read
from tests.query.positions import FRAGMENTS
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, InvalidRequest, InvalidTicket, LimitExceeded
from vxdata.schemas.plan import (
    And,
    Comparison,
    IsIn,
    IsInQuery,
    IsNull,
    Not,
    Or,
    Plan,
    Subquery,
    decode,
    encode,
)
from vxdata.schemas.plan.codec import MAX_NESTING, MAX_PLAN_BYTES
from vxdata.schemas.plan.predicates import MAX_TERMS, MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.query.oracle import Oracle
    from tests.query.raw import Raw
    from vxdata.schemas.plan import Predicate

MANY: Final = 100_000
HEAD: Final = b'{"version":2,"relation":"artefact","select":["identifier"]'

RICH: Final[dict[str, Any]] = {
    "version": 2,
    "relation": "artefact",
    "select": ["identifier", "name"],
    "distinct": True,
    "where": {
        "op": "or",
        "terms": [
            {"op": "not", "term": {"op": "==", "field": "metrics", "key": "b", "value": -1.5}},
            {"op": "is_in", "field": "name", "values": ["'", '"']},
            {"op": "contains", "field": "name", "text": "a", "ignore_case": True},
            {"op": "contains_all", "field": "parameters", "values": ["a"]},
            {"op": "has_ancestor", "identifier": "datasource/0"},
            {
                "op": "any",
                "field": "started_at",
                "comparison": "<",
                "query": {
                    "relation": "artefact",
                    "select": "finished_at",
                    "where": {"op": "is_null", "field": "kind"},
                    "order_by": [{"field": "name", "nulls_first": True}],
                    "limit": 5,
                    "offset": 1,
                },
            },
        ],
    },
    "order_by": [{"field": "name", "descending": True}],
    "limit": 10,
    "offset": 2,
    "as_of": "2020-01-01T00:00:00Z",
    "history": True,
}
GROUPED: Final[dict[str, Any]] = {
    "version": 2,
    "relation": "artefact",
    "group_by": ["kind"],
    "aggregates": [{"function": "quantile", "field": "metrics", "key": "b", "quantile": 0.5, "name": "n"}],
    "order_by": [{"field": "n"}],
}
WRONG: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 2**63, 10**30, 0.5, "x", "", [], [[]], ["x", 1], [None]),
    *({}, {"op": "and"}, {"a": 1}),
)
"""JSON of every type; hardly any fits where it is put."""


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in JSON."""
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(content: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """A copy of JSON with a change at a place."""
    copy = json.loads(json.dumps(content))
    parent = copy
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return copy


def where(node: dict[str, Any]) -> bytes:
    return HEAD + b',"where":' + json.dumps(node).encode() + b"}"


def nested(levels: int, kind: str) -> bytes:
    """A condition below so many others, as bytes; what writes JSON would not go that deep."""
    begins = {
        "not": b'{"op":"not","term":',
        "and": b'{"op":"and","terms":[{"op":"is_null","field":"kind"},',
        "is_in_query": b'{"op":"is_in_query","field":"name","query":'
        b'{"relation":"artefact","select":"name","where":',
    }
    ends = {"not": b"}", "and": b"]}", "is_in_query": b"}}"}
    leaf = b'{"op":"is_not_null","field":"name"}'
    return HEAD + b',"where":' + begins[kind] * levels + leaf + ends[kind] * levels + b"}"


@pytest.mark.parametrize("content", [RICH, GROUPED], ids=["rich", "grouped"])
def test_values_of_wrong_types(raw: Raw, content: dict[str, Any]) -> None:
    assert not isinstance(raw.ask(json.dumps(content).encode()), InvalidTicket)
    for path in places(content):
        for wrong in WRONG:

            def put(parent: Any, key: Any, value: Any = wrong) -> None:
                parent[key] = value

            raw.answer_or_refusal(changed(content, path, put))


@pytest.mark.parametrize("content", [RICH, GROUPED], ids=["rich", "grouped"])
def test_keys_left_out_and_added(raw: Raw, content: dict[str, Any]) -> None:
    for path in places(content):
        raw.answer_or_refusal(changed(content, path, lambda parent, key: parent.pop(key)))
        if isinstance(path[-1], str):
            added = changed(content, path, lambda parent, key: parent.update({f"{key}_": 1}))
            assert isinstance(raw.refusal(added), InvalidPlan)


def test_mutated_bytes(raw: Raw, oracle: Oracle) -> None:
    profile = settings.default
    assert profile is not None
    whole = [json.dumps(content).encode() for content in (RICH, GROUPED)]

    @settings(max_examples=profile.max_examples * 3, suppress_health_check=list(HealthCheck))
    @given(data=mutations(whole))
    def answered_or_refused(data: bytes) -> None:
        found = raw.answer_or_refusal(data)
        if not isinstance(found, InvalidRequest):
            compare(found, oracle.answer(decode(data)))

    answered_or_refused()


@st.composite
def mutations(draw: st.DrawFn, whole: list[bytes]) -> bytes:
    """Bytes of a plan with some taken out, put in, doubled or overwritten."""
    data = draw(st.sampled_from(whole))
    for _ in range(draw(st.integers(1, 3))):
        first, last = sorted(draw(st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))))
        last = min(last, first + draw(st.sampled_from((0, 1, 4, 40))))
        tokens = st.sampled_from(
            (b"", b'"', b"{", b"}", b"[", b"]", b",", b"null", b"1e999", b"\\u0000", b"\\ud800", b"NaN")
        )
        piece = draw(tokens | st.binary(max_size=3) | st.just(data[first:last] * 2))
        data = data[:first] + piece + data[last:]
    return data


@pytest.mark.parametrize(
    ("version", "error"),
    [
        (b"3", InvalidPlan),
        (b"0", InvalidPlan),
        (b"-1", InvalidPlan),
        (b'"1"', InvalidPlan),
        (b"true", InvalidPlan),
        (b"null", InvalidPlan),
        (b"[1]", InvalidPlan),
        (b"1.5", InvalidPlan),
        (b"9" * 4_000, InvalidPlan),
        (b"9" * 5_000, InvalidTicket),
    ],
    ids=lambda value: str(value)[:20],
)
def test_unknown_versions(raw: Raw, version: bytes, error: type[Exception]) -> None:
    assert type(raw.refusal(b'{"relation":"artefact","version":' + version + b"}")) is error


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("place", ["metrics", "name", "identifier"])
def test_no_numbers(raw: Raw, number: str, place: str) -> None:
    node = f'{{"op":"==","field":"{place}","key":"a","value":{number}}}'
    raw.refusal(HEAD + b',"where":' + node.encode() + b"}")
    raw.refusal(HEAD + f',"limit":{number}}}'.encode())


@pytest.mark.parametrize(
    "number", [2**63, -(2**63) - 1, 10**30, 10**400, "1" + "0" * 4_000, "1" + "0" * 5_000]
)
@pytest.mark.parametrize("field", ["planned_patient_count", "name", "is_prospective", "enrolment_start"])
def test_gigantic_numbers(raw: Raw, number: object, field: str) -> None:
    for node in (f'"op":"<","value":{number}', f'"op":"is_in","values":[{number}]'):
        content = f'{{"version":2,"relation":"datasource","where":{{"field":"{field}",{node}}}}}'
        assert isinstance(raw.refusal(content.encode()), FieldTypeMismatch | InvalidTicket)
    raw.refusal(HEAD + f',"limit":{number}}}'.encode())


def test_keys_given_twice(raw: Raw) -> None:
    """The last one counts, for every check alike."""
    shallow, deep = (
        b'{"op":"is_null","field":"name"}',
        nested(MAX_NESTING + 1, "not").partition(b'"where":')[2][:-1],
    )
    assert isinstance(raw.refusal(HEAD + b',"where":' + shallow + b',"where":' + deep + b"}"), InvalidPlan)
    assert raw.table(HEAD + b',"where":' + deep + b',"where":' + shallow + b"}").num_rows == 0
    raw.refusal(b'{"version":2,' + HEAD[1:] + b',"version":3}')


@pytest.mark.parametrize("kind", ["not", "and", "is_in_query"])
def test_deep_nesting(raw: Raw, oracle: Oracle, kind: str) -> None:
    compare(raw.table(nested(MAX_NESTING, kind)), oracle.answer(decode(nested(MAX_NESTING, kind))))
    for levels in (MAX_NESTING + 1, 90, 10_000, 200_000):
        assert isinstance(raw.refusal(nested(levels, kind)), InvalidPlan | InvalidTicket | LimitExceeded)


@pytest.mark.parametrize("levels", [MAX_NESTING + 1, 300, 10_000])
def test_deep_nesting_is_refused_before_it_is_sent(levels: int) -> None:
    predicate: Predicate = IsNull(op="is_null", field="name")
    for level in range(levels):
        predicate = (
            Not(term=predicate)
            if level % 2
            else And(terms=(predicate, Comparison(op="==", field="name", value="x")))
        )
    plan = Plan(relation="artefact", where=predicate)
    with pytest.raises(InvalidPlan, match="nested deeper"):
        encode(plan)


def test_lone_surrogates_are_refused_before_they_are_sent() -> None:
    with pytest.raises(InvalidRequest):
        encode(Plan(relation="artefact", where=Comparison(op="==", field="name", value="\ud800")))


def texts(number: int) -> str:
    """A text that is there, or one that is not."""
    return FRAGMENTS[number] if number < len(FRAGMENTS) // 2 else f"'{number}\\\""


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("identifier", lambda number: f"artefact/{number * 2}"),
        ("name", texts),
        ("started_at", lambda number: f"{number // 100 + 1:04}-01-01T00:00:{number % 60:02}"),
        ("version", lambda number: number - 7),
    ],
)
def test_a_hundred_thousand_values(raw: Raw, oracle: Oracle, field: str, make: Callable[[int], Any]) -> None:
    node = IsIn(field=field, values=tuple(make(number) for number in range(MANY)))
    known = {
        read(default_catalog().relation("artefact").column_by_name[field].type, value)
        for value in node.values
    }
    rows = oracle.state(None).rows("artefact").drop_nulls(field).to_dicts()
    inside = {row["identifier"] for row in rows if row[field] in known}
    outside = {row["identifier"] for row in rows if row[field] not in known}
    assert inside
    assert identifiers(raw, node) == inside
    assert identifiers(raw, Not(term=node)) == outside


def test_a_hundred_thousand_numbers_and_items(raw: Raw) -> None:
    numbers = tuple(number - MANY / 2 + 0.5 for number in range(MANY))
    assert len(identifiers(raw, IsIn(field="metrics", key="b", values=numbers))) == len(FRAGMENTS)
    items = tuple(texts(number) for number in range(MANY))
    plan = Plan(relation="benchmarking", where=IsIn(field="benchmarked_on", values=items))
    assert raw.table(encode(plan)).num_rows == len(FRAGMENTS) // 2


def identifiers(raw: Raw, where: Predicate) -> set[str]:
    """Artefacts that a condition finds."""
    found = raw.table(encode(Plan(relation="artefact", select=("identifier",), where=where)))
    return set(found["identifier"].to_pylist())


def test_too_many_values_and_bytes(raw: Raw) -> None:
    values = json.dumps(["x"] * (MAX_VALUES + 1)).encode()
    assert isinstance(
        raw.refusal(HEAD + b',"where":{"op":"is_in","field":"name","values":' + values + b"}}"), InvalidPlan
    )
    text = b"x" * MAX_PLAN_BYTES
    assert isinstance(
        raw.refusal(HEAD + b',"where":{"op":"==","field":"name","value":"' + text + b'"}}'), InvalidPlan
    )


def test_ten_thousand_terms(raw: Raw) -> None:
    is_one = Or(
        terms=tuple(Comparison(op="==", field="name", value=texts(number)) for number in range(10_000))
    )
    is_none = And(
        terms=tuple(Comparison(op="!=", field="name", value=texts(number)) for number in range(10_000))
    )
    known = len(FRAGMENTS) // 2
    for where, count in ((is_one, known), (is_none, len(FRAGMENTS) - known)):
        assert len(identifiers(raw, where)) == count
        assert len(identifiers(raw, Not(term=where))) == len(FRAGMENTS) - count


def test_too_many_terms(raw: Raw) -> None:
    term = {"op": "is_null", "field": "name"}
    assert isinstance(raw.refusal(where({"op": "or", "terms": [term] * (MAX_TERMS + 1)})), InvalidPlan)


def test_wide_and_deep_at_once(raw: Raw) -> None:
    """A hundred subqueries, and subqueries in subqueries."""
    query = Subquery(relation="artefact", select="name")
    wide = Or(
        terms=tuple(
            IsInQuery(field="name", query=query.model_copy(update={"limit": number})) for number in range(100)
        )
    )
    assert raw.table(encode(Plan(relation="artefact", where=wide))).num_rows > 0
