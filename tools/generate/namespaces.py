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
    "artefact": Extended("vxdata.sdk._resources.artefacts", "Artefacts"),
    "benchmarking": Extended("vxdata.sdk._resources.benchmarks", "BenchmarkingResults"),
}
"""Identifier prefix to the namespace that offers more than the verbs."""

PREAMBLE: Final = '''"""The client's namespaces: one property for each payload type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
{imports}
    from vxdata.sdk._resources.namespace import Namespace
    from vxdata.sdk._resources.registration import RegistrableNamespace

N = TypeVar("N", bound="Namespace[Any, Any, Any, Any]")

__all__ = ["TypedNamespaces"]


class TypedNamespaces(ABC):
    """The namespaces that a client offers, one for each payload type.

    The models are imported when the first of them is used, since that takes as long as the SDK itself.
    """

    @abstractmethod
    def _namespace(self, resource_type: str) -> Namespace[Any, Any, Any, Any]:
        """Make the namespace of one payload type."""

    @abstractmethod
    def _registrable(self, resource_type: str) -> RegistrableNamespace[Any, Any, Any, Any]:
        """Make the namespace of a payload type whose identifiers can be registered."""

    @abstractmethod
    def _extended(self, kind: type[N], resource_type: str) -> N:
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
    plain = [payload_type for payload_type in payload_types if payload_type.prefix not in EXTENDED]
    models = "".join(_import(plain, verb) for verb in ("Create", "Update", "Response"))
    fields = ", ".join(f"{payload_type.name}Fields" for payload_type in plain)
    imports = f"    from vxdata.sdk._expressions.fields_generated import {fields}\n" + models
    imports += "".join(map(_import_extended, EXTENDED.values()))
    properties = "\n".join(_property(payload_type) for payload_type in payload_types)
    return formatted(f"{HEADER}\n{PREAMBLE.format(imports=imports)}\n{properties}")


def _import(payload_types: Iterable[PayloadType], verb: str) -> str:
    """Import one kind of model."""
    names = ", ".join(f"{payload_type.name}{verb}" for payload_type in payload_types)
    return f"    from vxdata.schemas.{verb.lower()} import {names}\n"


def _import_extended(kind: Extended) -> str:
    """Import the class of one namespace."""
    return f"    from {kind.module} import {kind.name}\n"


def _property(payload_type: PayloadType) -> str:
    """Write the property of one type."""
    kind, made = _made(payload_type)
    extended = EXTENDED.get(payload_type.prefix)
    imported = "" if extended is None else f"    {_import_extended(extended)}\n"
    return (
        f"    @cached_property\n    def {payload_type.namespace}(self) -> {kind}:\n"
        f'        """Resources of type `{payload_type.prefix}`. {payload_type.description}"""\n'
        f"{imported}        return self.{made}\n\n"
        f"    @property\n    def {payload_type.singular_namespace}(self) -> {kind}:\n"
        f'        """Another name of `{payload_type.namespace}`."""\n'
        f"        return self.{payload_type.namespace}\n"
    )


def _made(payload_type: PayloadType) -> tuple[str, str]:
    """Write the type of a namespace, and the call that makes it."""
    prefix = payload_type.prefix
    models = ", ".join(f"{payload_type.name}{part}" for part in ("Create", "Update", "Response", "Fields"))
    if prefix in EXTENDED:
        name = EXTENDED[prefix].name
        return name, f'_extended({name}, "{prefix}")'
    if payload_type.external_uids_within is not None:
        return f"RegistrableNamespace[{models}]", f'_registrable("{prefix}")'
    return f"Namespace[{models}]", f'_namespace("{prefix}")'
