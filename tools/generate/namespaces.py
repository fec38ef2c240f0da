"""The module `vxdata.sdk._namespaces_generated`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tools.generate.python_source import HEADER, formatted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType


class Extended(NamedTuple):
    """A class of its own for the namespace of one type.

    Args:
        module: Where it is.
        name: Its name.
    """

    module: str
    name: str


EXTENDED: Final = {
    "artefact": Extended("vxdata.sdk._artefacts", "Artefacts"),
    "benchmarking": Extended("vxdata.sdk._benchmarks", "BenchmarkingResults"),
}
"""Identifier prefix to the namespace that offers more than the verbs."""

PREAMBLE: Final = '''"""The client's namespaces: one property for each payload type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

{imports}
if TYPE_CHECKING:
    from vxdata.schemas.resource_model import ResourceCreate, ResourceResponse, ResourceUpdate
    from vxdata.sdk._namespace import Namespace
    from vxdata.sdk._registration import RegistrableNamespace

C = TypeVar("C", bound="ResourceCreate")
U = TypeVar("U", bound="ResourceUpdate")
R = TypeVar("R", bound="ResourceResponse")
N = TypeVar("N", bound="Namespace[Any, Any, Any]")

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

    @abstractmethod
    def _extended(self, kind: type[N], response: type[ResourceResponse]) -> N:
        """Make the namespace of a payload type that has a class of its own."""
'''


def render(payload_types: Iterable[PayloadType]) -> str:
    """Write the module.

    Args:
        payload_types: The declarations.

    Returns:
        Python source.
    """
    payload_types = list(payload_types)
    models = "".join(_import(payload_types, verb) for verb in ("Create", "Update", "Response"))
    imports = models + "".join(f"from {kind.module} import {kind.name}\n" for kind in EXTENDED.values())
    properties = "\n".join(_property(payload_type) for payload_type in payload_types)
    return formatted(f"{HEADER}\n{PREAMBLE.format(imports=imports)}\n{properties}")


def _import(payload_types: Iterable[PayloadType], verb: str) -> str:
    """Import one kind of model; of types with a class of their own only the responses are named."""
    names = ", ".join(
        f"{payload_type.name}{verb}"
        for payload_type in payload_types
        if verb == "Response" or payload_type.prefix not in EXTENDED
    )
    return f"from vxdata.schemas.{verb.lower()} import {names}\n"


def _property(payload_type: PayloadType) -> str:
    """Write the property of one type."""
    kind, made = _made(payload_type)
    return (
        f"    @cached_property\n    def {payload_type.namespace}(self) -> {kind}:\n"
        f'        """Resources of type `{payload_type.prefix}`. {payload_type.description}"""\n'
        f"        return self.{made}\n"
    )


def _made(payload_type: PayloadType) -> tuple[str, str]:
    """Write the type of a namespace, and the call that makes it."""
    models = ", ".join(f"{payload_type.name}{verb}" for verb in ("Create", "Update", "Response"))
    if payload_type.prefix in EXTENDED:
        name = EXTENDED[payload_type.prefix].name
        return name, f"_extended({name}, {payload_type.name}Response)"
    if payload_type.external_uids_within is not None:
        return f"RegistrableNamespace[{models}]", f"_registrable({models})"
    return f"Namespace[{models}]", f"_namespace({models})"
