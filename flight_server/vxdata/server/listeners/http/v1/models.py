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
    is_pinned: bool = Field(
        description="Whether the plan states its instant, so that its answer never changes."
    )
