"""Requests and responses of `/v1` that are about facets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.questions import Question
from vxdata.server.listeners.http.v1.snapshots import Snapshot
from vxdata.server.services.facets import MAX_BINS, MAX_FIELDS, MAX_TOP


class FacetRequest(BaseModel):
    """Which facets of which rows."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"question": {"type": "volume"}, "fields": ["volume_type"]}]},
    )

    question: Question = Field(description="Whose rows count; not their order, and all of them.")
    fields: Annotated[list[str], Field(min_length=1, max_length=MAX_FIELDS)] = Field(
        description="The fields."
    )
    top: int = Field(10, ge=1, le=MAX_TOP, description="Most values of a field.")
    bins: int = Field(20, ge=1, le=MAX_BINS, description="About how many bars a histogram has, at most.")


class ValueCount(Answer):
    """A value and its rows."""

    value: Any = Field(description="The value; of a list an item, of a mapping a key.")
    count: int = Field(description="Rows that have it.")


class Bar(Answer):
    """A bar of a histogram: rows with `from <= value < to`."""

    from_: float = Field(serialization_alias="from", description="Where it begins.")
    to: float = Field(description="Where the next one begins.")
    count: int = Field(description="Rows in it.")


class YearCount(Answer):
    """The rows of a year, or of a month."""

    year: int = Field(description="The year, in UTC.")
    month: int | None = Field(None, description="The month, where all values are of one year.")
    count: int = Field(description="Rows in it.")


class FacetAnswer(Answer):
    """How the values of a field are distributed."""

    nulls: int = Field(description="Rows without a value.")
    distinct: int | None = Field(None, description="Number of values, where all of them are listed.")
    values: list[ValueCount] | None = Field(None, description="The most frequent values.")
    histogram: list[Bar] | None = Field(None, description="Of numbers, rows by bin.")
    years: list[YearCount] | None = Field(None, description="Of dates and instants, rows by year or month.")
    min: Any = Field(None, description="The least number, date or instant.")
    max: Any = Field(None, description="The greatest number, date or instant.")
    mean: float | None = Field(None, description="The mean of numbers.")


class FacetsAnswer(Answer):
    """Facets of some fields."""

    snapshot: Snapshot = Field(description="The state that was counted in.")
    rows: int = Field(description="Rows that the question finds.")
    facets: dict[str, FacetAnswer] = Field(description="Facet by field.")
