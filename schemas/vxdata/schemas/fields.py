"""The vocabulary in which a payload type is declared: field types, their constraints, and fields.

Everything that depends on a field (pydantic models, Arrow schema, PostgreSQL column, vectorised
validation, docs) is derived from these frozen values, so a constraint is written exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

MAX_TEXT_LENGTH: Final = 65_536
"""Longest text value, in Unicode code points: reports fit, a mistaken file content does not."""

MAX_ITEMS: Final = 100_000
"""Most items in a list or mapping value."""

CONTROL_CHARACTERS: Final = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]"
"""Regular expression of what text may not hold: C0 controls and DEL, save tab, line feed and return.

NUL cannot be stored by PostgreSQL at all; the others come from damaged DICOM headers.
"""


@dataclass(frozen=True, kw_only=True)
class Text:
    """Unicode text without control characters.

    Args:
        pattern: Regular expression (RE2 syntax, anchored by its author) that a value must match.
        max_length: Most code points.
    """

    pattern: str | None = None
    max_length: int = MAX_TEXT_LENGTH


@dataclass(frozen=True, kw_only=True)
class Integer:
    """A 64-bit signed integer, between ``ge`` and ``le``, both included."""

    ge: int = -(2**63)
    le: int = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Float:
    """A finite IEEE 754 double, between ``ge`` and ``le``, both included, and above ``gt``."""

    ge: float | None = None
    le: float | None = None
    gt: float | None = None


@dataclass(frozen=True, kw_only=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, kw_only=True)
class Date:
    """A calendar day without a time zone, between ``ge`` and ``le``, both included."""

    ge: date | None = None
    le: date | None = None


@dataclass(frozen=True, kw_only=True)
class Timestamp:
    """An instant, in microseconds UTC."""


@dataclass(frozen=True, kw_only=True)
class Enum:
    """One word of a closed vocabulary.

    Args:
        values: The words.
        synonyms: Other words of the domain, in lower case, with the one word that each can only mean.
            Conditions take them, whatever their case; they are not stored.
    """

    values: tuple[str, ...]
    synonyms: tuple[tuple[str, str], ...] = ()

    @cached_property
    def words(self) -> dict[str, str]:
        """Every word that is understood, in lower case if it is a synonym, to the word of the vocabulary."""
        return dict(self.synonyms) | {value: value for value in self.values}

    def understood(self, word: str) -> str:
        """Return the word of the vocabulary that another one means; itself if it means none.

        Example:
            >>> Enum(values=("transversal",), synonyms=(("axial", "transversal"),)).understood("Axial")
            'transversal'
        """
        return word if word in self.values else self.words.get(word.casefold(), word)


@dataclass(frozen=True, kw_only=True)
class BlobUrl:
    """The ``s3://bucket/key`` address of one object, or of a prefix when it ends in ``/`` or ``/*``.

    `vxdata.schemas.types.object_url` says which are allowed.
    """


@dataclass(frozen=True, kw_only=True)
class TextList:
    """A list of texts, none of them null; ``blobs`` says that each is a blob URL."""

    pattern: str | None = None
    blobs: bool = False


@dataclass(frozen=True, kw_only=True)
class TextMap:
    """A mapping of text to text, no value null; ``blobs`` says that each value is a blob URL."""

    blobs: bool = False


@dataclass(frozen=True, kw_only=True)
class NumberMap:
    """A mapping of text to finite doubles, no value null."""


FieldType = (
    Text | Integer | Float | Boolean | Date | Timestamp | Enum | BlobUrl | TextList | TextMap | NumberMap
)
TextLike = Text | Enum | BlobUrl
Nested = TextList | TextMap | NumberMap


@dataclass(frozen=True, kw_only=True)
class Field:
    """One attribute of a resource: its name, type, meaning and whether it may be null.

    Args:
        name: Snake-case name, the same in Python, Arrow and PostgreSQL.
        type: The type with its constraints.
        description: What the value means, with the source of the term (DICOM keyword, guideline).
        unit: Unit of measurement in UCUM notation, or None for a bare number or text.
        required: Whether a value must be given at create and may never become null.
        is_external_identifier: Whether the value names the resource elsewhere, as a UID of DICOM does.
            Resources are looked up by it, so its column has an index.
    """

    name: str
    type: FieldType
    description: str
    unit: str | None = None
    required: bool = False
    is_external_identifier: bool = False

    def __hash__(self) -> int:
        """Hash by the name alone: caches are keyed by all fields of a result, and seldom meet a namesake."""
        return hash(self.name)

    @property
    def documentation(self) -> str:
        """The description in one line, with the unit."""
        return f"{self.description} Unit: {self.unit}." if self.unit else self.description

    @property
    def holds_blobs(self) -> bool:
        """Whether the value is, or is made of, ``s3://`` URLs."""
        return isinstance(self.type, BlobUrl) or getattr(self.type, "blobs", False)
