"""Payload types: each has a name, an identifier prefix, a namespace and typed fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from vxdata.schemas.fields import Field, Integer, Text, Timestamp

IDENTIFIER = Text(max_length=256)
LICENSE = Text(max_length=256)

CREATE_METADATA: tuple[Field, ...] = (
    Field(name="identifier", type=IDENTIFIER, required=True, description="Stable name, `<prefix>/<rest>`."),
    Field(name="parent_identifier", type=IDENTIFIER, description="Identifier of the immediate parent."),
    Field(name="license", type=LICENSE, description="Licence under which the data may be used."),
)
"""The metadata that a user states at create; all else is derived by the server."""

DERIVED_METADATA: tuple[Field, ...] = (
    Field(
        name="datasource_id",
        type=IDENTIFIER,
        description="Nearest data source among the resource and its ancestors.",
    ),
    Field(
        name="patient_id",
        type=IDENTIFIER,
        description="Nearest patient among the resource and its ancestors.",
    ),
    Field(
        name="study_id",
        type=IDENTIFIER,
        description="Nearest imaging study among the resource and its ancestors.",
    ),
    Field(
        name="valid_from",
        type=Timestamp(),
        required=True,
        description="Instant of the commit that wrote this version (system time, not clinical time).",
    ),
    Field(
        name="valid_to",
        type=Timestamp(),
        description="Instant at which a later version replaced this one; null in every read of one instant.",
    ),
    Field(
        name="created_at",
        type=Timestamp(),
        required=True,
        description="Instant of the first version of the resource.",
    ),
    Field(
        name="version",
        type=Integer(ge=1),
        required=True,
        description="Sequence number of the commit that wrote this version.",
    ),
)

METADATA: tuple[Field, ...] = CREATE_METADATA + DERIVED_METADATA

LINEAGE_PREFIXES: dict[str, str] = {
    "datasource_id": "datasource",
    "patient_id": "patient",
    "study_id": "imagingstudy",
}
"""Lineage field -> identifier prefix of the ancestors that it names."""

MAX_EXTERNAL_IDENTIFIER = 256
"""Longest external identifier, in code points: PostgreSQL's indexes take 2,704 bytes."""

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


class InvalidPayloadType(ValueError):
    """A payload type is declared in a way that cannot work; raised while the registry is built."""


@dataclass(frozen=True, kw_only=True)
class PayloadType:
    """The declaration of one kind of resource.

    Args:
        name: Class name stem, as in ``VolumeCreate``.
        prefix: Identifier prefix, as in ``volume/1.2.840``; also the resource type on the wire.
        namespace: Plural attribute on the client, as in ``client.volumes``.
        description: One sentence on what such a resource records.
        fields: The payload, in the order in which columns appear.
        parent_required: Whether a resource of this type must have a parent.
        license_required: Whether a licence must be stated.
        external_uids_within: Prefix of the parent within which external uids are unique; identifiers of
            such a type can be registered. None for all others.

    Raises:
        InvalidPayloadType: A name is malformed, repeated, or reserved for metadata; or an external identifier
            is no short text and no integer.
    """

    name: str
    prefix: str
    namespace: str
    description: str
    fields: tuple[Field, ...]
    parent_required: bool = True
    license_required: bool = True
    external_uids_within: str | None = None

    def __post_init__(self) -> None:
        """Refuse declarations whose tables or models could not be built."""
        names = [field.name for field in METADATA + self.fields]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            msg = f"{self.name}: field names repeated or reserved: {', '.join(repeated)}"
            raise InvalidPayloadType(msg)
        malformed = [name for name in (self.namespace, *names) if not _NAME.match(name)]
        if malformed or not re.match(r"^[a-z][a-z0-9]*$", self.prefix):
            msg = f"{self.name}: malformed names: {', '.join([*malformed, self.prefix])}"
            raise InvalidPayloadType(msg)
        unfit = [field.name for field in self.fields if not _may_be_looked_up(field)]
        if unfit:
            msg = (
                f"{self.name}: external identifiers are integers, or text of at most "
                f"{MAX_EXTERNAL_IDENTIFIER} characters, unlike {', '.join(unfit)}"
            )
            raise InvalidPayloadType(msg)

    def __hash__(self) -> int:
        """Equal types have equal prefixes; hashing every field anew would make each look-up slow."""
        return hash(self.prefix)

    @cached_property
    def create_fields(self) -> tuple[Field, ...]:
        """The fields that a create may state, with required metadata marked as this type demands."""
        required = {
            "identifier": True,
            "parent_identifier": self.parent_required,
            "license": self.license_required,
        }
        metadata = tuple(
            Field(
                name=field.name,
                type=field.type,
                description=field.description,
                required=required[field.name],
            )
            for field in CREATE_METADATA
        )
        return metadata + self.fields

    @cached_property
    def response_fields(self) -> tuple[Field, ...]:
        """Every field of a stored version, metadata first."""
        return self.create_fields[: len(CREATE_METADATA)] + DERIVED_METADATA + self.fields

    @cached_property
    def field_by_name(self) -> dict[str, Field]:
        """Response fields by name, for look-ups."""
        return {field.name: field for field in self.response_fields}

    @property
    def singular_namespace(self) -> str:
        """The namespace in the singular, as in `client.pathology_specimen`."""
        name = self.namespace
        return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")

    @property
    def plural_prefix(self) -> str:
        """The prefix as a user may mistakenly write it (``volumes/vol1``); accepted and normalised."""
        return f"{self.prefix[:-1]}ies" if self.prefix.endswith("y") else f"{self.prefix}s"


def _may_be_looked_up(field: Field) -> bool:
    """Whether a field is no external identifier, or one whose index can hold every value."""
    match field.type:
        case Text(max_length=longest):
            fits = longest <= MAX_EXTERNAL_IDENTIFIER
        case kind:
            fits = isinstance(kind, Integer)
    return fits or not field.is_external_identifier
