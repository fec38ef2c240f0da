"""The answer of a write: what is stored, read back as of its commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import VxDataError
from vxdata.sdk._reader import retrieve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._transport.base import Transport


def read_back(
    transport: Transport, identifiers: Sequence[str], receipt: CommitReceipt
) -> list[ResourceResponse]:
    """Read what a write has stored.

    Args:
        transport: The way to the server.
        identifiers: Full identifiers of what was written.
        receipt: The receipt of the commit.

    Returns:
        One response for each identifier, in order.

    Raises:
        VxDataError: It cannot be read; of what was committed, the error carries the receipt.
    """
    try:
        return retrieve(transport, identifiers, receipt.as_of, include_children=False)
    except VxDataError as error:
        if not receipt.counts:  # nothing was to change, so nothing was committed
            raise
        raise _after_commit(error, receipt) from error


def _after_commit(error: VxDataError, receipt: CommitReceipt) -> VxDataError:
    """The same error, but one that does not let its reader believe that nothing was written."""
    told = type(error)(
        f"The write was committed as version {receipt.version}; reading it back failed: {error.message}"
    )
    committed = {
        "committed": receipt.version,
        "as_of": receipt.as_of.isoformat(),
        "counts": receipt.counts,
    }
    told.details = error.details | committed
    return told
