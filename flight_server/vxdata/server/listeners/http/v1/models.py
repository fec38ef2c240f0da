"""Responses of `/v1` that are JSON, as the OpenAPI document tells them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from vxdata.server.listeners.http.v1.snapshots import Snapshot


class Answer(BaseModel):
    """Base of the responses."""

    model_config = ConfigDict(frozen=True)


class CountAnswer(Answer):
    """How many rows a question finds."""

    count: int = Field(description="Number of rows.")
    snapshot: Snapshot = Field(description="The state that they were counted in.")
