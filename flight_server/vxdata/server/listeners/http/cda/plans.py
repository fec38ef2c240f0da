"""Requests of the CDA API as plans of cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from vxdata.schemas.cohorts import CohortPlan, Match, parse_filter
from vxdata.schemas.errors import InvalidRequest, SearchUnavailable
from vxdata.server.listeners.http.cda.models import DataRequestBody

if TYPE_CHECKING:
    from vxdata.server.listeners.http.cda.models import SummaryRequestBody

MAX_PROBLEMS: Final = 20
"""Most unknown keys of a body that are told one by one."""

EXTRA: Final = "Extra inputs are not permitted"
"""What pydantic says of an unknown key."""

MAX_SHOWN_INPUT: Final = 200
"""Characters of a malformed part that is shown as it is."""

Body = TypeVar("Body", bound=BaseModel)


class InvalidBody(InvalidRequest):
    """The body of a request has another form than the document says.

    Attributes:
        problems: What is wrong where, in the form of FastAPI.
    """

    problems: list[dict[str, Any]]

    @classmethod
    def of(cls, error: ValidationError) -> InvalidBody:
        """Describe what pydantic has found."""
        found = cls("The body has another form than the document says.")
        found.problems = [
            {
                "type": problem["type"],
                "loc": ["body", *problem["loc"]],
                "msg": problem["msg"],
                "input": _shown(problem["input"]),
            }
            for problem in error.errors(include_url=False, include_context=False)
        ]
        return found


def read_body(kind: type[Body], content: bytes) -> Body:
    """Read the body of a request.

    Args:
        kind: What it must be.
        content: Its JSON.

    Returns:
        The body.

    Raises:
        InvalidBody: It has another form.
    """
    if not content:
        missing = InvalidBody("The request has no body.")
        missing.problems = [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]
        raise missing
    _check_keys(kind, content)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise InvalidBody.of(error) from None


def _check_keys(kind: type[Body], content: bytes) -> None:
    """Refuse a body with very many unknown keys: each would become a problem, with a text of its own."""
    try:
        parsed = from_json(content)
    except ValueError:
        return  # what is wrong with it is told below
    unknown = [key for key in parsed if key not in kind.model_fields] if isinstance(parsed, dict) else []
    if len(unknown) > MAX_PROBLEMS:
        found = InvalidBody(f"The body has {len(unknown):,} keys that there are not.")
        found.problems = [
            {"type": "extra_forbidden", "loc": ["body", _shown(key)], "msg": EXTRA, "input": None}
            for key in unknown[:MAX_PROBLEMS]
        ]
        raise found


def plan_of(
    catalog: str, endpoint: str, body: SummaryRequestBody, limit: int | None = None, offset: int = 0
) -> CohortPlan:
    """Make the plan of a request.

    Args:
        catalog: Name of the catalog.
        endpoint: `subject` or `file`.
        body: The body of the request.
        limit: Most entities; None for all.
        offset: Entities to leave out first.

    Returns:
        The plan.

    Raises:
        CohortError: A filter cannot be read, or keywords are searched.
        InvalidRequest: A part of it is beyond what a plan can hold.
    """
    if body.SEARCH_LIST:
        raise SearchUnavailable("This catalog has no tables of keywords, so SEARCH_LIST has to be empty.")
    some = [*(body.MATCH_SOME or ()), *(body.MATCH_ANY or ())]
    shown = body if isinstance(body, DataRequestBody) else DataRequestBody()
    try:
        return CohortPlan(
            catalog=catalog,
            endpoint=endpoint,
            entities=Match(
                match_all=tuple(map(parse_filter, body.MATCH_ALL or ())),
                match_some=tuple(map(parse_filter, some)),
            ),
            add=tuple(body.ADD_COLUMNS or ()),
            exclude=tuple(body.EXCLUDE_COLUMNS or ()),
            nest=bool(shown.COLLATE_RESULTS),
            external_reference=bool(shown.EXTERNAL_REFERENCE),
            limit=limit,
            offset=offset,
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        msg = f"The request cannot be asked for: {problem['msg']} ({place})."
        raise InvalidRequest(msg) from None


def _shown(given: Any) -> Any:
    """Show what was given, if it is short; of what is no JSON at all, nothing.

    Pydantic takes the words NaN and Infinity for numbers, which JSON does not know: they are shown as texts.
    """
    if isinstance(given, bytes):
        return {}
    text = str(given)
    if len(text) > MAX_SHOWN_INPUT:
        return f"{text[:MAX_SHOWN_INPUT]}…"
    return from_json(to_json(given, inf_nan_mode="strings"))
