"""The base of the models of all payload types: how they are checked, named and compared.

A model is made without a session, so its validators know the installed payload types only: this is the one
place outside the composition roots that asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from inspect import Signature, signature
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import UnexpectedPayload
from vxdata.schemas.fields import Enum
from vxdata.schemas.identifiers import normalise, normalise_as
from vxdata.schemas.payload_type import IDENTIFIER, LICENSE
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.types.numpy_values import unwrapped
from vxdata.schemas.types.pydantic import NO_CONTROLS
from vxdata.schemas.violations import error_from_pydantic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.payload_type import PayloadType

UNSET: Final[Any] = None
"""Default of every field of an update: keep what is stored.

A given None means null; `model_fields_set` tells the two apart.
"""

BUILTIN_BY_PREFIX: Final = {payload_type.prefix: payload_type for payload_type in BUILTIN_PAYLOAD_TYPES}
"""Payload types whose models are written out."""

Identifier = Annotated[str, Field(max_length=IDENTIFIER.max_length), NO_CONTROLS]
"""The name of a resource."""

LicenseText = Annotated[str, Field(max_length=LICENSE.max_length), NO_CONTROLS]
"""The name of a licence."""


class SignatureOfFields:
    """The signature of a model: its fields as keywords, for `help` and notebooks.

    pydantic puts it there when it builds a class, which ours put off until they are used.
    """

    def __get__(self, model: ResourceModel | None, kind: type[ResourceModel]) -> Signature:
        """Build the class, and return what pydantic has put there."""
        kind.model_rebuild()
        return signature(kind)


def describe_fields(model: type[ResourceModel], payload_type: PayloadType) -> None:
    """Give the fields of a model their descriptions, which its JSON schema shows too.

    Args:
        model: One of the models of the type, not yet built.
        payload_type: The declaration.
    """
    for name, field in model.model_fields.items():
        declared = payload_type.field_by_name.get(name)
        if declared is not None:
            field.description = declared.documentation


class ResourceModel(BaseModel):
    """Base of all models: frozen, strict, without room for unknown fields, raising our own errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        # A payload field may be called model_name.
        protected_namespaces=(),
        # Most programs use few of the classes, so each is built when it is first used.
        defer_build=True,
    )

    resource_type: ClassVar[str]
    __signature__: ClassVar[Any] = SignatureOfFields()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Describe the fields of a built-in type."""
        super().__pydantic_init_subclass__(**kwargs)
        declared = BUILTIN_BY_PREFIX.get(vars(cls).get("resource_type", ""))
        if declared is not None:
            describe_fields(cls, declared)

    def __init__(self, /, **data: Any) -> None:
        """Check the values, or raise `ValidationFailed` or the error of the identifier that is wrong."""
        try:
            # As BaseModel's own constructor does, which would take the values apart once more.
            self.__pydantic_validator__.validate_python(data, self_instance=self)
        except ValidationError as error:
            # Our error holds all that pydantic's does, so the latter would only double the traceback.
            if (problem := self._problem_beside_numpy(error, data)) is not None:
                raise problem from None

    def _problem_beside_numpy(self, error: ValidationError, data: dict[str, Any]) -> Exception | None:
        """Check once more, with the Python values in numpy's; that costs nothing where there are none."""
        plain = {name: unwrapped(value) for name, value in data.items()}
        if all(plain[name] is value for name, value in data.items()):
            return self._error_from(error, data)
        try:
            self.__pydantic_validator__.validate_python(plain, self_instance=self)
        except ValidationError as problem:
            return self._error_from(problem, plain)
        return None

    # Without this mark pydantic would call __init__ for every model that it validates itself.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Check a mapping or an instance, like the constructor.

        Args:
            obj: What to make a model of.
            options: As of `pydantic.BaseModel.model_validate`.

        Returns:
            The model.

        Raises:
            ValidationFailed: Values break the constraints of their fields.
        """
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise cls._error_from(error, obj) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Check a JSON document, like the constructor.

        Args:
            json_data: The document.
            options: As of `pydantic.BaseModel.model_validate_json`.

        Returns:
            The model.

        Raises:
            ValidationFailed: Values break the constraints of their fields.
        """
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise cls._error_from(error, None) from None

    @classmethod
    def _error_from(cls, error: ValidationError, data: object) -> Exception:
        """Translate what pydantic found in `data`."""
        identifier = data.get("identifier") if isinstance(data, Mapping) else None
        derived = set(ResourceResponse.model_fields).difference(ResourceCreate.model_fields)
        return error_from_pydantic(
            error, cls.resource_type, identifier, cls.model_fields, derived, cls._words_of
        )

    @classmethod
    def _words_of(cls, field: str) -> dict[str, str]:
        """Find the vocabulary of a field."""
        payload_type = registry().by_prefix.get(cls.resource_type)
        declared = None if payload_type is None else payload_type.field_by_name.get(field)
        return declared.type.words if declared is not None and isinstance(declared.type, Enum) else {}


class ResourceResponse(ResourceModel):
    """A stored version of a resource: its metadata and payload.

    Attributes:
        identifier: Stable name, `<prefix>/<rest>`.
        parent_identifier: Identifier of the immediate parent.
        license: Licence under which the data may be used.
        datasource_id: Nearest data source among the resource and its ancestors.
        patient_id: Nearest patient among the resource and its ancestors.
        study_id: Nearest imaging study among the resource and its ancestors.
        valid_from: Instant (UTC) of the commit that wrote this version.
        valid_to: Instant (UTC) at which a later version replaced this one.
        created_at: Instant (UTC) of the first version of the resource.
        version: Sequence number of the commit that wrote this version.
        children: Identifiers of the immediate children, or None where they were not asked for.
    """

    identifier: str
    parent_identifier: str | None = None
    license: str | None = None
    datasource_id: str | None = None
    patient_id: str | None = None
    study_id: str | None = None
    valid_from: datetime
    valid_to: datetime | None = None
    created_at: datetime
    version: int
    children: list[str] | None = None

    def _repr_html_(self) -> str:
        """Show what has a value, in a notebook; children are counted."""
        from vxdata.schemas.html import card, table  # noqa: PLC0415 - for notebooks alone

        values = {name: getattr(self, name) for name in type(self).model_fields}
        if self.children is not None:
            values["children"] = f"{len(self.children):,}"
        rows = [(name, value) for name, value in values.items() if value is not None]
        return card(self.identifier, type(self).__name__, table((), rows))


class ResourceCreate(ResourceModel):
    """A resource to create.

    Args:
        identifier: Its name; the prefix of the payload type is added to a bare one.
        parent_identifier: Identifier of the immediate parent, in full.
        license: Licence under which the data may be used.
    """

    # Without defaults: a type checker takes that of a base class for a field that a subclass requires.
    identifier: Identifier
    parent_identifier: Identifier | None
    license: LicenseText | None

    @field_validator("identifier")
    @classmethod
    def _normalise_identifier(cls, identifier: str) -> str:
        """Add or correct the prefix, and refuse that of another type."""
        return normalise_as(registry(), identifier, cls.resource_type)

    @field_validator("parent_identifier")
    @classmethod
    def _normalise_parent(cls, identifier: str | None) -> str | None:
        """Correct the prefix; a parent may be of any type, so there must be one."""
        return None if identifier is None else normalise(registry(), identifier)

    @classmethod
    def from_response(
        cls, response: ResourceResponse, *, identifier: str | None = None, **changes: Any
    ) -> Self:
        """Seed a create from a stored version, as a fork if it gets another identifier.

        What only a response has is dropped.

        Args:
            response: A version of the same payload type.
            identifier: Identifier of the new resource; that of the response if None.
            **changes: Fields that get another value than in the response; None for null.

        Returns:
            A create with the same parent, licence and payload, save for the changes.

        Raises:
            UnexpectedPayload: The response or the identifier is of another payload type.
            ValidationFailed: A change names no field or breaks its constraints, or the version was written
                under other constraints, and breaks those of now.
        """
        if response.resource_type != cls.resource_type:
            raise UnexpectedPayload.from_identifiers([response.identifier], cls.resource_type)
        stored = ((name, getattr(response, name)) for name in cls.model_fields)
        values = {name: value for name, value in stored if value is not None} | changes
        if identifier is not None:
            values["identifier"] = identifier
        return cls(**values)


class ResourceUpdate(ResourceModel):
    """A change to a resource: what is not stated is kept, and None means null.

    Args:
        parent_identifier: Identifier of the new parent, in full.
        license: The new licence.
    """

    parent_identifier: Identifier | None = UNSET
    license: LicenseText | None = UNSET

    @field_validator("parent_identifier")
    @classmethod
    def _normalise_parent(cls, identifier: str | None) -> str | None:
        """Correct the prefix; a parent may be of any type, so there must be one."""
        return None if identifier is None else normalise(registry(), identifier)

    def changes(self) -> dict[str, Any]:
        """Collect what was stated, in the order of the fields; None means null.

        Returns:
            Field name to its new value.
        """
        stated = self.model_fields_set
        return {name: getattr(self, name) for name in type(self).model_fields if name in stated}

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Show what was stated only."""
        yield from self.changes().items()
