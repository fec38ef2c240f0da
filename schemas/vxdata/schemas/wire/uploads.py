"""The columns of an upload: which fields rows may state, and which they must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.fields import Field, Integer

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb

EXPECTED_VERSION: Final = "expected_version"
"""Column that states which version the caller expects to change; null for any."""

_EXPECTED: Final = Field(
    name=EXPECTED_VERSION, type=Integer(ge=1), description="Version that the caller expects to change."
)


def upload_fields(payload_type: PayloadType, verb: Verb) -> tuple[Field, ...]:
    """The fields that rows may state.

    Args:
        payload_type: What the rows are.
        verb: What they are for.

    Returns:
        All fields to create and update, else the identifier alone; every verb but create takes an
        expected version besides.
    """
    match verb:
        case "create":
            return payload_type.create_fields
        case "update":
            return (*payload_type.create_fields, _EXPECTED)
        case "delete" | "restore" | "purge":
            return (payload_type.create_fields[0], _EXPECTED)


def demanded_columns(payload_type: PayloadType, verb: Verb) -> tuple[str, ...]:
    """The columns that rows must have: all required fields to create, else the identifier.

    In an update, a column that is absent keeps what is stored, and a null in a column makes the field
    null.
    """
    if verb != "create":
        return ("identifier",)
    return tuple(field.name for field in payload_type.create_fields if field.required)
