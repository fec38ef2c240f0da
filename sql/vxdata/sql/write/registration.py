"""Statements of register and resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.values import Literal
from vxdata.sql.dialect.postgres import array_text
from vxdata.sql.names import TOMBSTONE, latest, text, written
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.lookup import each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.sql.write.granted import Granted

TABLE = "vxdata.registration"


def lookup(
    resource_type: str,
    parent_type: str,
    parents: Sequence[str],
    external_uids: Sequence[str],
    granted: Granted = EVERYTHING,
) -> str:
    """Find what was registered for pairs of a parent and an external uid.

    Args:
        resource_type: What the identifiers are of.
        parent_type: Type of the parents.
        parents: Parents, one a pair.
        external_uids: External uids, one a pair.
        granted: What the asker sees; below a parent that is hidden, nothing is registered.

    Returns:
        A query for the pairs that are registered, with their identifiers, and whether there is a resource of
        that name which is hidden.
    """
    known = (
        f"SELECT r.* FROM {TABLE} AS r WHERE r.resource_type = {text(resource_type)} "
        "AND r.parent_identifier = asked.parent_identifier AND r.external_uid = asked.external_uid"
    )
    hidden, where = "false", ""
    if granted.visible is not None or not granted.shows(parent_type):
        seen = granted.is_visible(resource_type, "t")
        hidden = (
            f"EXISTS (SELECT FROM {written(latest, resource_type)} AS t "
            f"WHERE t.identifier = r.identifier AND ({seen}) IS NOT TRUE)"
        )
        parent = f"SELECT FROM {granted.table(parent_type)} AS p WHERE p.identifier = r.parent_identifier"
        where = f" WHERE EXISTS ({parent})"
    return (
        f"SELECT r.parent_identifier, r.external_uid, r.identifier, {hidden} AS hidden "
        f"FROM unnest({_array(parents)}, {_array(external_uids)}) AS asked (parent_identifier, external_uid) "
        f"CROSS JOIN {each(known)} AS r{where}"
    )


def live_parents(
    parent_type: str, parents: Sequence[str], columns: Sequence[str], granted: Granted = EVERYTHING
) -> str:
    """Read the live ones among some parents that are seen, and whether below each must not be written."""
    names = ", ".join(f'p."{name}"' for name in columns)
    return (
        f"SELECT {names}, {granted.is_denied_source('p')} AS denied FROM {granted.table(parent_type)} AS p "
        f"WHERE p.identifier = ANY ({_array(parents)}) AND NOT p.{TOMBSTONE}"
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
