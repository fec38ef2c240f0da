"""Literals: every value of a plan typed by its field, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.binding.values import Literal, literal, type_name
from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)

if TYPE_CHECKING:
    from vxdata.schemas.fields import FieldType

GOOD: Final[list[tuple[FieldType, Any, Any]]] = [
    (Text(), "a", "a"),
    (Text(), "", ""),
    (Text(), "2024-02-29", "2024-02-29"),
    (Text(pattern="^a$", max_length=1), "beyond its pattern", "beyond its pattern"),
    (Enum(values=("a", "b")), "a", "a"),
    (Enum(values=("a", "b")), "not of the vocabulary", "not of the vocabulary"),
    (BlobUrl(), "s3://bucket/key", "s3://bucket/key"),
    (BlobUrl(), "s3", "s3"),
    (Integer(), 1, 1),
    (Integer(ge=0, le=1), 2, 2),
    (Integer(), -(2**63), -(2**63)),
    (Integer(), 2**63 - 1, 2**63 - 1),
    (Integer(), 1.0, 1),
    (Integer(), 1.5, 1.5),
    (Integer(), -1e300, -1e300),
    (Integer(), 2.0**63, 2.0**63),
    (Float(), 1, 1.0),
    (Float(), 1.5, 1.5),
    (Float(), -0.0, -0.0),
    (Float(gt=0), -1, -1.0),
    (Float(), 2**1023, 2.0**1023),
    (Boolean(), True, True),
    (Boolean(), False, False),
    (Date(), "2024-02-29", date(2024, 2, 29)),
    (Date(), "0001-01-01", date.min),
    (Date(), "9999-12-31", date.max),
    (Timestamp(), "2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    (Timestamp(), "2024-02-29T12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    (Timestamp(), "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    (Timestamp(), "2024-02-29T12:00:00.000001+01:00", datetime(2024, 2, 29, 11, 0, 0, 1, tzinfo=UTC)),
]
BAD: Final[list[tuple[FieldType, list[Any]]]] = [
    (Text(), [1, 1.5, True, "nul \x00 in text"]),
    (Enum(values=("a", "b")), [1, True, "\x00"]),
    (BlobUrl(), [1, False, "\x00"]),
    (Integer(), ["1", True, 2**63, -(2**63) - 1, 10**400]),
    (Float(), ["1.5", True, 10**400]),
    (Boolean(), [1, 0, "true", 1.0]),
    (Date(), [20240229, "2024-02-30", "today", "", "10000-01-01", True, "2024-02-29T12:00:00Z"]),
    (Timestamp(), [0, 1.5, "noon", "2024-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", False]),
    (TextList(), ["a", 1]),
    (TextMap(), ["a", 1]),
    (NumberMap(), ["a", 1.0]),
]


@pytest.mark.parametrize(("field_type", "value", "typed"), GOOD)
def test_typed_by_the_field(field_type: FieldType, value: Any, typed: Any) -> None:
    found = literal("x", field_type, value)
    assert found == Literal(typed)
    assert type(found.value) is type(typed)


@pytest.mark.parametrize(
    ("field_type", "value"), [(field_type, value) for field_type, values in BAD for value in values]
)
def test_refused(field_type: FieldType, value: Any) -> None:
    name = type_name(field_type)
    with pytest.raises(FieldTypeMismatch, match=f"^x is of type {name} and cannot be compared") as caught:
        literal("x", field_type, value)
    assert caught.value.details == {"field": "x", "field_type": name, "value": str(value)[:200]}
    assert len(caught.value.message) < 300


@given(st.text(st.characters(exclude_characters="\x00")))
def test_typing_leaves_text_alone(value: str) -> None:
    assert literal("x", Text(), value) == Literal(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_size(value: float) -> None:
    """Compared with whole numbers too: where it is no whole number, it stays what it is."""
    for field_type in (Integer(), Float()):
        assert literal("x", field_type, value).value == value


@given(st.datetimes(timezones=st.just(UTC)), st.dates())
def test_iso_text_is_what_it_says(instant: datetime, day: date) -> None:
    assert literal("x", Timestamp(), instant.isoformat()).value == instant
    assert literal("x", Date(), day.isoformat()).value == day
