"""Every place of a plan that takes a text, and texts that would do harm if they became SQL."""

# ruff: noqa: RUF001 - quotes that look like others are the point

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Position = Callable[[str], dict[str, Any]]

FRAGMENTS: Final = (
    *("'", "''", '"', "`", "\\", "\\'", "'\\", "$$", "$a$ $a$", "$1", ":x", "%s", "?", "{0}", "{}", '{"a"}'),
    *("' --", "/* ' */", "'; DROP TABLE vxdata.artefact; --", "') OR ('1'='1", "' UNION SELECT version() --"),
    *("E'\\x41'", "U&'\\0041'", "\\u0027", "x'41'", '" FROM pg_authid --', '"; COMMIT; --', "NULL"),
    *("pg_sleep(9)", "a\nb", "", " ", "\ufeff'", "ʼ", "＇", "\ud7ff", "🩻'", "a" * 250, "'" * 250),
)
"""What ends, opens or hides a literal, a name, a comment or a statement somewhere; all are valid texts."""

REFUSED: Final = ("\x00", "a\x00b", "'\x00", "\x00'; DROP TABLE vxdata.artefact; --")
"""What PostgreSQL cannot hold: its drivers cut a statement there."""


def _where(**node: Any) -> dict[str, Any]:
    return {"version": 2, "relation": "artefact", "select": ["identifier"], "where": node}


def _items(**node: Any) -> dict[str, Any]:
    return {**_where(field="benchmarked_on", **node), "relation": "benchmarking"}


def _text_test(op: str, *, ignore_case: bool) -> Position:
    return lambda text: _where(op=op, field="name", text=text, ignore_case=ignore_case)


def _aggregated(**aggregate: Any) -> dict[str, Any]:
    return {"version": 2, "relation": "artefact", "group_by": ["kind"], "aggregates": [aggregate]}


def _subquery(**query: Any) -> dict[str, Any]:
    return _where(op="is_in_query", field="name", query={"relation": "artefact", "select": "name", **query})


def _against_query(op: str, comparison: str, text: str) -> dict[str, Any]:
    """A comparison with what a query finds, in which the text stands."""
    where = {"op": "==", "field": "name", "value": text}
    query = {"relation": "artefact", "select": "name", "where": where}
    return _where(op=op, field="name", comparison=comparison, query=query)


VALUES: Final[dict[str, Position]] = {
    "value": lambda text: _where(op="==", field="name", value=text),
    "value of another case": lambda text: _where(op="<", field="description", value=text),
    "value of an entry": lambda text: _where(op="!=", field="parameters", key="a", value=text),
    "key": lambda text: _where(op="is_not_null", field="parameters", key=text),
    "key beside a value": lambda text: _where(op="==", field="parameters", key=text, value=text),
    "key of a number": lambda text: _where(op=">", field="metrics", key=text, value=0),
    "one of few": lambda text: _where(op="is_in", field="name", values=[text, "other"]),
    "one of many": lambda text: _where(op="is_in", field="name", values=[text, *map(str, range(200))]),
    "item": lambda text: _items(op="is_in", values=[text]),
    "one of many items": lambda text: _items(op="contains_any", values=[text, *map(str, range(50))]),
    "all items": lambda text: _items(op="contains_all", values=[text]),
    "key of a mapping": lambda text: _where(op="contains_any", field="parameters", values=[text]),
    "all keys of a mapping": lambda text: _where(op="contains_all", field="metrics", values=[text]),
    **{
        f"{op}{', any case' if ignore_case else ''}": _text_test(op, ignore_case=ignore_case)
        for op in ("equals", "contains", "startswith", "endswith")
        for ignore_case in (False, True)
    },
    "below not": lambda text: _where(op="not", term={"op": "==", "field": "name", "value": text}),
    "value in a subquery": lambda text: _subquery(where={"op": "==", "field": "name", "value": text}),
    "key of the order of a subquery": lambda text: _subquery(
        order_by=[{"field": "parameters", "key": text}], limit=3
    ),
    "value in a quantified subquery": lambda text: _against_query("any", ">=", text),
    "key of an order": lambda text: {
        "version": 2,
        "relation": "artefact",
        "select": ["identifier"],
        "order_by": [{"field": "parameters", "key": text, "descending": True}],
    },
    "value of a condition on groups": lambda text: {
        **_aggregated(function="max", field="name", name="n"),
        "having": {"op": "==", "field": "n", "value": text},
    },
    "value in an aggregated subquery": lambda text: _against_query("max", "==", text),
    "key of a group": lambda text: {
        "version": 2,
        "relation": "artefact",
        "group_by": [{"field": "parameters", "key": text, "name": "n"}],
    },
    "key of an aggregate": lambda text: _aggregated(function="max", field="parameters", key=text, name="n"),
}
"""Places whose text may be any: each has a right answer."""

NAMES: Final[dict[str, Position]] = {
    "name of an aggregate": lambda text: _aggregated(function="count", name=text),
    "name of a group": lambda text: {
        "version": 2,
        "relation": "artefact",
        "group_by": [{"field": "kind", "name": text}],
    },
    "name in a condition on groups": lambda text: {
        **_aggregated(function="count", name=text),
        "having": {"op": ">", "field": text, "value": 0},
    },
    "name that is ordered by": lambda text: {
        **_aggregated(function="count", name=text),
        "order_by": [{"field": text, "descending": True}],
    },
}
"""Places whose text becomes a name in the result."""

PATTERNS: Final[dict[str, Position]] = {
    "matches": _text_test("matches", ignore_case=False),
    "matches, any case": _text_test("matches", ignore_case=True),
    "pattern for an entry": lambda text: _where(op="matches", field="parameters", key="a", text=text),
}

WORDS: Final[dict[str, Position]] = {
    "resource type": lambda text: {"version": 2, "relation": text},
    "resource type of a subquery": lambda text: _subquery(resource_type=text),
    "selected field": lambda text: {"version": 2, "relation": "artefact", "select": [text]},
    "field": lambda text: _where(op="==", field=text, value="x"),
    "field of a subquery": lambda text: _subquery(select=text),
    "field of an order": lambda text: {
        "version": 2,
        "relation": "artefact",
        "order_by": [{"field": text}],
    },
    "field of a group": lambda text: {"version": 2, "relation": "artefact", "group_by": [text]},
    "field of a computed group": lambda text: {
        "version": 2,
        "relation": "artefact",
        "group_by": [{"field": text, "part": "year", "name": "n"}],
    },
    "part": lambda text: _where(op="==", field="started_at", part=text, value=1),
    "part of a group": lambda text: {
        "version": 2,
        "relation": "artefact",
        "group_by": [{"field": "started_at", "part": text, "name": "n"}],
    },
    "column in a condition on groups": lambda text: {
        **_aggregated(function="count", name="n"),
        "having": {"op": "==", "field": text, "value": "x"},
    },
    "field of an aggregate": lambda text: _aggregated(function="max", field=text, name="n"),
    "function": lambda text: _aggregated(function=text, name="n"),
    "quantile": lambda text: _aggregated(
        function="quantile", field="metrics", key="a", quantile=text, name="n"
    ),
    "operator": lambda text: _where(op=text, field="name", value="x"),
    "comparison": lambda text: _where(
        op="any", field="name", comparison=text, query={"relation": "artefact", "select": "name"}
    ),
    "ancestor": lambda text: _where(op="has_ancestor", identifier=text),
    "descendant": lambda text: _where(op="has_descendant", identifier=text),
    "instant": lambda text: {"version": 2, "relation": "artefact", "as_of": text},
    "version": lambda text: {"version": text, "relation": "artefact"},
    "limit": lambda text: {"version": 2, "relation": "artefact", "limit": text},
    "offset": lambda text: {"version": 2, "relation": "artefact", "offset": text},
    "flag": lambda text: {"version": 2, "relation": "artefact", "distinct": text},
    "date": lambda text: {
        **_where(op="==", field="enrolment_start", value=text),
        "relation": "datasource",
    },
    "timestamp": lambda text: _where(op="==", field="started_at", value=text),
    "number": lambda text: _where(op="==", field="metrics", key="a", value=text),
    "boolean": lambda text: {
        **_where(op="==", field="is_prospective", value=text),
        "relation": "datasource",
    },
    "unknown key": lambda text: {"version": 2, "relation": "artefact", text: 1},
}
"""Places that take a few words only: none of the fragments is one."""

IDENTIFIERS: Final[dict[str, Position]] = {
    "ancestor": lambda text: _where(op="has_ancestor", identifier=f"artefact/{text}"),
    "descendant": lambda text: _where(op="has_descendant", identifier=f"artefact/{text}"),
    "ancestor with a lineage column": lambda text: _where(op="has_ancestor", identifier=f"patient/{text}"),
}
"""Places that take visible ASCII after a prefix."""
