"""The module `vxdata.schemas.generated.update`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.generate.python_source import Models, value_source

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType


def _fields(payload_type: PayloadType) -> list[Field]:
    """The fields that can change."""
    return [field for field in payload_type.create_fields if field.name != "identifier"]


def _annotation(field: Field) -> str:
    """Write the type of a field, and that none must be stated."""
    return f"{value_source(field.type)}{'' if field.required else ' | None'} = UNSET"


render: Final = Models(
    kind="Update",
    purpose="Models of changes to resources: what is not stated is kept, and None means null.",
    summary="Update",
    section="Args",
    fields=_fields,
    annotation=_annotation,
).render
"""Writes the module."""
