"""Statements about the plans whose answers have addresses."""

from __future__ import annotations

from typing import Final

from vxdata.sql.names import text

FIND: Final = (
    "SELECT p.digest IS NOT NULL AS is_known, p.used_on < current_date AS is_stale, c.purge_epoch "
    "FROM vxdata.commit_clock AS c LEFT JOIN vxdata.answered_plan AS p ON p.digest = $1"
)
"""Tell whether a plan has a digest, the parameter, beside the number of purges.

The plan itself may be large, and is not needed where the file is there.
"""

KEY: Final = "SELECT key FROM vxdata.signing_key"
"""Read the key of signatures."""

READ: Final = "SELECT plan FROM vxdata.answered_plan WHERE digest = $1"
"""Read the plan of a digest, the parameter."""


def add(digest: str, plan: str, most: int) -> str:
    """Add a plan, unless there are too many.

    Args:
        digest: Digest of the plan.
        plan: Its canonical JSON.
        most: Number of plans from which on none is added.

    Returns:
        An INSERT that affects no row where the plan is there already, or where there are too many.
    """
    return (
        "INSERT INTO vxdata.answered_plan (digest, plan) "
        f"SELECT {text(digest)}, {text(plan)} "
        f"WHERE (SELECT count(*) FROM vxdata.answered_plan) < {most} "
        "ON CONFLICT (digest) DO NOTHING"
    )


def note_use(digest: str) -> str:
    """Note that an answer was asked for today; of several who do so at once, one writes."""
    return (
        "UPDATE vxdata.answered_plan SET used_on = current_date "
        f"WHERE digest = {text(digest)} AND used_on < current_date"
    )


def unused(days: int) -> str:
    """Count the plans whose answers nobody has asked for in some days, and all of them."""
    return (
        f"SELECT count(*) FILTER (WHERE {_is_unused(days)}) AS unused, count(*) AS plans "
        "FROM vxdata.answered_plan"
    )


def forget_unused(days: int) -> str:
    """Remove the plans whose answers nobody has asked for in some days."""
    return f"DELETE FROM vxdata.answered_plan WHERE {_is_unused(days)}"


def _is_unused(days: int) -> str:
    return f"used_on <= current_date - {days}"
