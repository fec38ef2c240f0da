"""What plans are made of: fields that hold data, and literals to compare them with."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from tests.query.data import NAMES, TYPES
from tests.query.values import FLOATS, INTEGERS, TEXTS, candidates
from vxdata.schemas.catalog.builtin import COMMIT, RESOURCE
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    Nested,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.payload_type import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.query.data import Dump
    from vxdata.schemas.catalog import Catalog, Relation
    from vxdata.schemas.fields import Field, FieldType
    from vxdata.schemas.plan import Part

RELATIONS: Final = ("patient", *(name for name in TYPES if name != "patient"), RESOURCE, COMMIT)
PARTS: Final[dict[type[FieldType], tuple[Part, ...]]] = {
    Date: ("year", "month"),
    Timestamp: ("year", "month"),
    TextList: ("n_items",),
}
"""Type -> what is computed of its values."""

ENTRIES: Final = ("a", "", "'", "ä", "no such key")

KIND_OF: Final = {
    Text: "text",
    Enum: "text",
    BlobUrl: "text",
    Integer: "number",
    Float: "number",
    Boolean: "boolean",
    Date: "date",
    Timestamp: "timestamp",
}
"""Type -> what its values can be compared with."""

BEYOND: Final[dict[type[FieldType], tuple[Any, ...]]] = {
    Integer: (*INTEGERS, 1.0, 0.5, -1.5, 2.0**53, -(2.0**63), 1e19, -1e19, 1e300),
    Float: (*FLOATS, 0, 1, 2**53 + 1, 10**18, -1),
    Boolean: (False, True),
    Date: (date.min, date.max),
}
"""Literals besides those that the field itself could hold."""


@dataclass(frozen=True)
class Place:
    """A field, an entry of a mapping field, or a number that is computed of a value."""

    field: Field
    key: str | None = None
    part: Part | None = None

    @property
    def type(self) -> FieldType:
        """Type of the value."""
        if self.part is not None:
            return Integer()
        if self.key is None:
            return self.field.type
        return Float() if isinstance(self.field.type, NumberMap) else Text()

    @property
    def kind(self) -> str | None:
        """What it can be compared with as a whole, if with anything."""
        return KIND_OF.get(type(self.type))

    @property
    def is_plain(self) -> bool:
        """Whether it has one value."""
        return not isinstance(self.type, Nested)

    @property
    def is_whole(self) -> bool:
        """Whether it is a field as it is."""
        return self.key is None and self.part is None

    @property
    def named(self) -> dict[str, Any]:
        """The place as a node names it."""
        return {"field": self.field.name, "key": self.key, "part": self.part}


class Material:
    """Fields and literals.

    Args:
        dump: The data.
        catalog: The fields.
    """

    def __init__(self, dump: Dump, catalog: Catalog) -> None:
        """Keep the parts."""
        self.dump = dump
        self.catalog = catalog
        self._stored: dict[tuple[str, Place], list[Any]] = {}
        self._values: dict[tuple[str, Place], list[Any]] = {}
        self._places: dict[tuple[str, bool], list[Place]] = {}

    def places(self, relation: str, *, history: bool = False) -> list[Place]:
        """Its fields that hold data, and some entries of those that are mappings."""
        key = (relation, history)
        if key not in self._places:
            self._places[key] = list(self._found_places(self._relation(relation, history=history)))
        return self._places[key]

    def stored(self, relation: str, place: Place) -> list[Any]:
        """Values that a place has had, or items or keys, as plans state them."""
        key = (relation, place)
        if key not in self._stored:
            self._stored[key] = list(dict.fromkeys(map(stated, self._found(relation, place))))
        return self._stored[key]

    def values(self, relation: str, place: Place) -> list[Any]:
        """Literals to compare a place with: what is stored comes first."""
        key = (relation, place)
        if key not in self._values:
            field_type = Text() if isinstance(place.type, TextList) else place.type
            literals = [*candidates(place.field, NAMES)]
            literals += BEYOND.get(type(field_type), TEXTS if isinstance(field_type, Text) else ())
            fitting = [stated(literal) for literal in literals if _fits(field_type, literal)]
            self._values[key] = list(dict.fromkeys([*self.stored(relation, place), *fitting]))
        return self._values[key]

    def _relation(self, name: str, *, history: bool) -> Relation:
        relation = self.catalog.relation(name)
        return relation.with_history() if history else relation

    def _found_places(self, relation: Relation) -> Iterator[Place]:
        """Metadata come last, so that examples shrink to fields of the payload."""
        metadata = [field for field in relation.columns if field in METADATA]
        payload = [field for field in relation.columns if field not in METADATA]
        for field in (*payload, *metadata):
            if field in payload and relation.name in TYPES and not candidates(field, NAMES):
                continue
            yield Place(field)
            if isinstance(field.type, TextMap | NumberMap):
                yield from (Place(field, key) for key in ENTRIES)
            yield from (Place(field, part=part) for part in PARTS.get(type(field.type), ()))

    def _found(self, relation: str, place: Place) -> Iterator[Any]:
        names = self.dump.versions if relation == RESOURCE else (relation,)
        for name in names:
            frame = self.dump.commits if name == COMMIT else self.dump.versions[name]
            if place.field.name in frame.columns:
                for value in frame[place.field.name].drop_nulls().to_list():
                    yield from [computed(place.part, value)] if place.part else _parts(value, place.key)


def computed(part: Part, value: Any) -> int:
    """A part of a value."""
    if part == "n_items":
        return len(value)
    number: int = getattr(value, part)
    return number


def _parts(value: Any, key: str | None) -> Iterator[Any]:
    """The value itself, the items of a list, or an entry or all keys of a mapping."""
    for part in value if isinstance(value, list) else [value]:
        if not isinstance(part, dict):
            yield part
        elif key is None:
            yield part["key"]
        elif part["key"] == key:
            yield part["value"]


def _fits(field_type: FieldType, value: Any) -> bool:
    python_types: dict[str | None, type | tuple[type, ...]] = {
        "number": (int, float),
        "boolean": bool,
        "date": date,
        "timestamp": datetime,
    }
    wanted = python_types.get(KIND_OF.get(type(field_type)), str)
    return isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)


def stated(value: Any) -> Any:
    """A value as a plan carries it."""
    return value.isoformat() if isinstance(value, date) else value


def in_other_words(instant: str) -> tuple[str, ...]:
    """One instant in the ways in which it can be written."""
    moment = datetime.fromisoformat(instant)
    ways = [instant, moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")]
    with suppress(OverflowError):
        ways.append(moment.astimezone(timezone(timedelta(hours=-5, minutes=-30))).isoformat())
    return tuple(ways)
