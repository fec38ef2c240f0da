"""Changes as uploads: what a caller gives becomes tables, each row with the version that it expects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

import pyarrow as pa

from vxdata.schemas.errors import FieldTypeMismatch, InvalidRequest, UnexpectedPayload
from vxdata.schemas.identifiers import prefix_of
from vxdata.schemas.models import ResourceUpdate
from vxdata.schemas.types.arrow import arrow_type
from vxdata.schemas.wire.uploads import EXPECTED_VERSION
from vxdata.sdk._conversion.models import arrow_value
from vxdata.sdk._tabular_input import column_of

if TYPE_CHECKING:
    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sdk._resources.upload import TypedTable

ExpectedVersions = int | Mapping[str, int] | None
"""The version that a call expects: of its one resource, by identifier of several, or any."""


def names_of(identifiers: object) -> list[str]:
    """Take one identifier or several, from whatever holds them, and nothing else.

    Args:
        identifiers: What a caller gave: a text, several, a column, or a frame with the column `identifier`.

    Returns:
        The identifiers, as they were written.

    Raises:
        FieldTypeMismatch: Something is no text, or a frame has no column `identifier`.
    """
    if isinstance(identifiers, str):
        return [identifiers]
    names: list[Any] = column_of(identifiers, "identifier")
    foreign = sorted({type(name).__name__ for name in names if not isinstance(name, str)})
    if foreign:
        msg = f"Identifiers are texts, not {' or '.join(foreign)}."
        raise FieldTypeMismatch(msg, got=foreign)
    return names


def pairs_of(resources: object, update: object = None) -> list[tuple[str, ResourceUpdate]]:
    """Take updates with their identifiers, in any form that states both.

    Args:
        resources: An identifier, a pair, several pairs, or updates by identifier.
        update: The update, beside an identifier alone.

    Returns:
        Pairs of identifier and update, as they were written.

    Raises:
        FieldTypeMismatch: Something is no pair of an identifier and an update.
    """
    given: list[object]
    if isinstance(resources, str) or update is not None or is_pair(resources):
        given = [resources if update is None else (resources, update)]
    elif isinstance(resources, Mapping):
        given = list(resources.items())
    else:
        given = list(resources) if isinstance(resources, Iterable) else [resources]
    pairs = [pair for pair in given if is_pair(pair)]
    if len(pairs) < len(given):
        msg = (
            "update takes an identifier and its update, such pairs, updates by identifier, dictionaries of "
            "an identifier and the fields to change such as {'identifier': 'a1', 'sex': 'F'}, or a frame."
        )
        raise FieldTypeMismatch(msg)
    return pairs


def is_pair(given: object) -> TypeGuard[tuple[str, ResourceUpdate]]:
    """Whether something is an identifier with its update."""
    match given:
        case (str(), ResourceUpdate()):
            return isinstance(given, tuple)
    return False


def tables_of_updates(
    registry: Registry, updates: Mapping[str, ResourceUpdate], expected: ExpectedVersions
) -> list[TypedTable]:
    """Turn updates into one table for each resource type and set of stated fields.

    Args:
        registry: The payload types.
        updates: Full identifier to update.
        expected: Versions that must be there.

    Returns:
        The tables; a field that no update states is in none of them, and so is kept.

    Raises:
        UnexpectedPayload: An update is of another type than its identifier.
    """
    foreign = [
        identifier
        for identifier, update in updates.items()
        if prefix_of(registry, identifier) != update.resource_type
    ]
    if foreign:
        types = sorted({updates[identifier].resource_type for identifier in foreign})
        raise UnexpectedPayload.from_identifiers(foreign, " or ".join(types))
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for identifier, update in updates.items():
        changes = update.changes()
        groups[update.resource_type, tuple(changes)].append((identifier, changes))
    versions = _versions(updates, expected)
    return [
        (resource_type, _table(registry.get(resource_type), names, rows, versions))
        for (resource_type, names), rows in groups.items()
    ]


def tables_of_identifiers(
    registry: Registry, identifiers: Iterable[str], expected: ExpectedVersions
) -> list[TypedTable]:
    """Turn identifiers into one table for each resource type.

    Args:
        registry: The payload types.
        identifiers: Full identifiers.
        expected: Versions that must be there.

    Returns:
        The tables.
    """
    identifiers = list(identifiers)
    versions = _versions(identifiers, expected)
    by_type: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for identifier in identifiers:
        by_type[prefix_of(registry, identifier)].append((identifier, {}))
    return [
        (resource_type, _table(registry.get(resource_type), (), rows, versions))
        for resource_type, rows in by_type.items()
    ]


def _versions(identifiers: Iterable[str], expected: ExpectedVersions) -> Mapping[str, int]:
    identifiers = list(identifiers)
    if expected is None:
        return {}
    if isinstance(expected, Mapping):
        unknown = sorted(set(expected) - set(identifiers))
        if unknown:
            msg = (
                f"expected_version names resources that the call does not change: {', '.join(unknown[:20])}."
            )
            raise InvalidRequest(msg, identifiers=unknown)
        return expected
    if len(identifiers) != 1:
        msg = "One expected_version says nothing of several resources; give a dictionary by identifier."
        raise InvalidRequest(msg)
    return {identifiers[0]: expected}


def _table(
    payload_type: PayloadType,
    names: tuple[str, ...],
    rows: list[tuple[str, dict[str, Any]]],
    versions: Mapping[str, int],
) -> pa.Table:
    fields = payload_type.field_by_name
    columns = {"identifier": pa.array([identifier for identifier, _ in rows], pa.string())}
    for name in names:
        values = [arrow_value(changes[name]) for _, changes in rows]
        columns[name] = pa.array(values, arrow_type(fields[name].type))
    if versions:
        columns[EXPECTED_VERSION] = pa.array([versions.get(identifier) for identifier, _ in rows], pa.int64())
    return pa.table(columns)
