"""The module `vxdata.schemas.update`."""

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
    purpose = "Models of changes to resources: what is not stated is kept, and None means null."
    return source.module(purpose, "ResourceUpdate", payload_types, _class)


def _class(payload_type: PayloadType) -> str:
    """Write the model of one type."""
    fields = [field for field in payload_type.create_fields if field.name != "identifier"]
    lines = [
        f"    {field.name}: {source.value_source(field.type)}{'' if field.required else ' | None'} = UNSET"
        for field in fields
    ]
    docstring = source.docstring(f"Update: {payload_type.description}", "Args", fields)
    return (
        f"class {payload_type.name}Update(ResourceUpdate):\n{docstring}\n"
        f'    resource_type: ClassVar[str] = "{payload_type.prefix}"\n\n' + "\n".join(lines) + "\n"
    )
