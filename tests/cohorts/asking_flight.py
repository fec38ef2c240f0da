"""Requests of the CDA API, asked over Flight: rows come as Arrow, all else as JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.flight

from tests.cohorts.answers import BAD_REQUEST, OK, Answer
from tests.cohorts.database import plain
from vxdata.schemas.cohorts import CohortPlan, Match, parse_filter
from vxdata.schemas.cohorts.codec import encode_cohort
from vxdata.schemas.errors.cohorts import CohortError
from vxdata.schemas.wire import Action, CohortCount, CohortSummary, CohortValues, CohortValuesRequest
from vxdata.schemas.wire.tickets import CohortTicket, encode_ticket

if TYPE_CHECKING:
    from tests.cohorts.random_requests import Call
    from vxdata.schemas.errors import VxDataError

MAX_VALUES = 1_000_000


@dataclass(frozen=True)
class FlightDoor:
    """A catalog over Flight.

    Args:
        flight: A connection to the server.
        catalog: Name of the catalog.
    """

    flight: Any
    catalog: str

    def ask(self, call: Call) -> Answer | None:
        """Send a request; None if Flight has no form for it.

        Args:
            call: The request.
        """
        kind, _, name = call.path.partition("/")
        if not _has_form(call.body):
            return None
        try:
            if kind == "column_values":
                return self._values(name, call.query)
            plan = self._plan(name, call)
            if kind == "summary":
                summary = self._act(Action.COHORT_SUMMARY, encode_cohort(plan))
                return Answer(OK, CohortSummary.model_validate_json(summary).summary)
            ticket = pyarrow.flight.Ticket(encode_ticket(CohortTicket(plan)))
            rows = plain(self.flight.do_get(ticket).read_all().to_pylist())
            counted = self._act(Action.COHORT_COUNT, encode_cohort(plan))
            total = CohortCount.model_validate_json(counted).count
        except CohortError as error:
            return Answer(BAD_REQUEST, {"error_type": error.error_type, "message": error.message})
        except pyarrow.flight.FlightServerError as error:
            return _refused(str(error))
        return Answer(OK, _page(rows, total, plan.limit, plan.offset))

    def _plan(self, endpoint: str, call: Call) -> CohortPlan:
        body = call.body or {}
        some = [*(body.get("MATCH_SOME") or ()), *(body.get("MATCH_ANY") or ())]
        return CohortPlan(
            catalog=self.catalog,
            endpoint=endpoint,
            entities=Match(
                match_all=tuple(map(parse_filter, body.get("MATCH_ALL") or ())),
                match_some=tuple(map(parse_filter, some)),
            ),
            add=tuple(body.get("ADD_COLUMNS") or ()),
            exclude=tuple(body.get("EXCLUDE_COLUMNS") or ()),
            nest=bool(body.get("COLLATE_RESULTS")),
            external_reference=bool(body.get("EXTERNAL_REFERENCE")),
            limit=call.query.get("limit", 100),
            offset=call.query.get("offset", 0),
        )

    def _values(self, column: str, query: dict[str, Any]) -> Answer:
        sources = tuple(filter(None, query.get("data_source", "").replace(" ", "").split(",")))
        limit, offset = query.get("limit"), query.get("offset", 0)
        request = CohortValuesRequest(
            catalog=self.catalog,
            column=column,
            sources=sources,
            limit=MAX_VALUES if limit is None else limit,
            offset=offset,
        )
        found = CohortValues.model_validate_json(self._act(Action.COHORT_VALUES, request.to_bytes()))
        return Answer(OK, _page(found.values, found.total, limit, offset))

    def _act(self, action: Action, body: bytes) -> bytes:
        (answer,) = self.flight.do_action(pyarrow.flight.Action(action, body))
        return bytes(answer.body.to_pybytes())


def _has_form(body: dict[str, Any] | None) -> bool:
    """Whether a body is right in its form: what is not cannot be written as a plan."""
    lists = (
        value for name, value in (body or {}).items() if name not in {"COLLATE_RESULTS", "EXTERNAL_REFERENCE"}
    )
    return not {"SEARCH_LIST", "ADD_COLUMN"} & set(body or ()) and not any(
        isinstance(one, str) for one in lists
    )


def _page(rows: list[Any], total: int, limit: int | None, offset: int) -> dict[str, Any]:
    return {"result": rows, "total": total, "has_next": bool(limit) and offset + (limit or 0) < total}


def _refused(text: str) -> Answer:
    """Read a refusal: a code, then its message."""
    told = re.match(r"([A-Z_]+): (.*?)(?:\. Detail:|$)", text, re.DOTALL)
    types = {error.code: error.error_type for error in _below(CohortError)}
    if told is None or told[1] not in types:
        return Answer(0, text)
    return Answer(BAD_REQUEST, {"error_type": types[told[1]], "message": told[2]})


def _below(root: type[VxDataError]) -> list[Any]:
    return [found for child in root.__subclasses__() for found in (child, *_below(child))]
