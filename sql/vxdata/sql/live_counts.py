"""Live counts: how many resources of a type are live after each commit, kept beside the commit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.sql.names import latest, text, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.schemas.wire import Verb
    from vxdata.sql.instant import Instant

CHANGES: Final[dict[Verb, int | None]] = {"create": 1, "update": 0, "delete": -1, "restore": 1, "purge": None}
"""Verb -> by how much a version that it writes changes the number of live resources.

Of a purge that cannot be told: it removes all versions of a resource, live or deleted.
"""


def keep_counts(commit: Instant, verb: Verb, counts: Mapping[str, int]) -> list[str]:
    """Keep the number of live resources of each type that a commit touched.

    It follows from the number after the commit before. Where that one is not known, because of a purge or
    because a server of an earlier version has written, the resources are counted, and earlier numbers go.

    Args:
        commit: Sequence number and stamp.
        verb: What was done.
        counts: Versions written, by resource type; not empty.

    Returns:
        Statements to be run before the clocks of the types move.
    """
    change = CHANGES[verb]
    numbers = [
        f"SELECT {text(name)}, {commit.version}, coalesce({_number(name, change, count)}, {_counted(name)})"
        for name, count in counts.items()
    ]
    return [
        *(_remove_outdated(name, change) for name in counts),
        f"INSERT INTO vxdata.live_count (resource_type, version, live) {' UNION ALL '.join(numbers)}",
    ]


def _before(name: str) -> str:
    """The number after the last commit of a type; null if it is not known."""
    version = f"SELECT version FROM vxdata.type_clock WHERE resource_type = {text(name)}"
    return (
        f"(SELECT live FROM vxdata.live_count WHERE resource_type = {text(name)} AND version = ({version}))"
    )


def _number(name: str, change: int | None, count: int) -> str:
    return "NULL" if change is None else f"{_before(name)} + {change * count}"


def _counted(name: str) -> str:
    return f"(SELECT count(*) FROM {written(latest, name)} WHERE NOT tombstone)"


def _remove_outdated(name: str, change: int | None) -> str:
    remove = f"DELETE FROM vxdata.live_count WHERE resource_type = {text(name)}"
    return remove if change is None else f"{remove} AND {_before(name)} IS NULL"
