"""Arrow types and schemas."""

from __future__ import annotations

from typing import Any, get_args

import pyarrow as pa
import pytest

from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    FieldType,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.types.arrow import arrow_type, create_schema, response_schema

EXPECTED: dict[FieldType, Any] = {
    Text(): pa.string(),
    Enum(values=("a", "b")): pa.string(),
    BlobUrl(): pa.string(),
    Integer(ge=0): pa.int64(),
    Float(gt=0): pa.float64(),
    Boolean(): pa.bool_(),
    Date(): pa.date32(),
    Timestamp(): pa.timestamp("us", tz="UTC"),
    TextList(blobs=True): pa.list_(pa.string()),
    TextMap(): pa.map_(pa.string(), pa.string()),
    NumberMap(): pa.map_(pa.string(), pa.float64()),
}


@pytest.mark.parametrize(("field_type", "expected"), EXPECTED.items(), ids=str)
def test_arrow_type(field_type: FieldType, expected: Any) -> None:
    assert arrow_type(field_type) == expected


def test_every_field_type_has_an_arrow_type() -> None:
    assert {type(field_type) for field_type in EXPECTED} == set(get_args(FieldType))


@pytest.mark.parametrize("payload_type", BUILTIN_PAYLOAD_TYPES, ids=lambda each: each.prefix)
def test_schemas_hold_the_declared_fields_in_order(payload_type: Any) -> None:
    assert create_schema(payload_type).names == [field.name for field in payload_type.create_fields]
    assert response_schema(payload_type).names == [field.name for field in payload_type.response_fields]


@pytest.mark.parametrize("payload_type", BUILTIN_PAYLOAD_TYPES, ids=lambda each: each.prefix)
def test_exactly_required_fields_are_not_nullable(payload_type: Any) -> None:
    not_nullable = [field.name for field in response_schema(payload_type) if not field.nullable]

    assert not_nullable == [field.name for field in payload_type.response_fields if field.required]
    assert {"identifier", "valid_from", "created_at", "version"} <= set(not_nullable)


@pytest.mark.parametrize("payload_type", BUILTIN_PAYLOAD_TYPES, ids=lambda each: each.prefix)
def test_what_is_created_comes_back_with_the_same_types(payload_type: Any) -> None:
    stored = response_schema(payload_type)

    assert all(stored.field(field.name) == field for field in create_schema(payload_type))
