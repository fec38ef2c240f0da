"""Statements about the objects that uploads found, and about sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.values import Literal
from vxdata.sql.dialect.postgres import array_text
from vxdata.sql.literals import timestamp
from vxdata.sql.names import render, text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

BEGIN_SWEEP: Final = "UPDATE vxdata.commit_clock SET sweep = sweep + 1"
"""Begin a sweep: the ones before it remove nothing more."""

LAST_SWEEP: Final = "SELECT sweep FROM vxdata.commit_clock"
"""The number of the sweep that began last."""

LOCK: Final = "LOCK TABLE vxdata.touched IN SHARE MODE"
"""Make every transaction that touches objects wait until this one ends."""


def touch(urls: Iterable[str]) -> str:
    """Note that objects were found now.

    Args:
        urls: The objects, each once and in order: two who touch the same must not wait for each other.

    Returns:
        One INSERT.
    """
    return (
        f"INSERT INTO vxdata.touched (url) SELECT unnest({_array(urls)}) "
        "ON CONFLICT (url) DO UPDATE SET touched_at = excluded.touched_at"
    )


def touched_since(limit: datetime) -> str:
    """Read which objects were found at an instant or later."""
    return f"SELECT url FROM vxdata.touched WHERE touched_at >= {render(timestamp(limit))}"


def touched_among(urls: Iterable[str], limit: datetime) -> str:
    """Read which of some objects were found at an instant or later."""
    return f"{touched_since(limit)} AND url = ANY ({_array(urls)})"


def forget(limit: datetime) -> str:
    """Forget the objects that were found before an instant."""
    return f"DELETE FROM vxdata.touched WHERE touched_at < {render(timestamp(limit))}"


def _array(urls: Iterable[str]) -> str:
    return f"{text(array_text(map(Literal, urls)))}::text[]"
