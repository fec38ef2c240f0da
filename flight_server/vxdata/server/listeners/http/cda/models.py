"""Bodies of requests and responses of the CDA API, under the names that its clients are generated from."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from vxdata.schemas.cohorts.plan import MAX_CONDITIONS
from vxdata.schemas.plan.predicates import MAX_COLUMNS

Filters = Annotated[list[str], Field(max_length=MAX_CONDITIONS, fail_fast=True)]
Names = Annotated[list[str], Field(max_length=MAX_COLUMNS, fail_fast=True)]


class SummaryRequestBody(BaseModel):
    """Which entities are meant, and which columns are summarised beside those of the endpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    MATCH_ALL: Filters | None = Field(None, description="Filters that all have to hold.")
    MATCH_SOME: Filters | None = Field(None, description="Filters of which one at least has to hold.")
    MATCH_ANY: Filters | None = Field(None, description="Another name of MATCH_SOME.")
    ADD_COLUMNS: Names | None = Field(None, description="Columns to add: names, or `table.*`.")
    EXCLUDE_COLUMNS: Names | None = Field(None, description="Columns to leave out: names, or `table.*`.")
    SEARCH_LIST: Names | None = Field(None, description="Keywords, for catalogs that are indexed by them.")


class DataRequestBody(SummaryRequestBody):
    """Which entities are meant, and which columns are shown of them."""

    COLLATE_RESULTS: bool | None = Field(
        None, description="Whether rows of other tables are shown as lists of records."
    )
    EXTERNAL_REFERENCE: bool | None = Field(
        None, description="Whether references to other databases are shown."
    )


Row = dict[str, Any]


class PagedResponseObj(BaseModel):
    """A page of rows."""

    result: list[Row]
    query_sql: str
    total_row_count: int
    next_url: str | None


class ColumnValuesResponseObj(PagedResponseObj):
    """A page of the values of a column."""


class SummaryResponseObj(BaseModel):
    """A summary."""

    result: list[Row]
    query_sql: str


class ListedColumn(BaseModel):
    """A column that can be named."""

    table: str
    column: str
    data_type: str
    nullable: bool
    description: str


class ColumnResponseObj(BaseModel):
    """All columns."""

    result: list[ListedColumn]


class ReleaseMetadataObj(BaseModel):
    """What the release consists of."""

    result: list[Row]


class _Failure(BaseModel):
    error_type: str
    message: str
    details: Row | None = None
    request_id: str | None = None


class ClientError(_Failure):
    """Why a request was refused."""


class InternalError(_Failure):
    """Why a request failed that may be right."""


class ValidationError(BaseModel):
    """A part of a request that has another form than the document says."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any = None
    ctx: Row | None = None


class HTTPValidationError(BaseModel):
    """All such parts of a request."""

    detail: list[ValidationError]


BODIES: Final = (DataRequestBody, SummaryRequestBody)
"""What requests can hold."""
