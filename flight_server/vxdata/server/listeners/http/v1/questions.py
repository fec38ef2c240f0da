"""Questions: what a caller asks for, in one of three forms, as a plan.

Every route that reads data takes a question, and from here on there are only plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.plan import OrderBy, Plan
from vxdata.schemas.plan.codec import decode_parsed
from vxdata.schemas.plan.predicates import MAX_COLUMNS, MAX_ROWS
from vxdata.schemas.text_form import read_filter, read_query
from vxdata.server.listeners.http.v1.bodies import malformed
from vxdata.server.listeners.http.v1.instants import read_instant

if TYPE_CHECKING:
    from vxdata.schemas.catalog import Catalog

FORMS = ("plan", "text", "type")
"""The keys that tell the three forms apart."""


class Question(BaseModel):
    """What is asked for: a plan, a text, or the parts of a simple query.

    Exactly one of `plan`, `text` and `type` is stated; the other parts, but `as_of`, belong to `type`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"text": "client.volumes.query().filter(F.volume_type == 'T2').limit(10)"},
                {"type": "volume", "filter": "F.slice_thickness < 3.5", "limit": 10},
                {"type": "volume", "select": ["identifier"], "order_by": ["-slice_thickness"], "limit": 10},
                {"plan": {"version": 2, "relation": "volume", "limit": 10}},
            ]
        },
    )

    plan: dict[str, Any] | None = Field(None, description="A plan in its canonical JSON.")
    text: str | None = Field(None, description="A query as the Python client writes it; read, never run.")
    type: str | None = Field(None, description="What is read: a resource type, `resource`, or `commit`.")
    filter: str | None = Field(
        None, description="The condition as the Python client writes it; read, never run."
    )
    select: list[str] | None = Field(
        None, min_length=1, max_length=MAX_COLUMNS, description="Fields, in order; all without it."
    )
    order_by: list[str] | None = Field(
        None, max_length=MAX_COLUMNS, description="Fields to order by; with - before it, the largest first."
    )
    limit: int | None = Field(None, ge=0, le=MAX_ROWS, description="Most rows.")
    offset: int | None = Field(None, ge=0, le=MAX_ROWS, description="Rows to leave out first.")
    as_of: str | None = Field(
        None,
        description="The instant to read at, in ISO 8601 and UTC; the last commit without it.",
    )


def plan_of(question: Question, catalog: Catalog) -> Plan:
    """Make the plan of a question.

    Args:
        question: What is asked for.
        catalog: What it may name.

    Returns:
        The plan, well formed but not yet bound.

    Raises:
        InvalidRequest: The question has none of the three forms, or more than one.
        InvalidPlan: Its plan is malformed, or beyond a limit.
        QuerySyntaxError: Its text cannot be read; the details name line, column and a hint.
        UnknownField: Its text names a field that there is not.
        FieldTypeMismatch: Its text compares a field with what does not fit.
        UnknownResourceType: The catalog does not have the type.
    """
    stated = [form for form in FORMS if getattr(question, form) is not None]
    if len(stated) != 1:
        found = " and ".join(stated) or "none"
        msg = f"A question states exactly one of {', '.join(FORMS)}; this one states {found}."
        raise InvalidRequest(msg, stated=stated, forms=list(FORMS))
    if question.type is not None:
        return _of_parts(question, question.type, catalog)
    _refuse_parts(question)
    plan = decode_parsed(question.plan) if question.text is None else read_query(question.text, catalog)
    as_of = read_instant(question.as_of)
    return plan if as_of is None else plan.model_copy(update={"as_of": as_of})


def _refuse_parts(question: Question) -> None:
    parts = ("filter", "select", "order_by", "limit", "offset")
    stated = [part for part in parts if getattr(question, part) is not None]
    if stated:
        msg = f"{', '.join(stated)}: parts of a question that states a type; a plan or a text has its own."
        raise InvalidRequest(msg, stated=stated)


def _of_parts(question: Question, name: str, catalog: Catalog) -> Plan:
    relation = catalog.relation(name)
    try:
        return Plan(
            relation=relation.name,
            where=None if question.filter is None else read_filter(question.filter, catalog, relation.name),
            select=None if question.select is None else tuple(question.select),
            order_by=tuple(_order(text) for text in question.order_by or ()),
            limit=question.limit,
            offset=question.offset or 0,
            as_of=read_instant(question.as_of),
        )
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False)) from None


def _order(text: str) -> OrderBy:
    return OrderBy(field=text.removeprefix("-"), descending=text.startswith("-"))
