"""The module `vxdata.sdk._expressions.fields_generated`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.generate.python_source import HEADER, attribute_docstring, formatted
from vxdata.schemas.payload_type import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType

PREAMBLE: Final = '''"""The fields of each payload type, as type checkers see the `F` of its namespace.

None of these classes is ever instantiated: at run time, `F` looks names up in the declaration of the type.
"""

from __future__ import annotations

from vxdata.sdk._expressions.fields import FieldRef, KnownFields
'''


def render(payload_types: Iterable[PayloadType]) -> str:
    """Write the module.

    Args:
        payload_types: The declarations.

    Returns:
        Python source.
    """
    payload_types = list(payload_types)
    classes = [
        _class(f"{each.name}Fields", f"The fields of `{each.prefix}`.", each.response_fields)
        for each in payload_types
    ]
    every = {field.name: field for each in payload_types for field in each.fields}
    metadata = _class("ResourceFields", "The fields that resources of all types have.", METADATA)
    names = "".join(f"    {name}: FieldRef\n" for name in every)
    some = f'class AnyFields(ResourceFields):\n    """The fields of all types together."""\n\n{names}'
    return formatted("\n\n".join([f"{HEADER}\n{PREAMBLE}", metadata, some, *classes]))


def _class(name: str, summary: str, fields: Iterable[Field]) -> str:
    """Write the class of one namespace's `F`."""
    lines = "\n".join(f"    {field.name}: FieldRef\n{attribute_docstring(field)}" for field in fields)
    return f'class {name}(KnownFields):\n    """{summary}"""\n\n{lines}\n'
