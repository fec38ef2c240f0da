"""Statements about bearer tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.sql.literals import timestamp
from vxdata.sql.names import latest, render, text, written
from vxdata.sql.write.tables import latest_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from vxdata.schemas.payload_type import PayloadType

COLUMNS: Final = (
    "id, name, digest, role, grants::text AS grants, created_at, expires_at, last_used_at, revoked_at"
)

ALL: Final = f"SELECT {COLUMNS} FROM vxdata.token ORDER BY name"
"""Read all tokens, revoked ones included."""

HOLDING: Final = (
    f"SELECT {COLUMNS} FROM vxdata.token "
    "WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
)
"""Read the tokens that hold."""


def unrevoked(token_id: str) -> str:
    """Read the name of a token that has not been revoked, though it may have expired; no row for another."""
    return f"SELECT name FROM vxdata.token WHERE id = {text(token_id)} AND revoked_at IS NULL"


def named(name: str) -> str:
    """Read the token of a name."""
    return f"SELECT {COLUMNS} FROM vxdata.token WHERE name = {text(name)}"


def unmatched(sources: Iterable[str], licenses: Iterable[str], types: Iterable[PayloadType]) -> str:
    """Find grants by which nothing is visible at present.

    Args:
        sources: Identifiers of data sources that are granted.
        licenses: Licences that are granted.
        types: The types whose resources have them.

    Returns:
        A SELECT of `name`: the data sources that are not there, then the licences that no live resource has.
    """
    has_any = {
        name: _has_live([written(latest, "datasource")], f"identifier = {text(name)}") for name in sources
    }
    tables = [latest_table(each) for each in types]
    has_any |= {name: _has_live(tables, f"license = {text(name)}") for name in licenses}
    rows = (f"({place}, {text(name)}, {found})" for place, (name, found) in enumerate(has_any.items()))
    asked = f"(VALUES {', '.join(rows)}) AS asked (place, name, has_any)"
    return f"SELECT name FROM {asked} WHERE NOT has_any ORDER BY place"


def _has_live(tables: Iterable[str], condition: str) -> str:
    """Whether a live row of one of some tables meets a condition."""
    return " OR ".join(f"EXISTS (SELECT FROM {each} WHERE NOT tombstone AND {condition})" for each in tables)


def add(name: str, token_id: str, digest: str, role: str, grants: str, expires_at: datetime | None) -> str:
    """Add a token.

    Args:
        name: Its name.
        token_id: Its id.
        digest: Digest of the whole token.
        role: The role that it gives.
        grants: The grants, as JSON.
        expires_at: When it ends; None for never.

    Returns:
        An INSERT that affects no row where the name has been used.
    """
    ends = "NULL" if expires_at is None else render(timestamp(expires_at))
    return (
        "INSERT INTO vxdata.token (name, id, digest, role, grants, expires_at) VALUES "
        f"({text(name)}, {text(token_id)}, {text(digest)}, {text(role)}, {text(grants)}::jsonb, {ends}) "
        "ON CONFLICT (name) DO NOTHING"
    )


def own(name: str, token_id: str, digest: str, role: str, grants: str) -> str:
    """Have a name hold a token with this role and these grants, whatever it has held before."""
    return (
        "INSERT INTO vxdata.token (name, id, digest, role, grants) VALUES "
        f"({text(name)}, {text(token_id)}, {text(digest)}, {text(role)}, {text(grants)}::jsonb) "
        "ON CONFLICT (name) DO UPDATE SET id = excluded.id, digest = excluded.digest, role = excluded.role, "
        "grants = excluded.grants, expires_at = NULL, revoked_at = NULL"
    )


def replace(name: str, token_id: str, digest: str) -> str:
    """Give a name another token in the place of the one that it has; a revoked one stays revoked."""
    return (
        f"UPDATE vxdata.token SET id = {text(token_id)}, digest = {text(digest)}, last_used_at = NULL "
        f"WHERE name = {text(name)} AND revoked_at IS NULL"
    )


def revoke(name: str) -> str:
    """Revoke the token of a name, if it is not revoked yet."""
    return (
        "UPDATE vxdata.token SET revoked_at = clock_timestamp() "
        f"WHERE name = {text(name)} AND revoked_at IS NULL"
    )


def note_uses(used: Mapping[str, datetime]) -> str:
    """Note when tokens were last used.

    Args:
        used: Id -> instant; not empty.

    Returns:
        An UPDATE; what another server has noted later stays.
    """
    rows = ", ".join(f"({text(token_id)}, {render(timestamp(at))})" for token_id, at in used.items())
    return (
        f"UPDATE vxdata.token AS t SET last_used_at = u.used_at FROM (VALUES {rows}) AS u (id, used_at) "
        "WHERE t.id = u.id AND (t.last_used_at IS NULL OR t.last_used_at < u.used_at)"
    )
