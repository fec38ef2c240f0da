"""The module `vxdata.sdk._namespaces_generated`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.generate.python_source import HEADER, formatted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType

PREAMBLE: Final = '''"""The client's namespaces: one property for each payload type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

{imports}
if TYPE_CHECKING:
    from vxdata.schemas.resource_model import ResourceCreate, ResourceResponse, ResourceUpdate
    from vxdata.sdk._namespace import Namespace
    from vxdata.sdk._registration import RegistrableNamespace

C = TypeVar("C", bound="ResourceCreate")
U = TypeVar("U", bound="ResourceUpdate")
R = TypeVar("R", bound="ResourceResponse")

__all__ = ["TypedNamespaces"]


class TypedNamespaces(ABC):
    """What a client offers for each payload type."""

    @abstractmethod
    def _namespace(self, create: type[C], update: type[U], response: type[R]) -> Namespace[C, U, R]:
        """Make the namespace of one payload type."""

    @abstractmethod
    def _registrable(
        self, create: type[C], update: type[U], response: type[R]
    ) -> RegistrableNamespace[C, U, R]:
        """Make the namespace of a payload type whose identifiers can be registered."""
'''


def render(payload_types: Iterable[PayloadType]) -> str:
    """Write the module.

    Args:
        payload_types: The declarations.

    Returns:
        Python source.
    """
    payload_types = list(payload_types)
    imports = "".join(_import(payload_types, verb) for verb in ("Create", "Update", "Response"))
    properties = "\n".join(_property(payload_type) for payload_type in payload_types)
    return formatted(f"{HEADER}\n{PREAMBLE.format(imports=imports)}\n{properties}")


def _import(payload_types: Iterable[PayloadType], verb: str) -> str:
    """Import one kind of model."""
    names = ", ".join(f"{payload_type.name}{verb}" for payload_type in payload_types)
    return f"from vxdata.schemas.{verb.lower()} import {names}\n"


def _property(payload_type: PayloadType) -> str:
    """Write the property of one type."""
    models = ", ".join(f"{payload_type.name}{verb}" for verb in ("Create", "Update", "Response"))
    is_registrable = payload_type.external_uids_within is not None
    kind, maker = ("RegistrableNamespace", "_registrable") if is_registrable else ("Namespace", "_namespace")
    return (
        f"    @cached_property\n    def {payload_type.namespace}(self) -> {kind}[{models}]:\n"
        f'        """Resources of type `{payload_type.prefix}`. {payload_type.description}"""\n'
        f"        return self.{maker}({models})\n"
    )
