"""Single resources as callers give them: models, and dictionaries of their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload, ValidationFailed
from vxdata.schemas.models import ResourceCreate, ResourceModel, ResourceUpdate, models_of
from vxdata.schemas.violations import MAX_VIOLATIONS
from vxdata.sdk._tabular_input import Peeked

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType

TypeOf = Callable[[Mapping[str, Any]], "PayloadType"]
"""Tells the payload type of a row."""

ACCEPTED = (
    "models, dictionaries of fields, or frames: of Polars, pandas, pyarrow or whatever gives Arrow streams"
)


def is_one(given: object) -> bool:
    """Tell whether something is a single resource: a model, or a dictionary that names one."""
    return isinstance(given, ResourceModel) or (
        isinstance(given, Mapping) and isinstance(given.get("identifier"), str)
    )


def creates_of(given: object, type_of: TypeOf) -> list[ResourceCreate]:
    """Take one resource to create or several, from whatever holds them, and nothing else.

    Args:
        given: What a caller gave.
        type_of: Tells the type of a dictionary.

    Returns:
        The models, in order.

    Raises:
        FieldTypeMismatch: Something is neither a model nor a dictionary.
        UnexpectedPayload: A model is none for a create.
        ValidationFailed: Dictionaries hold values that break the constraints of their fields; each is listed
            with its row.
    """
    if is_one(given) or not isinstance(given, Iterable) or isinstance(given, Mapping | str | bytes):
        given = [given]
    return _checked(given, lambda one: _create(one, type_of))


def updates_of(given: object, type_of: TypeOf) -> list[tuple[str, ResourceUpdate]] | None:
    """Take updates that are given as dictionaries of an identifier and the fields to change.

    Args:
        given: What a caller gave.
        type_of: Tells the type of a dictionary.

    Returns:
        Pairs of identifier and update; None if there are no such dictionaries.

    Raises:
        ValidationFailed: Values break the constraints of their fields; each is listed with its row.
    """
    rows: Iterable[Any]
    match given:
        case Mapping():
            rows = [given]
        case Peeked(first=first):
            rows = given if _is_row(first) else []
        case _:
            rows = given if isinstance(given, list | tuple) and given and all(map(_is_row, given)) else []
    if not rows or (isinstance(given, Mapping) and not _is_row(given)):
        return None
    return _checked(rows, lambda row: _update(row, type_of))


def _is_row(given: object) -> bool:
    """Whether something is a dictionary of one resource's fields."""
    return isinstance(given, Mapping) and is_one(given)


def _create(one: object, type_of: TypeOf) -> ResourceCreate:
    if isinstance(one, ResourceCreate):
        return one
    if isinstance(one, Mapping) and not _is_by_type(one):
        return models_of(type_of(one)).create(**one)
    name = type(one).__name__
    if isinstance(one, ResourceModel):
        stem = name.removesuffix("Update").removesuffix("Response")
        msg = f"create takes {stem}Create, not {name}."
        raise UnexpectedPayload(msg, resource_type=one.resource_type, got=name)
    msg = f"create takes {ACCEPTED}; not {name}."
    raise FieldTypeMismatch(msg, got=name)


def _is_by_type(one: Mapping[Any, Any]) -> bool:
    """Whether a mapping holds resources, and is none itself."""
    return any(isinstance(value, ResourceModel) for value in one.values())


def _update(row: Mapping[str, Any], type_of: TypeOf) -> tuple[str, ResourceUpdate]:
    if not _is_row(row):
        msg = f"Among dictionaries of fields with an identifier there is {row!r:.80}."
        raise FieldTypeMismatch(msg, got=type(row).__name__)
    changes = {name: value for name, value in row.items() if name != "identifier"}
    return row["identifier"], models_of(type_of(row)).update(**changes)


def _checked(rows: Iterable[Any], make: Callable[[Any], Any]) -> list[Any]:
    """Make a model of each row, and tell everything that is wrong in all of them."""
    made, violations, count = [], [], 0
    for number, row in enumerate(rows):
        try:
            made.append(make(row))
        except ValidationFailed as problem:
            found = problem.details["violations"]
            count += problem.details.get("count", len(found))
            violations += [{**violation, "row": number} for violation in found]
    if violations:
        raise ValidationFailed.from_violations(violations[:MAX_VIOLATIONS], count=count)
    return made
