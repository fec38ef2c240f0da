"""Currency: whether the copies are up to date for a read, which the commit clock proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.server.database.clock import ResolvedSnapshot
from vxdata.sql.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.server.copies import Applied
    from vxdata.server.database.type_clocks import TypeClocks


@dataclass(frozen=True)
class NotCurrent:
    """The copies are not up to date for a read.

    Args:
        reason: What they lack.
    """

    reason: str


def snapshot_in(
    names: Sequence[str], applied: Mapping[str, Applied], seen: TypeClocks
) -> ResolvedSnapshot | NotCurrent:
    """Determine the state that a read of the copies shows.

    The copy of a type can be read if it holds the last commit that PostgreSQL has of the type, or every
    commit up to the instant of the read. Later commits do no harm: the query leaves them out, as PostgreSQL
    does. If the commits of the copies are not in PostgreSQL's log, the database was restored or replaced.

    Args:
        names: The types that are read, and the commit log if it is read.
        applied: The last commits of their copies; a copy that has not been built is missing.
        seen: The clocks of the types in PostgreSQL, read after `applied` and for its commits.

    Returns:
        The state, which is current if the copies hold no later change of the types; or why there is none.
    """
    if not seen.has_all:
        return NotCurrent("the database has not the commits that the copies hold")
    for name in names:
        copy = applied.get(name)
        if copy is None:
            return NotCurrent(f"the copy of {name} is not built yet")
        if copy.purge_epoch != seen.purge_epoch:
            return NotCurrent(f"the copy of {name} has not seen every purge")
        if not _has_last_change(name, copy, seen) and copy.stamp < seen.as_of:
            return NotCurrent(
                f"the copy of {name} has the commits up to {copy.version}, and there are later ones"
            )
    changed = [stamp for name in names if (stamp := applied[name].changed_stamp) is not None]
    is_current = all(stamp <= seen.as_of for stamp in changed)
    change = str(max(changed, default=None)) if is_current else f"{seen.version} {seen.as_of}"
    return ResolvedSnapshot(Instant(seen.version, seen.as_of, is_current), change, seen.purge_epoch)


def _has_last_change(name: str, copy: Applied, seen: TypeClocks) -> bool:
    if name == COMMIT:
        return copy.version == seen.last_version
    last = seen.changes.get(name)
    if last is None:
        return copy.changed_version is None
    return (copy.changed_version, copy.changed_stamp) == (last.version, last.stamp)
