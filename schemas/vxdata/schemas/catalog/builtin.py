"""The relations that plans can read besides the single payload types, and their fields."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.fields import Boolean, Field, Integer, NumberMap, Text, TextMap, Timestamp

RESOURCE: Final = "resource"
"""Name under which a plan reads the metadata of resources of all types."""

COMMIT: Final = "commit"
"""Name under which a plan reads the commit log."""

DELETED: Final = Field(
    name="deleted", type=Boolean(), required=True, description="Whether the version is a tombstone."
)
"""The field that a version has besides those of its resource."""

COMMIT_FIELDS: Final = (
    Field(name="version", type=Integer(ge=1), required=True, description="Sequence number of the commit."),
    Field(name="as_of", type=Timestamp(), required=True, description="Instant of the commit."),
    Field(name="verb", type=Text(), required=True, description="What was done."),
    Field(name="counts", type=NumberMap(), required=True, description="Versions written, by resource type."),
    Field(name="client", type=TextMap(), required=True, description="What the caller said of itself."),
    Field(
        name="principal",
        type=Text(),
        description="Who made the commit, as the server knew the caller; null in commits of before.",
    ),
    Field(name="idempotency_key", type=Text(), description="Name of the request, if it had one."),
)
