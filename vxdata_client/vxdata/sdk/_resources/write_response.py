"""The response of a write: the stored resources as of its commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from vxdata.schemas.errors import InternalError, VxDataError
from vxdata.sdk._resources.retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._session import Session


def read_back(session: Session, identifiers: Sequence[str], receipt: CommitReceipt) -> list[ResourceResponse]:
    """Read the resources that a write has stored.

    Args:
        session: The way to the server.
        identifiers: Full identifiers of what was written.
        receipt: The receipt of the commit.

    Returns:
        One response for each identifier, in order.

    Raises:
        VxDataError: They cannot be read; the error carries the receipt.
    """
    with noting_commit(receipt):
        return retrieve(session, identifiers, receipt.as_of, include_children=False)


@contextmanager
def noting_commit(receipt: CommitReceipt) -> Iterator[None]:
    """Add the receipt of a commit to an error that occurs after it.

    Without it, a caller would believe that nothing was written.

    Args:
        receipt: The receipt of the commit.
    """
    try:
        yield
    except Exception as error:
        if not receipt.counts:  # nothing was to change, so nothing was committed
            raise
        raise _after_commit(error, receipt) from error
    except BaseException as interrupt:
        interrupt.add_note(f"The write was committed as version {receipt.version}.")
        raise


def _after_commit(error: Exception, receipt: CommitReceipt) -> VxDataError:
    if not isinstance(error, VxDataError):
        error = InternalError(f"{type(error).__name__}: {error}")
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
