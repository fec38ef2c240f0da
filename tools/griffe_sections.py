"""Let the reference of the documentation read our docstrings: an extension of griffe, named in mkdocs.yml.

Griffe knows an *Examples* section, and our docstrings have one *Example*. The arguments of models are their
fields, which no signature shows: they are documented as attributes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLE: Final = re.compile(r"^( *)Example:$", re.MULTILINE)
_ARGUMENTS: Final = re.compile(r"^( *)Args:$", re.MULTILINE)


class Sections(griffe.Extension):
    """Renames sections of docstrings to what griffe understands."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object that has been loaded with its members."""
        if obj.docstring is None:
            return
        obj.docstring.value = _EXAMPLE.sub(r"\1Examples:", obj.docstring.value)
        if isinstance(obj, griffe.Class) and not any(_signatures(obj)):
            obj.docstring.value = _ARGUMENTS.sub(r"\1Attributes:", obj.docstring.value)


def _signatures(found: griffe.Class) -> Iterator[bool]:
    """Tell of each way in which a class can take arguments of its own whether it has it."""
    yield "__init__" in found.members
    yield any(decorator.callable_path == "dataclasses.dataclass" for decorator in found.decorators)
