"""Statements of register and resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.values import Literal
from vxdata.sql.dialect.postgres import array_text
from vxdata.sql.names import TOMBSTONE, latest, text, written
from vxdata.sql.write.lookup import each

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLE = "vxdata.registration"


def lookup(resource_type: str, parents: Sequence[str], external_uids: Sequence[str]) -> str:
    """Find what was registered for pairs of a parent and an external uid.

    Args:
        resource_type: What the identifiers are of.
        parents: Parents, one a pair.
        external_uids: External uids, one a pair.

    Returns:
        A query for the pairs that are registered, with their identifiers.
    """
    known = (
        f"SELECT r.* FROM {TABLE} AS r WHERE r.resource_type = {text(resource_type)} "
        "AND r.parent_identifier = asked.parent_identifier AND r.external_uid = asked.external_uid"
    )
    return (
        "SELECT r.parent_identifier, r.external_uid, r.identifier "
        f"FROM unnest({_array(parents)}, {_array(external_uids)}) AS asked (parent_identifier, external_uid) "
        f"CROSS JOIN {each(known)} AS r"
    )


def live_parents(parent_type: str, parents: Sequence[str], columns: Sequence[str]) -> str:
    """Read the live ones among some parents."""
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"SELECT {names} FROM {written(latest, parent_type)} "
        f"WHERE identifier = ANY ({_array(parents)}) AND NOT {TOMBSTONE}"
    )


def last_numbers(resource_type: str, series: Sequence[str]) -> str:
    """Find the highest number of each series, registered or used by a resource that was created otherwise.

    What continues a series with a digit lies between two texts, since identifiers are ordered byte by
    byte and the colon follows the nine: so each series is one range of an index in either table.

    Args:
        resource_type: What the identifiers are of.
        series: What the identifiers of each series begin with.

    Returns:
        A query for one row a series, with 0 where there is no number.
    """
    suffix = "substring(t.identifier from length(asked.series) + 1)"
    return (
        "SELECT asked.series, greatest("
        f"(SELECT max(r.number) FROM {TABLE} AS r "
        f"WHERE r.resource_type = {text(resource_type)} AND r.series = asked.series), "
        f"(SELECT max(CASE WHEN {suffix} ~ '^[0-9]{{1,18}}$' THEN {suffix}::bigint END) "
        f"FROM {written(latest, resource_type)} AS t "
        "WHERE t.identifier >= asked.series || '0' AND t.identifier < asked.series || ':'), "
        f"0) AS number FROM unnest({_array(series)}) AS asked (series)"
    )


def insert(resource_type: str, rows: Sequence[tuple[str, str, str, str, int]]) -> str:
    """Keep new registrations.

    Args:
        resource_type: What the identifiers are of.
        rows: Parent, external uid, identifier, series and number of each.

    Returns:
        One INSERT.
    """
    parents, uids, identifiers, series, numbers = zip(*rows, strict=True)
    arrays = ", ".join([*map(_array, (parents, uids, identifiers, series)), f"{_array(numbers, 'bigint')}"])
    return (
        f"INSERT INTO {TABLE} (resource_type, parent_identifier, external_uid, identifier, series, number) "
        f"SELECT {text(resource_type)}, * FROM unnest({arrays})"
    )


def _array(values: Sequence[str | int], element_type: str = "text") -> str:
    return f"{text(array_text(map(Literal, values)))}::{element_type}[]"
