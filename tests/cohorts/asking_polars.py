"""Requests of the CDA API as a user of Polars writes them; the answers come as frames."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.answers import BAD_REQUEST, OK, Answer
from tests.cohorts.database import plain
from tests.cohorts.filters import parse
from tests.cohorts.refusals import Refused
from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.errors.cohorts import CohortError

if TYPE_CHECKING:
    from tests.cohorts.random_requests import Call
    from tests.cohorts.requests import Filter

ORDERS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
METHODS: Final = {
    "=": "__eq__",
    "!=": "some_is_not",
    "like": "like",
    "not like": "some_is_not_like",
    "in": "is_in",
    "not in": "some_is_not_in",
    "is": "__eq__",
}
"""Operator -> the method of a column that says the same of some row."""

NULL_TESTS: Final = {"is": "is_null", "=": "some_is_null", "!=": "is_not_null", "is not": "is_not_null"}
CLOSED: Final = {(">=", "<="): "both", (">=", "<"): "left", (">", "<="): "right", (">", "<"): "none"}
"""Operators of both ends of a range -> what `between` calls it."""


class NoForm(Exception):
    """A request that users of Polars cannot write."""


@dataclass(frozen=True)
class PolarsDoor:
    """A catalog as the client has it.

    Args:
        catalog: The catalog.
    """

    catalog: Any

    def ask(self, call: Call) -> Answer | None:
        """Ask the same as a request does; None if users have no way to write it.

        Args:
            call: The request.
        """
        kind, _, name = call.path.partition("/")
        try:
            if kind == "column_values":
                return self._values(name, call.query)
            cohort = self.cohort(name, call.body or {})
            if kind == "summary":
                return Answer(OK, _summary(name, cohort.summary()))
            return self._page(cohort, call.query.get("limit", 100), call.query.get("offset", 0))
        except CohortError as error:
            return Answer(BAD_REQUEST, {"error_type": error.error_type, "message": None})
        except FieldTypeMismatch:
            return Answer(BAD_REQUEST, {"error_type": "InvalidFilterError", "message": None})
        except (NoForm, Refused):
            return None

    def cohort(self, endpoint: str, body: dict[str, Any]) -> Any:
        """Write a request as a cohort.

        Args:
            endpoint: `subject` or `file`.
            body: The body of the request.

        Raises:
            NoForm: Users have no way to write it.
            Refused: A filter is none, which `C` cannot say.
        """
        if {"SEARCH_LIST", "ADD_COLUMN"} & set(body) or isinstance(body.get("MATCH_ALL"), str):
            raise NoForm
        cohort = getattr(self.catalog, f"{endpoint}s")
        some = [*(body.get("MATCH_SOME") or ()), *(body.get("MATCH_ANY") or ())]
        cohort = cohort.filter(*(self.condition(parse(text)) for text in body.get("MATCH_ALL") or ()))
        cohort = cohort.match_some(*(self.condition(parse(text)) for text in some))
        cohort = cohort.add(*(body.get("ADD_COLUMNS") or ())).exclude(*(body.get("EXCLUDE_COLUMNS") or ()))
        if body.get("COLLATE_RESULTS"):
            cohort = cohort.nest()
        return cohort.add_external_references() if body.get("EXTERNAL_REFERENCE") else cohort

    def condition(self, conditions: Filter) -> Any:
        """Write a filter as a condition."""
        column = self.catalog.C[conditions[0].column]
        if len(conditions) > 1:
            low, high = conditions
            return column.between(low.value, high.value, closed=CLOSED[low.op, high.op])
        (only,) = conditions
        if only.value is None and only.op in NULL_TESTS:
            return getattr(column, NULL_TESTS[only.op])()
        if (
            only.value is None
            or only.op == "is not"
            or (isinstance(only.value, tuple) and None in only.value)
        ):
            raise NoForm
        if only.op in ORDERS:
            return ORDERS[only.op](column, only.value)
        return getattr(column, METHODS[only.op])(only.value)

    def _page(self, cohort: Any, limit: int, offset: int) -> Answer:
        rows = plain(cohort.offset(offset).limit(limit).collect().to_dicts())
        total = cohort.count()
        return Answer(OK, {"result": rows, "total": total, "has_next": 0 < limit < total - offset})

    def _values(self, column: str, query: dict[str, Any]) -> Answer:
        if "limit" in query or "offset" in query:
            raise NoForm
        sources = [part.strip() for part in query.get("data_source", "").split(",") if part.strip()]
        found = self.catalog.values(column, sources=sources).rows()
        rows = [{column: plain(value), "value_count": count} for value, count in found]
        return Answer(OK, {"result": rows, "total": len(rows), "has_next": False})


def _summary(endpoint: str, summary: Any) -> dict[str, Any]:
    """The frames of a summary in the form that the API has."""
    other = "file" if endpoint == "subject" else "subject"
    answer: dict[str, Any] = {"total_count": summary.total, f"{other}_count": summary.linked}
    for name, frame in summary.columns.items():
        rows = plain(frame.to_dicts())
        if frame.width == 2:
            rows = [{name: plain(value), "count_result": count} for value, count in frame.rows()]
        answer[f"{name}_summary"] = rows or None
    for table, frame in summary.sources.items():
        most = max(map(len, frame["sources"].to_list()), default=0)
        key = "data_source" if table == endpoint else f"{table}_data_source"
        answer[key] = {
            "_".join(sources) + ("" if len(sources) == most else "_exclusive"): count
            for sources, count in frame.rows()
        }
    return answer
