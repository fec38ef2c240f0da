"""The VxData SDK: pull and push medical-imaging research data as Polars frames.

Example:
    >>> from vxdata.sdk import F
    >>> (F.volume_type == "T2") & (F.b_value > 10)
    (F.volume_type == 'T2') & (F.b_value > 10)
"""

from __future__ import annotations

import types
import warnings
from importlib.metadata import version as _version_of

from vxdata.schemas.errors import (
    AccessDenied,
    AddressExpired,
    AlreadyRegistered,
    AmbiguousNegation,
    AnswerNotFound,
    AsOfInClockGap,
    AsOfInFuture,
    BlobCorrupted,
    BlobForbidden,
    BlobNotFound,
    ClockNotTrusted,
    CohortError,
    ColumnNotFound,
    DiskFull,
    DuplicateIdentifiers,
    EmptyCohortRow,
    FieldTypeMismatch,
    FilterSyntaxError,
    FilterTypeMismatch,
    ForkedProcess,
    HandshakeFailed,
    IdempotencyMismatch,
    IncompleteUpload,
    InternalError,
    InvalidBlobUrl,
    InvalidCatalog,
    InvalidIdentifier,
    InvalidPlan,
    InvalidRequest,
    InvalidSignature,
    InvalidTicket,
    LimitExceeded,
    LineageCycle,
    LocalFileProblem,
    NotAllowed,
    NotAuthenticated,
    NotDeleted,
    NotPermitted,
    NotRegistered,
    NullNotFilterable,
    ParentNotFound,
    QuerySyntaxError,
    QuotaExceeded,
    RelationshipNotFound,
    RequestCancelled,
    RequestTimedOut,
    ResourceAlreadyExists,
    ResourceNotFound,
    SearchUnavailable,
    ServerBusy,
    ServerUnavailable,
    ServiceProblem,
    StateConflict,
    StorageProblem,
    SystemNotFound,
    TableNotFound,
    TransferFailed,
    UnexpectedPayload,
    UnknownAction,
    UnknownCatalog,
    UnknownField,
    UnknownFormat,
    UnknownParameter,
    UnknownResourceType,
    UnusableCredentials,
    ValidationFailed,
    VersionConflict,
    VxDataError,
)
from vxdata.schemas.notation.aggregates import Aggregation, Order, count
from vxdata.schemas.notation.fields import has_ancestor, has_descendant
from vxdata.schemas.notation.grouped import GroupedQuery
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.subqueries import ALL, ANY, COUNT, MAX, MEAN, MIN
from vxdata.schemas.wire import CommitReceipt, Explanation, Health
from vxdata.sdk._client import Client
from vxdata.sdk._cohorts.cohort import Cohort
from vxdata.sdk._cohorts.columns import C, ColumnRef
from vxdata.sdk._cohorts.conditions import Condition
from vxdata.sdk._cohorts.readable import CohortResult
from vxdata.sdk._cohorts.remote_catalog import RemoteCatalog
from vxdata.sdk._cohorts.summary import CohortSummary
from vxdata.sdk._cohorts.tables import CatalogTable, TableQuery
from vxdata.sdk._expressions.fields import F, FieldRef
from vxdata.sdk._expressions.lint import UnlikelyValueWarning
from vxdata.sdk._local import LocalClient, local
from vxdata.sdk._queries.pages import Page
from vxdata.sdk._queries.query import Query
from vxdata.sdk._queries.result import Result
from vxdata.sdk._resources.history import Version
from vxdata.sdk._resources.lineage import Lineage
from vxdata.sdk._snapshot import Snapshot
from vxdata.sdk._storage import Storage, StorageOptions
from vxdata.sdk._transport.base import Origin, Stream, Transport, Written
from vxdata.sdk._transport.memory import MemoryTransport
from vxdata.sdk._transport.tls import TLS

__all__ = [
    "ALL",
    "ANY",
    "COUNT",
    "MAX",
    "MEAN",
    "MIN",
    "TLS",
    "AccessDenied",
    "AddressExpired",
    "Aggregation",
    "AlreadyRegistered",
    "AmbiguousNegation",
    "AnswerNotFound",
    "AsOfInClockGap",
    "AsOfInFuture",
    "BlobCorrupted",
    "BlobForbidden",
    "BlobNotFound",
    "C",
    "CatalogTable",
    "Client",
    "ClockNotTrusted",
    "Cohort",
    "CohortError",
    "CohortResult",
    "CohortSummary",
    "ColumnNotFound",
    "ColumnRef",
    "CommitReceipt",
    "Condition",
    "DiskFull",
    "DuplicateIdentifiers",
    "EmptyCohortRow",
    "Explanation",
    "F",
    "FieldRef",
    "FieldTypeMismatch",
    "FilterSyntaxError",
    "FilterTypeMismatch",
    "ForkedProcess",
    "GroupedQuery",
    "HandshakeFailed",
    "Health",
    "IdempotencyMismatch",
    "IncompleteUpload",
    "InternalError",
    "InvalidBlobUrl",
    "InvalidCatalog",
    "InvalidIdentifier",
    "InvalidPlan",
    "InvalidRequest",
    "InvalidSignature",
    "InvalidTicket",
    "LimitExceeded",
    "Lineage",
    "LineageCycle",
    "LocalClient",
    "LocalFileProblem",
    "MemoryTransport",
    "NotAllowed",
    "NotAuthenticated",
    "NotDeleted",
    "NotPermitted",
    "NotRegistered",
    "NullNotFilterable",
    "Order",
    "Origin",
    "Page",
    "ParentNotFound",
    "Predicate",
    "Query",
    "QuerySyntaxError",
    "QuotaExceeded",
    "RelationshipNotFound",
    "RemoteCatalog",
    "RequestCancelled",
    "RequestTimedOut",
    "ResourceAlreadyExists",
    "ResourceNotFound",
    "Result",
    "SearchUnavailable",
    "ServerBusy",
    "ServerUnavailable",
    "ServiceProblem",
    "Snapshot",
    "StateConflict",
    "Storage",
    "StorageOptions",
    "StorageProblem",
    "Stream",
    "SystemNotFound",
    "TableNotFound",
    "TableQuery",
    "TransferFailed",
    "Transport",
    "UnexpectedPayload",
    "UnknownAction",
    "UnknownCatalog",
    "UnknownField",
    "UnknownFormat",
    "UnknownParameter",
    "UnknownResourceType",
    "UnlikelyValueWarning",
    "UnusableCredentials",
    "ValidationFailed",
    "Version",
    "VersionConflict",
    "VxDataError",
    "Written",
    "count",
    "has_ancestor",
    "has_descendant",
    "local",
]


def __getattr__(name: str) -> object:
    """Give the version of the distribution; and `Snapshot` under its former name, until the next version."""
    if name == "__version__":
        return _version_of("vxdata")
    if name == "Token":
        warnings.warn("vxdata.sdk.Token is now vxdata.sdk.Snapshot.", DeprecationWarning, stacklevel=2)
        return Snapshot
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


# Classes and functions are shown, and pickled, under the name that users import them by.
for _name in __all__:
    _exported = globals()[_name]
    if isinstance(_exported, type | types.FunctionType) and _exported.__module__.startswith(
        (f"{__name__}.", "vxdata.schemas.notation.")
    ):
        _exported.__module__ = __name__
