"""The one tree of errors, raised alike by client and server.

Grouped by what the caller can do::

    VxDataError
    ├── InvalidRequest            change the request
    │   ├── InvalidPlan           a query plan is malformed, too large, or of another version
    │   │   └── QuerySyntaxError      the text of a query cannot be read
    │   ├── InvalidTicket         the bytes of a ticket, command or action are not ours
    │   ├── LimitExceeded         the request is larger than a limit of the server, or costs more
    │   ├── UnknownAction         no such action
    │   ├── UnknownFormat         no format that the caller accepts
    │   ├── UnknownParameter      a path over HTTP takes no such query parameter
    │   ├── UnknownField          a plan or a frame names a field that the type does not have
    │   ├── UnknownResourceType   no payload type has this prefix
    │   ├── FieldTypeMismatch     a value or a column has the wrong type for its field
    │   ├── InvalidIdentifier     an identifier is malformed
    │   ├── UnexpectedPayload     an identifier or a model belongs to another payload type
    │   ├── ValidationFailed      values break the constraints of their fields
    │   ├── DuplicateIdentifiers  one batch names an identifier twice
    │   ├── IncompleteUpload      an upload ended without its commit marker
    │   ├── InvalidBlobUrl        an S3 URL or key has a form that is not allowed
    │   ├── NotAllowed            the server's operator has not allowed the verb
    │   ├── InvalidSignature      a signed address was changed
    │   ├── AddressExpired        a signed address was used too late
    │   ├── AsOfInFuture          an `as_of` later than the server's clock
    │   ├── AsOfInClockGap        an `as_of` at which the clock was wrong
    │   ├── ForkedProcess         a forked process uses the connections of its parent
    │   ├── UnknownCatalog        no catalog has this name
    │   └── CohortError           a cohort cannot be asked for like this (see `cohorts`)
    │       ├── FilterSyntaxError     the text of a filter cannot be read
    │       ├── ColumnNotFound        no column has this public name
    │       ├── TableNotFound         no table has this name
    │       ├── SystemNotFound        no data source has this name
    │       ├── FilterTypeMismatch    operator, value and column do not fit
    │       ├── AmbiguousNegation     a negation says neither "some row" nor "no row"
    │       ├── NullNotFilterable     columns that entities share cannot be asked for being null
    │       ├── RelationshipNotFound  nothing connects an endpoint with a table
    │       ├── EmptyCohortRow        all columns are excluded
    │       └── SearchUnavailable     the catalog has no keywords
    ├── AccessDenied              sign in, or ask an administrator
    │   ├── NotAuthenticated      no token, or one that is unknown, expired or revoked
    │   ├── NotPermitted          the caller's role or grants do not allow it
    │   └── UnusableCredentials   the client's token is open to others, or would be
    ├── ServiceProblem            try again, or tell the operator
    │   ├── ServerUnavailable     nothing answers, or the server is shutting down
    │   ├── HandshakeFailed       the server's certificate is not trusted, or one side has no TLS
    │   ├── ServerBusy            no connection became free in time
    │   ├── QuotaExceeded         the caller has had its share of calls, rows or bytes
    │   ├── DiskFull              the server's disk has too little room to write
    │   ├── RequestTimedOut       the deadline passed
    │   ├── RequestCancelled      the caller went away
    │   ├── ClockNotTrusted       a commit would be stamped too far ahead
    │   ├── InvalidCatalog        a reflected schema has not the form that cohorts need
    │   └── InternalError         a fault of the server, findable in its log by `request_id`
    ├── StateConflict             look at the present state, then decide
    │   ├── ResourceNotFound      missing or deleted
    │   ├── ResourceAlreadyExists live, or deleted (restore it instead)
    │   ├── ParentNotFound        a parent is missing or deleted
    │   ├── LineageCycle          resources would be their own ancestors
    │   ├── NotDeleted            a restore of what is live
    │   ├── VersionConflict       a resource has another version than the caller expects
    │   ├── IdempotencyMismatch   a key was used before for another request
    │   ├── AlreadyRegistered     an external uid has an identifier
    │   ├── NotRegistered         an external uid has no identifier
    │   └── AnswerNotFound        no answer has this address
    └── StorageProblem            look at `failures`: which files were not moved, and why
        ├── BlobNotFound          no such object, or nothing below the prefix
        ├── BlobForbidden         S3 does not let the caller
        ├── BlobCorrupted         an object's bytes are not those that were stored
        ├── LocalFileProblem      a local file cannot be read or written: disk full, no permission
        └── TransferFailed        S3 cannot be reached, or files failed for different reasons
"""

from __future__ import annotations

from vxdata.schemas.errors.access import AccessDenied, NotAuthenticated, NotPermitted, UnusableCredentials
from vxdata.schemas.errors.base import VxDataError
from vxdata.schemas.errors.cohorts import (
    AmbiguousNegation,
    CohortError,
    ColumnNotFound,
    EmptyCohortRow,
    FilterSyntaxError,
    FilterTypeMismatch,
    InvalidCatalog,
    NullNotFilterable,
    RelationshipNotFound,
    SearchUnavailable,
    SystemNotFound,
    TableNotFound,
    UnknownCatalog,
)
from vxdata.schemas.errors.requests import (
    AddressExpired,
    AsOfInClockGap,
    AsOfInFuture,
    DuplicateIdentifiers,
    FieldTypeMismatch,
    ForkedProcess,
    IncompleteUpload,
    InvalidBlobUrl,
    InvalidIdentifier,
    InvalidPlan,
    InvalidRequest,
    InvalidSignature,
    InvalidTicket,
    LimitExceeded,
    NotAllowed,
    QuerySyntaxError,
    UnexpectedPayload,
    UnknownAction,
    UnknownField,
    UnknownFormat,
    UnknownParameter,
    UnknownResourceType,
    ValidationFailed,
)
from vxdata.schemas.errors.service import (
    ClockNotTrusted,
    DiskFull,
    HandshakeFailed,
    InternalError,
    QuotaExceeded,
    RequestCancelled,
    RequestTimedOut,
    ServerBusy,
    ServerUnavailable,
    ServiceProblem,
)
from vxdata.schemas.errors.state import (
    AlreadyRegistered,
    AnswerNotFound,
    IdempotencyMismatch,
    LineageCycle,
    NotDeleted,
    NotRegistered,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    StateConflict,
    VersionConflict,
)
from vxdata.schemas.errors.storage import (
    BlobCorrupted,
    BlobForbidden,
    BlobNotFound,
    LocalFileProblem,
    StorageProblem,
    TransferFailed,
)

__all__ = [
    "AccessDenied",
    "AddressExpired",
    "AlreadyRegistered",
    "AmbiguousNegation",
    "AnswerNotFound",
    "AsOfInClockGap",
    "AsOfInFuture",
    "BlobCorrupted",
    "BlobForbidden",
    "BlobNotFound",
    "ClockNotTrusted",
    "CohortError",
    "ColumnNotFound",
    "DiskFull",
    "DuplicateIdentifiers",
    "EmptyCohortRow",
    "FieldTypeMismatch",
    "FilterSyntaxError",
    "FilterTypeMismatch",
    "ForkedProcess",
    "HandshakeFailed",
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
    "LineageCycle",
    "LocalFileProblem",
    "NotAllowed",
    "NotAuthenticated",
    "NotDeleted",
    "NotPermitted",
    "NotRegistered",
    "NullNotFilterable",
    "ParentNotFound",
    "QuerySyntaxError",
    "QuotaExceeded",
    "RelationshipNotFound",
    "RequestCancelled",
    "RequestTimedOut",
    "ResourceAlreadyExists",
    "ResourceNotFound",
    "SearchUnavailable",
    "ServerBusy",
    "ServerUnavailable",
    "ServiceProblem",
    "StateConflict",
    "StorageProblem",
    "SystemNotFound",
    "TableNotFound",
    "TransferFailed",
    "UnexpectedPayload",
    "UnknownAction",
    "UnknownCatalog",
    "UnknownField",
    "UnknownFormat",
    "UnknownParameter",
    "UnknownResourceType",
    "UnusableCredentials",
    "ValidationFailed",
    "VersionConflict",
    "VxDataError",
]

# They are shown, and pickled, under the name that users import them by.
for _name in __all__:
    _exported = globals()[_name]
    if isinstance(_exported, type):
        _exported.__module__ = __name__
