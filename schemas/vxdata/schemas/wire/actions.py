"""Actions: their names, and the messages of their requests and responses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from vxdata.schemas.wire.messages import Message, ServerMessage


class Action(StrEnum):
    """Names of the actions that a server offers."""

    HEALTH = "health"
    REGISTER = "register"
    RESOLVE = "resolve"
    EXPLAIN = "explain"
    ERROR_DETAIL = "error_detail"
    BLOB_STORE = "blob_store"
    PRESIGN = "presign"
    LIST_BLOBS = "list_blobs"
    TOUCH = "touch"
    CATALOGS = "catalogs"
    CATALOG = "catalog"
    REFRESH_CATALOG = "refresh_catalog"
    COHORT_COUNT = "cohort_count"
    COHORT_SUMMARY = "cohort_summary"
    COHORT_VALUES = "cohort_values"
    AUDIT = "audit"


ACTION_DESCRIPTIONS: Final[dict[Action, str]] = {
    Action.HEALTH: "Whether the server can answer, its version, and the last commit. No body.",
    Action.REGISTER: "Make identifiers for external uids, all or none. Body: ExternalUids.",
    Action.RESOLVE: "Find the identifiers of external uids. Body: ExternalUids.",
    Action.EXPLAIN: "How a plan would be run, as SQL and by PostgreSQL. Body: the plan, or a ticket.",
    Action.ERROR_DETAIL: "The whole of an error that was too long for its trailer. "
    "Body: the request_id that the error carried.",
    Action.BLOB_STORE: "Where blobs are kept, and which buckets may be read. No body.",
    Action.PRESIGN: "Short-lived addresses of blobs, for one HTTP method. Body: PresignRequest.",
    Action.LIST_BLOBS: "The blobs below a prefix, page by page. Body: ListRequest.",
    Action.TOUCH: "Have no sweep remove blobs for a day, as if they were stored now. Body: BlobUrls.",
    Action.CATALOGS: "The catalogs, and the release of each. No body.",
    Action.CATALOG: "The tables and columns of a catalog. Body: CatalogRequest.",
    Action.REFRESH_CATALOG: "Read the tables of a catalog anew. Body: CatalogRequest.",
    Action.COHORT_COUNT: "The number of entities of a cohort. Body: the cohort.",
    Action.COHORT_SUMMARY: "The summary of a cohort. Body: the cohort.",
    Action.COHORT_VALUES: "The values of a column of a catalog. Body: CohortValuesRequest.",
    Action.AUDIT: "Records of the audit, page by page, as an Arrow IPC stream. Body: AuditRequest.",
}

MAX_URLS: Final = 1_000
"""Most blobs of one request, and of one page."""


class Explanation(ServerMessage):
    """An explanation of how the server would run a query plan.

    Args:
        plan: The plan in its canonical form.
        sql: The statement that it becomes; that of a point lookup as it is prepared, with `$1` to `$n`.
        postgresql: PostgreSQL's plan for the statement, as EXPLAIN prints it; empty where DuckDB
            answers.
        method: How the answer is read: by a point lookup, or as a stream. It is empty if an earlier server
            does not tell.
        parameters: The values of the statement's parameters, as SQL, that of `$1` first.
        engine: What answers: ``"postgresql"``, or ``"duckdb"`` from the columnar copies.
        reason: Why that engine.
        duckdb: DuckDB's plan for the statement, where it answers.
    """

    plan: str
    sql: str
    postgresql: str
    method: str = ""
    parameters: tuple[str, ...] = ()
    engine: str = "postgresql"
    reason: str = ""
    duckdb: str = ""

    def __str__(self) -> str:
        """Show all that there is, for a notebook."""
        shown = [("plan", self.plan), ("sql", self.sql), ("parameters", ", ".join(self.parameters))]
        shown += [("engine", f"{self.engine}: {self.reason}" if self.reason else self.engine)]
        shown += [("method", self.method), ("postgresql", self.postgresql), ("duckdb", self.duckdb)]
        return "\n\n".join(f"{title}\n{content}" for title, content in shown if content)


class ExternalUids(Message):
    """External uids, each with the parent within which it is unique.

    Args:
        resource_type: What the identifiers are of: ``"patient"`` or ``"imagingstudy"``.
        pairs: Parent identifier and external uid.
    """

    resource_type: str
    pairs: Annotated[
        list[tuple[str, Annotated[str, Field(min_length=1, max_length=256, pattern="^[^\\x00]*$")]]],
        Field(fail_fast=True),
    ]

    @property
    def parents(self) -> list[str]:
        """The parents, in order."""
        return [parent for parent, _ in self.pairs]

    @property
    def external_uids(self) -> list[str]:
        """The external uids, in order."""
        return [external_uid for _, external_uid in self.pairs]


class Registered(ServerMessage):
    """The identifiers that belong to external uids, in the order asked for."""

    identifiers: list[str]


class BlobStoreInfo(ServerMessage):
    """The store of the blobs, as a client reaches it.

    Args:
        bucket: The bucket that new blobs go to.
        buckets: All buckets that may be read, `bucket` among them.
        public_buckets: Those of them that everybody may read, without credentials.
        url: Endpoint of the S3 service; AWS where None.
        region: Its region.
    """

    bucket: str
    buckets: list[str]
    public_buckets: list[str] = Field(default_factory=list)
    url: str | None
    region: str


class PresignRequest(Message):
    """Blobs to reach over plain HTTP.

    Args:
        method: What to do with them. A put never overwrites.
        urls: Their ``s3://`` URLs.
    """

    method: Literal["get", "head", "put"]
    urls: Annotated[list[str], Field(max_length=MAX_URLS, fail_fast=True)]


class Presigned(ServerMessage):
    """Addresses that work without credentials, for a short time.

    Args:
        urls: HTTP addresses, in the order asked for.
        headers: For each, the headers that the request must carry, since they are part of the signature.
        seconds: How long the addresses work.
    """

    urls: list[str]
    headers: list[dict[str, str]]
    seconds: int


class ListRequest(Message):
    """A prefix whose blobs are wanted.

    Args:
        url: The prefix as an ``s3://`` URL that ends in ``/`` or ``/*``.
        after: What the page before ended with; None for the first one.
    """

    url: str
    after: str | None = None


class ListedBlob(ServerMessage):
    """A blob of a listing: its ``s3://`` URL and its size in bytes."""

    url: str
    size: int


class Listed(ServerMessage):
    """A page of blobs.

    Args:
        blobs: The blobs, in the order of their keys.
        after: What to ask for the next page with; None where this one is the last.
    """

    blobs: list[ListedBlob]
    after: str | None


class BlobUrls(Message):
    """Blobs by their ``s3://`` URLs."""

    urls: Annotated[list[str], Field(max_length=MAX_URLS, fail_fast=True)]


class CopiesHealth(ServerMessage):
    """How the columnar copies of a server stand.

    Args:
        state: ``"ready"``; or ``"opening"``, ``"building"``, ``"waiting"`` or ``"closed"``: then PostgreSQL
            answers what they cannot.
        reason: Why they wait; empty if they do not.
        version: Number of the last commit that every copy holds; 0 while one is missing.
        behind: Commits that the copier knows of and has not applied.
        bytes: Size of the file.
    """

    state: str
    reason: str = ""
    version: int = 0
    behind: int = 0
    bytes: int = 0


class Health(ServerMessage):
    """The response of the health action.

    Args:
        status: ``"ok"``; a server that cannot answer raises instead.
        server_version: Version of the server's distribution.
        version: Sequence number of the last commit; 0 if there is none.
        as_of: Instant of the last commit; None for a server of catalogs alone.
        clock_is_trusted: Whether a commit would be stamped; otherwise writes are refused.
        clock_skew_seconds: How far the database server's clock is ahead of this server's.
        commits_ahead_seconds: How far the last commit is stamped ahead of the database server's clock.
        catalogs: Catalogs by name, and whether each can be read.
        copies: How the columnar copies stand; None for a server that keeps none.
        answers: Engine -> plans that it has answered since the server started.
        unprotected: What the server lacks although other machines reach it: ``"encryption"``,
            ``"authentication"``.
    """

    status: Literal["ok"] = "ok"
    server_version: str
    version: int
    as_of: datetime | None = None
    clock_is_trusted: bool = True
    clock_skew_seconds: float = 0.0
    commits_ahead_seconds: float = 0.0
    catalogs: dict[str, bool] = Field(default_factory=dict)
    copies: CopiesHealth | None = None
    answers: dict[str, int] = Field(default_factory=dict)
    unprotected: list[str] = Field(default_factory=list)
