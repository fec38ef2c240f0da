"""The module `vxdata.schemas.generated.response`."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from tools.generate.python_source import Models, stored_source

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field


def _annotation(field: Field) -> str:
    """Write the type of a stored field, and that what is not required may be null."""
    return f"{stored_source(field.type)}{'' if field.required else ' | None = None'}"


render: Final = Models(
    kind="Response",
    purpose="Models of stored versions.",
    summary="Stored",
    section="Attributes",
    fields=attrgetter("response_fields"),
    annotation=_annotation,
).render
"""Writes the module."""
