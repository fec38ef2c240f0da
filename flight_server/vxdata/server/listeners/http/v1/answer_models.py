"""Requests for addresses of answers, and what they give."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.questions import Question
from vxdata.server.listeners.http.v1.snapshots import Snapshot
from vxdata.server.services.answers import MAX_SIGNED_SECONDS


class AnswerRequest(BaseModel):
    """A question whose answer gets addresses."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"question": {"type": "volume", "limit": 10}, "sign_for": 3600}]},
    )

    question: Question = Field(description="The question; without an instant, as of the last commit.")
    sign_for: int | None = Field(
        None,
        ge=1,
        le=MAX_SIGNED_SECONDS,
        strict=True,
        description="Seconds for which the addresses are signed; they hold no longer then.",
    )


class ColumnOfAnswer(Answer):
    """A column of an answer."""

    name: str = Field(description="Name.")
    type: str = Field(description="Type, as Arrow names it.")


class FixedAnswerInfo(Answer):
    """The addresses of an answer, and what it holds."""

    digest: str = Field(description="Digest of the plan, with its instant and its columns.")
    snapshot: Snapshot = Field(description="The state that the answer shows.")
    rows: int = Field(description="Number of rows.")
    columns: list[ColumnOfAnswer] = Field(description="The columns, in order.")
    urls: dict[str, str] = Field(description="Format -> address.")
    expires: int | None = Field(None, description="Unix time in seconds until which they hold, if signed.")
