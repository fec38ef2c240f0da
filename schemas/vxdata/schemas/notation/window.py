"""Limits and offsets: how those of several calls add up."""

from __future__ import annotations

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.arguments import row_count


def least_limit(stated: int | None, rows: int) -> int:
    """The limit after one more was asked for: the least one counts.

    Args:
        stated: The limit so far.
        rows: The further one.

    Returns:
        The limit.

    Raises:
        InvalidPlan: It is no whole number, or out of range.
    """
    most = row_count("limit", rows)
    return most if stated is None else min(most, stated)


def only_offset(stated: int, rows: int, noun: str, counted: str) -> int:
    """The offset, of which there is one: of a second one nobody could say what it counts from.

    Args:
        stated: The offset so far.
        rows: What is asked for.
        noun: What has the offset, for the error.
        counted: What is left out, for the error.

    Returns:
        The offset.

    Raises:
        InvalidPlan: It is no whole number, or out of range; or there is an offset already.
    """
    if stated:
        msg = f"The {noun} already leaves out the first {stated:,} {counted}; state one offset."
        raise InvalidPlan(msg, offset=stated)
    return row_count("offset", rows)
