"""Twins: two databases that differ in nothing but what an identity does not see.

The second one is a copy of the first, with the same number and instants of commits. Then what is hidden is
changed by SQL of our own: rows get other values, go, or get siblings; the log tells of other things.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from tests.query.data import TYPES
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.fields import BlobUrl, Boolean, Enum, Float, Integer, Text
from vxdata.server.database.pool import ConnectionPool
from vxdata.sql.names import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.schemas.identity import Grants
    from vxdata.schemas.payload_type import PayloadType

OTHER_VALUES: Final = {
    Text: "'other'",
    Enum: "NULL",
    BlobUrl: "'s3://bucket/other'",
    Integer: "7",
    Float: "7.5",
    Boolean: "NOT coalesce({column}, true)",
}
"""Field type -> another value."""

INSTANTS: Final = ('"valid_from"::text', '"valid_to"::text', '"created_at"::text')
CLONES: Final = ("clone", "it''s a clone")


def copied(admin: ConnectionPool, uri: SecretStr, new_uri: SecretStr) -> None:
    """Make a database a copy of another one, to which nobody is connected."""
    source, target = (each.get_secret_value().rpartition("/")[2].partition("?")[0] for each in (uri, new_uri))
    with admin.connection() as connection:
        connection.execute(f'DROP DATABASE "{target}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER vxdata')


def change_hidden(uri: SecretStr, grants: Grants, seed: int) -> int:
    """Change what grants hide in a database.

    Args:
        uri: The database.
        grants: What is seen.
        seed: What is changed, and how.

    Returns:
        How many rows are hidden before.
    """
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        hidden = 0
        for name in TYPES:
            (row,) = connection.rows(
                f'SELECT count(*) AS n FROM (SELECT * FROM vxdata."{name}" UNION ALL '
                f'SELECT * FROM vxdata."{name}_history") AS t WHERE {_is_hidden(name, grants)}'
            )
            hidden += row["n"]
            for statement in _changes(registry().get(name), grants, seed):
                connection.execute(statement)
        connection.execute(*_of_the_log(grants))
    return hidden


def remove_hidden(uri: SecretStr, grants: Grants) -> None:
    """Remove what grants hide in a database, and the numbers that were kept of it."""
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        for name in TYPES:
            for suffix in ("", "_history"):
                hidden = _is_hidden(name, grants)
                connection.execute(f'DELETE FROM vxdata."{name}{suffix}" AS t WHERE {hidden}')
        connection.execute("DELETE FROM vxdata.live_count")


def seen_versions(database: ConnectionPool, grants: Grants) -> dict[str, list[str]]:
    """Read what grants show, without the instants of commits."""
    found = {}
    with database.connection() as connection:
        for name in TYPES:
            fields = [f'"{field.name}"::text' for field in registry().get(name).response_fields]
            columns = ", ".join(each for each in fields if each not in INSTANTS)
            rows = connection.rows(
                " UNION ALL ".join(
                    f"SELECT {columns}, tombstone, valid_to IS NULL AS is_open "
                    f'FROM vxdata."{name}{suffix}" AS t WHERE NOT {_is_hidden(name, grants)}'
                    for suffix in ("", "_history")
                )
            )
            found[name] = sorted(repr(row) for row in rows)
    return found


def _is_hidden(name: str, grants: Grants, table: str = "t") -> str:
    seen = ["true"] if grants.types is None or name in grants.types else ["false"]
    for column, values in (("datasource_id", grants.read), ("license", grants.licenses)):
        if values is not None:
            listed = ", ".join(map(text, values))
            seen.append(f"{table}.{column} = ANY (ARRAY[{listed}]::text[])")
    return f"(({' AND '.join(seen)}) IS NOT TRUE)"


def _changes(payload_type: PayloadType, grants: Grants, seed: int) -> Iterator[str]:
    name = payload_type.prefix
    latest, history = (f'vxdata."{name}{suffix}"' for suffix in ("", "_history"))
    coin = f"hashtext(t.identifier || t.version || {text(str(seed))})"
    whole = " AND ".join(
        f"NOT EXISTS (SELECT FROM {table} AS o WHERE o.identifier = t.identifier "
        f"AND NOT {_is_hidden(name, grants, 'o')})"
        for table in (latest, history)
    )
    columns = [field.name for field in payload_type.response_fields]
    listed = ", ".join(f'"{each}"' for each in (*columns, "tombstone"))
    # Siblings of what is hidden altogether, below the same parents.
    for clone in CLONES:
        values = ", ".join(
            f"t.identifier || '{clone}'" if each == "identifier" else f't."{each}"'
            for each in (*columns, "tombstone")
        )
        for table in (history, latest):
            yield (
                f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} AS t "
                f"WHERE {_is_hidden(name, grants)} AND hashtext(t.identifier || {text(str(seed))}) % 3 = 0 "
                f"AND {whole}"
            )
    # Some of it goes.
    for table in (history, latest):
        yield (
            f"DELETE FROM {table} AS t WHERE {_is_hidden(name, grants)} "
            f"AND hashtext(t.identifier || {text(str(seed))}) % 3 = 1 "
            f"AND {whole}"
        )
    # The rest gets other values, other parents, and other states.
    for table in (history, latest):
        assignments = [
            f'"{field.name}" = CASE WHEN {coin} % 2 = 0 '
            f'THEN {OTHER_VALUES[type(field.type)].format(column=field.name)} ELSE t."{field.name}" END'
            for field in payload_type.fields
            if type(field.type) in OTHER_VALUES
        ]
        assignments += [f"tombstone = ({coin} % 5 = 0)", "patient_id = 'patient/0'"]
        if table == latest:
            assignments.append("parent_identifier = CASE WHEN version % 2 = 0 THEN NULL ELSE 'volume/1' END")
        yield f"UPDATE {table} AS t SET {', '.join(assignments)} WHERE {_is_hidden(name, grants)}"


def _of_the_log(grants: Grants) -> Iterator[str]:
    """Other counts everywhere, and another author where nothing of a commit is seen."""
    seen = " UNION ALL ".join(
        f'SELECT version FROM vxdata."{name}{suffix}" AS t WHERE NOT {_is_hidden(name, grants)}'
        for name in TYPES
        for suffix in ("", "_history")
    )
    more = ", ".join(f"{text(name)}, 1000" for name in TYPES)
    yield f"UPDATE vxdata.commit_log SET counts = jsonb_build_object({more}) || counts"
    other = "verb = 'restore', principal = 'other', idempotency_key = 'other ' || version, client = '{}'"
    yield f"UPDATE vxdata.commit_log SET {other} WHERE version NOT IN ({seen})"
    yield "UPDATE vxdata.live_count SET live = live + 1000"
