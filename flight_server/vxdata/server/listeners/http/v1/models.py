"""Responses of `/v1` that are JSON, as the OpenAPI document tells them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vxdata.server.listeners.http.v1.snapshots import Snapshot


class Answer(BaseModel):
    """Base of the responses."""

    model_config = ConfigDict(frozen=True)


class CountAnswer(Answer):
    """How many rows a question finds."""

    count: int = Field(description="Number of rows.")
    snapshot: Snapshot = Field(description="The state that they were counted in.")


class Column(Answer):
    """A column of an answer."""

    name: str = Field(description="Its name.")
    type: str = Field(description="What its values are.")
    unit: str | None = Field(None, description="The unit of its numbers.")
    description: str = Field(description="What it says.")
    required: bool = Field(description="Whether every row has a value.")


class Code(Answer):
    """Programs that read the same rows."""

    sdk: str = Field(description="Python, with `vxdata.sdk`.")
    vxp_client: str = Field(description="Python, with the older `vxp_client`.")
    curl: str = Field(description="A command for a shell; it writes a CSV file.")
    plan: str = Field(description="The canonical plan, as its digest is made of it.")


class UnlikelyTest(Answer):
    """A condition that is sound, but asks for what its field never holds, or always holds."""

    relation: str = Field(description="What it is asked of; that of the plan, or of one of its subqueries.")
    field: str = Field(description="The field.")
    key: str | None = Field(None, description="The entry of a mapping, if one is meant.")
    part: str | None = Field(None, description="The part of the value, if one is meant.")
    op: str = Field(description="The operator, as plans name it.")
    values: tuple[str, ...] = Field(description="What is asked for in vain; the first 100.")
    message: str = Field(description="A sentence that tells it, with what may be meant.")


class PlanAnswer(Answer):
    """A question in every form that says the same."""

    plan: dict[str, Any] = Field(description="The canonical plan.")
    digest: str = Field(description="Names the plan: 32 hexadecimal digits, equal for equal questions.")
    text: str = Field(description="The query as the Python client writes it; `text` of a question reads it.")
    filter: str = Field(
        description="Its condition alone; `filter` of a question reads it. Empty without one."
    )
    code: Code = Field(description="Programs that read the same rows.")
    columns: list[Column] = Field(description="The columns of the answer, in order.")
    unlikely: list[UnlikelyTest] = Field(
        description="Conditions that ask for what their fields never hold, such as a misspelled word."
    )
    is_pinned: bool = Field(
        description="Whether the plan states its instant, so that its answer never changes."
    )
