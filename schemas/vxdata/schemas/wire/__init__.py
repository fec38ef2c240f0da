"""The messages that travel besides plans: tickets, uploads, receipts, actions, headers and errors."""

from vxdata.schemas.wire.actions import (
    ACTION_DESCRIPTIONS,
    MAX_URLS,
    Action,
    BlobStoreInfo,
    BlobUrls,
    CopiesHealth,
    Explanation,
    ExternalUids,
    Health,
    Listed,
    ListedBlob,
    ListRequest,
    Presigned,
    PresignRequest,
    Registered,
)
from vxdata.schemas.wire.audit import (
    AUDIT_NEXT_KEY,
    AUDIT_SCHEMA,
    AuditRequest,
)
from vxdata.schemas.wire.catalogs import (
    CatalogDescription,
    CatalogInfo,
    CatalogList,
    CatalogRequest,
    CohortColumnInfo,
    CohortCount,
    CohortSummary,
    CohortValues,
    CohortValuesRequest,
    DescribedColumn,
    DescribedKey,
    DescribedTable,
)
from vxdata.schemas.wire.commands import (
    LINEAGE_SCHEMA,
    UPLOAD_SCHEMA,
    CommitMarker,
    CommitReceipt,
    Verb,
    WriteCommand,
)
from vxdata.schemas.wire.errors import (
    WireError,
)
from vxdata.schemas.wire.headers import (
    ACCEPT_LINEAGE,
    AS_OF_KEY,
    CATALOG_KEY,
    COMPRESSION,
    DIGEST_KEY,
    RELEASE_KEY,
    TIMEOUT,
    VERSION_KEY,
    Compression,
    catalog_metadata,
    snapshot_metadata,
)
from vxdata.schemas.wire.messages import (
    Message,
)

__all__ = [
    "ACCEPT_LINEAGE",
    "ACTION_DESCRIPTIONS",
    "AS_OF_KEY",
    "AUDIT_NEXT_KEY",
    "AUDIT_SCHEMA",
    "CATALOG_KEY",
    "COMPRESSION",
    "DIGEST_KEY",
    "LINEAGE_SCHEMA",
    "MAX_URLS",
    "RELEASE_KEY",
    "TIMEOUT",
    "UPLOAD_SCHEMA",
    "VERSION_KEY",
    "Action",
    "AuditRequest",
    "BlobStoreInfo",
    "BlobUrls",
    "CatalogDescription",
    "CatalogInfo",
    "CatalogList",
    "CatalogRequest",
    "CohortColumnInfo",
    "CohortCount",
    "CohortSummary",
    "CohortValues",
    "CohortValuesRequest",
    "CommitMarker",
    "CommitReceipt",
    "Compression",
    "CopiesHealth",
    "DescribedColumn",
    "DescribedKey",
    "DescribedTable",
    "Explanation",
    "ExternalUids",
    "Health",
    "ListRequest",
    "Listed",
    "ListedBlob",
    "Message",
    "PresignRequest",
    "Presigned",
    "Registered",
    "Verb",
    "WireError",
    "WriteCommand",
    "catalog_metadata",
    "snapshot_metadata",
]

# They are shown under the path that they are imported from.
for _name in __all__:
    _exported = globals()[_name]
    if isinstance(_exported, type):
        _exported.__module__ = __name__
