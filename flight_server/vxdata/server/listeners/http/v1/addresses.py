"""Questions that stand in an address, so that whatever can open a URL can read their answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vxdata.schemas.errors import InvalidRequest, InvalidTicket
from vxdata.schemas.plan.codec import parse
from vxdata.server.listeners.http.v1.bodies import malformed
from vxdata.server.listeners.http.v1.questions import Question

LISTS = ("select", "order_by")
"""Parameters that hold names between commas."""


class AddressedQuestion(BaseModel):
    """A question and the format of its answer, as parameters of an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: str | None = Field(None, description="A plan in its canonical JSON.")
    text: str | None = Field(None, description="A query as the Python client writes it; read, never run.")
    type: str | None = Field(None, description="What is read: a resource type, `resource`, or `commit`.")
    filter: str | None = Field(
        None, description="The condition as the Python client writes it; read, never run."
    )
    select: str | None = Field(None, description="Fields, in order, between commas; all without it.")
    order_by: str | None = Field(
        None, description="Fields to order by, between commas; with - before it, the largest first."
    )
    limit: int | None = Field(None, description="Most rows.")
    offset: int | None = Field(None, description="Rows to leave out first.")
    as_of: str | None = Field(None, description="The instant to read at, in ISO 8601 and UTC.")
    format: Literal["arrow", "parquet", "csv", "ndjson"] | None = Field(
        None, description="The format; without it, what `Accept` prefers."
    )
    codec: Literal["none", "lz4", "snappy", "zstd"] | None = Field(
        None, description="How the format is compressed inside."
    )

    def question(self) -> Question:
        """The question alone.

        Returns:
            The same question as in a body.

        Raises:
            InvalidRequest: The plan is no JSON, or a part is beyond its limits.
            InvalidPlan: The plan has too many objects or lists.
        """
        parts: dict[str, Any] = self.model_dump(exclude_none=True, exclude={"format", "codec"})
        parts |= {name: parts[name].split(",") for name in LISTS if name in parts}
        if self.plan is not None:
            parts["plan"] = _plan(self.plan)
        try:
            return Question.model_validate(parts)
        except ValidationError as error:
            raise malformed(error.errors(include_url=False, include_input=False)) from None


def _plan(text: str) -> Any:
    try:
        return parse(text.encode("utf-8", "surrogatepass"))
    except InvalidTicket as error:
        msg = f"The plan is no JSON: {error.__cause__}."
        raise InvalidRequest(msg) from None
