"""The models that users create, update and receive resources with, and how they follow from a declaration.

The built-in types are written out, for editors and type checkers, in `vxdata.schemas.create`,
`vxdata.schemas.update` and `vxdata.schemas.response`. `build_models` makes the same classes at run time for
the types that a deployment adds; `models_of` finds either.
"""

from __future__ import annotations

from functools import cache
from keyword import iskeyword
from typing import Any, NamedTuple

from pydantic import create_model

from vxdata.schemas.payload_type import InvalidPayloadType, PayloadType
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.resource_model import (
    UNSET,
    ResourceCreate,
    ResourceModel,
    ResourceResponse,
    ResourceUpdate,
    describe_fields,
)
from vxdata.schemas.types.pydantic import NaiveTimestampWarning, created_type, stored_type, value_type

__all__ = [
    "UNSET",
    "NaiveTimestampWarning",
    "ResourceCreate",
    "ResourceModel",
    "ResourceModels",
    "ResourceResponse",
    "ResourceUpdate",
    "build_models",
    "models_of",
]


class ResourceModels(NamedTuple):
    """The three models of one payload type."""

    create: type[ResourceCreate]
    update: type[ResourceUpdate]
    response: type[ResourceResponse]


@cache
def models_of(payload_type: PayloadType) -> ResourceModels:
    """Find the models of a payload type.

    Args:
        payload_type: The declaration.

    Returns:
        The generated classes for a built-in type; classes made from the declaration for an added one.

    Raises:
        InvalidPayloadType: No models can be made of an added type.

    Example:
        >>> from vxdata.schemas.payloads.imaging import VOLUME
        >>> models_of(VOLUME).create.__name__
        'VolumeCreate'
    """
    if payload_type not in BUILTIN_PAYLOAD_TYPES:
        return build_models(payload_type)
    # They take long to import, and a program that only reads frames needs none of them.
    from vxdata.schemas import create, response, update  # noqa: PLC0415

    return ResourceModels(
        getattr(create, f"{payload_type.name}Create"),
        getattr(update, f"{payload_type.name}Update"),
        getattr(response, f"{payload_type.name}Response"),
    )


@cache
def build_models(payload_type: PayloadType) -> ResourceModels:
    """Make the models of a payload type at run time.

    Args:
        payload_type: The declaration.

    Returns:
        Classes that behave like the generated ones, but that type checkers cannot look into.

    Raises:
        InvalidPayloadType: A field has the name of a Python keyword or of an attribute of the models.

    Example:
        >>> from vxdata.schemas.catalog.registry import registry
        >>> build_models(registry().get("volume")).create(
        ...     identifier="vol1", parent_identifier="patient/BB00017", license="CC BY 4.0"
        ... ).identifier
        'volume/vol1'
    """
    _refuse_reserved_names(payload_type)
    create_fields: dict[str, Any] = {}
    update_fields: dict[str, Any] = {}
    for field in payload_type.create_fields:
        created = created_type(field.type)
        create_fields[field.name] = (created, ...) if field.required else (created | None, None)
        python_type = value_type(field.type)
        update_fields[field.name] = (python_type if field.required else python_type | None, UNSET)
    del update_fields["identifier"]
    response_fields: dict[str, Any] = {}
    for field in payload_type.response_fields:
        python_type = stored_type(field.type)
        response_fields[field.name] = (python_type, ...) if field.required else (python_type | None, None)
    return ResourceModels(
        _subclass(ResourceCreate, payload_type, "Create", create_fields),
        _subclass(ResourceUpdate, payload_type, "Update", update_fields),
        _subclass(ResourceResponse, payload_type, "Response", response_fields),
    )


def _subclass(base: type[ResourceModel], payload_type: PayloadType, verb: str, fields: dict[str, Any]) -> Any:
    """Make one model class."""
    model = create_model(
        f"{payload_type.name}{verb}",
        __base__=base,
        __doc__=payload_type.description,
        __module__=__name__,
        **fields,
    )
    model.resource_type = payload_type.prefix
    describe_fields(model, payload_type)
    return model


def _refuse_reserved_names(payload_type: PayloadType) -> None:
    """Refuse fields that would hide what the models themselves need."""
    # What has no value on the class is not in its dir().
    without_value = {"children", "resource_type"}
    taken = without_value.union(*map(dir, (ResourceCreate, ResourceUpdate, ResourceResponse)))
    names = (field.name for field in payload_type.fields)
    reserved = [name for name in names if name in taken or iskeyword(name)]
    if reserved:
        raise InvalidPayloadType(f"{payload_type.name}: reserved field names: {', '.join(reserved)}")
