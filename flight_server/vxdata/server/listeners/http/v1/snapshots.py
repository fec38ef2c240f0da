"""Snapshots: which state an answer shows, as its headers and its content tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from vxdata.schemas.wire import AS_OF_KEY, VERSION_KEY

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF_HEADER = "VxData-As-Of"
VERSION_HEADER = "VxData-Version"


class Snapshot(BaseModel):
    """The state that an answer shows; the same question as of it has the same answer for ever."""

    model_config = ConfigDict(frozen=True)

    as_of: str = Field(description="The instant, ISO 8601 in microseconds, UTC.")
    version: int = Field(description="Number of the last commit that shows.")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an answer."""
        return {AS_OF_HEADER: self.as_of, VERSION_HEADER: str(self.version)}


def snapshot_of(arrow_schema: pa.Schema) -> Snapshot:
    """Read which state rows show.

    Args:
        arrow_schema: The schema of a result, whose metadata name it.

    Returns:
        The snapshot.
    """
    metadata = arrow_schema.metadata
    as_of = datetime.fromisoformat(metadata[AS_OF_KEY].decode())
    return Snapshot(as_of=as_text(as_of), version=int(metadata[VERSION_KEY]))


def as_text(instant: datetime) -> str:
    """Write an instant as all answers write it.

    Args:
        instant: With its time zone.

    Returns:
        ISO 8601 in microseconds, UTC.

    Example:
        >>> as_text(datetime(2026, 1, 2, tzinfo=UTC))
        '2026-01-02T00:00:00.000000Z'
    """
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
