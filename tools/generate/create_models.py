"""The module `vxdata.schemas.generated.create`."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from tools.generate.python_source import Models, created_source

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field


def _annotation(field: Field) -> str:
    """Write the type of a field, and that what is not required may be left out."""
    return f"{created_source(field.type)}{'' if field.required else ' | None = None'}"


render: Final = Models(
    kind="Create",
    purpose="Models of resources to create.",
    summary="Create",
    section="Args",
    fields=attrgetter("create_fields"),
    annotation=_annotation,
).render
"""Writes the module."""
