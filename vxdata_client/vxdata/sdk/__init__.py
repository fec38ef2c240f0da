"""The VxData SDK: pull and push medical-imaging research data as Polars frames.

Example:
    >>> from vxdata.sdk import F
    >>> (F.volume_type == "T2") & (F.b_value > 10)
    (F.volume_type == 'T2') & (F.b_value > 10)
"""

from __future__ import annotations

from vxdata.schemas.errors import (
    AsOfInFuture,
    DuplicateIdentifiers,
    FieldTypeMismatch,
    IncompleteUpload,
    InternalError,
    InvalidIdentifier,
    InvalidPlan,
    InvalidRequest,
    InvalidTicket,
    LineageCycle,
    ParentNotFound,
    RequestCancelled,
    RequestTimedOut,
    ResourceAlreadyExists,
    ResourceNotFound,
    ServerBusy,
    ServerUnavailable,
    ServiceProblem,
    StateConflict,
    UnexpectedPayload,
    UnknownAction,
    UnknownField,
    UnknownResourceType,
    ValidationFailed,
    VxDataError,
)
from vxdata.schemas.wire import CommitReceipt, Health
from vxdata.sdk._client import Client
from vxdata.sdk._expr import F, FieldRef, Predicate
from vxdata.sdk._query import Query, Result

__all__ = [
    "AsOfInFuture",
    "Client",
    "CommitReceipt",
    "DuplicateIdentifiers",
    "F",
    "FieldRef",
    "FieldTypeMismatch",
    "Health",
    "IncompleteUpload",
    "InternalError",
    "InvalidIdentifier",
    "InvalidPlan",
    "InvalidRequest",
    "InvalidTicket",
    "LineageCycle",
    "ParentNotFound",
    "Predicate",
    "Query",
    "RequestCancelled",
    "RequestTimedOut",
    "ResourceAlreadyExists",
    "ResourceNotFound",
    "Result",
    "ServerBusy",
    "ServerUnavailable",
    "ServiceProblem",
    "StateConflict",
    "UnexpectedPayload",
    "UnknownAction",
    "UnknownField",
    "UnknownResourceType",
    "ValidationFailed",
    "VxDataError",
]
