"""The module `vxdata.schemas.create`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.generate import python_source as source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType


def render(payload_types: Iterable[PayloadType]) -> str:
    """Write the module.

    Args:
        payload_types: The declarations.

    Returns:
        Python source.
    """
    return source.module("Models of resources to create.", "ResourceCreate", payload_types, _class)


def _class(payload_type: PayloadType) -> str:
    """Write the model of one type."""
    fields = payload_type.create_fields
    lines = [
        f"    {field.name}: {source.value_source(field.type)}"
        if field.required
        else f"    {field.name}: {source.value_source(field.type)} | None = None"
        for field in fields
    ]
    docstring = source.docstring(f"Create: {payload_type.description}", "Args", fields)
    return (
        f"class {payload_type.name}Create(ResourceCreate):\n{docstring}\n"
        f'    resource_type: ClassVar[str] = "{payload_type.prefix}"\n\n' + "\n".join(lines) + "\n"
    )
