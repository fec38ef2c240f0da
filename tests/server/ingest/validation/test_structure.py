"""Structure: batches whose memory, columns or types are not what they should be."""

from __future__ import annotations

import struct

import pyarrow as pa
import pytest

from tests.server.support import batch, ipc
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import FieldTypeMismatch, InvalidTicket, UnknownField
from vxdata.server.ingest.validation.structure import check_structure
from vxdata.server.ingest.validation.violations import Violations

PATIENT = registry().get("patient")
ROW = {"identifier": "patient/a", "parent_identifier": "datasource/a", "license": "x"}
PATIENT_NAMES = [field.name for field in PATIENT.create_fields]


def check(rows: pa.RecordBatch) -> list[tuple[int, str, str]]:
    violations = Violations()
    check_structure(PATIENT, rows, 10, violations)
    return [(found["row"], found["field"], found["problem"]) for found in violations.found]


def test_good() -> None:
    assert check(batch("patient", [ROW])) == []
    assert check(batch("patient", [ROW]).slice(0, 0)) == []


def test_columns_in_any_order_and_number() -> None:
    whole = batch("patient", [{**ROW, "sex": "M", "germline_variants": ["TP53"]}])
    assert check(whole.select(reversed(whole.schema.names))) == []


def test_missing_columns_that_are_required() -> None:
    said = "is required, but its column is missing"
    assert check(batch("patient", [{"sex": "M"}, {"sex": "F"}])) == [
        (row, name, said) for name in ("identifier", "parent_identifier", "license") for row in (10, 11)
    ]


@pytest.mark.parametrize(
    "name", ["colour", "valid_from", "version", "tombstone", "datasource_id", "", "sex "]
)
def test_unknown_column(name: str) -> None:
    with pytest.raises(UnknownField) as caught:
        check(batch("patient", [ROW]).append_column(name, pa.array(["x"])))
    assert caught.value.details["fields"] == [name]


def test_unknown_column_without_rows() -> None:
    with pytest.raises(UnknownField):
        check(pa.record_batch({"colour": pa.array([], pa.string())}))


def test_column_given_twice() -> None:
    rows = batch("patient", [ROW])
    with pytest.raises(FieldTypeMismatch, match="more than once: license"):
        check(rows.append_column("license", pa.array(["y"])))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("sex", pa.array([1])),
        ("sex", pa.array(["M"], pa.large_string())),
        ("sex", pa.array(["M"], pa.string_view())),
        ("sex", pa.array(["M"]).dictionary_encode()),
        ("sex", pa.array([b"M"])),
        ("sex", pa.nulls(1)),
        ("birth_year", pa.array([1950], pa.int32())),
        ("birth_year", pa.array([1950.0])),
        ("age_at_enrolment", pa.array([1.5], pa.float32())),
        ("last_follow_up_on", pa.array([0], pa.date64())),
        ("has_family_history", pa.array([1])),
        ("germline_variants", pa.array([["TP53"]], pa.large_list(pa.string()))),
        ("germline_variants", pa.array([[1]])),
        ("germline_variants", pa.array(["TP53"])),
        ("external_identifiers", pa.array([[("a", 1.0)]], pa.map_(pa.string(), pa.float64()))),
        ("external_identifiers", pa.array([{"a": "b"}])),
        ("external_identifiers", pa.array([[{"key": "a", "value": "b"}]])),
    ],
    ids=str,
)
def test_column_of_another_type(name: str, column: pa.Array) -> None:
    with pytest.raises(FieldTypeMismatch, match=rf"^patient\.{name} takes ") as caught:
        check(batch("patient", [ROW]).append_column(name, column))
    assert caught.value.details["field"] == name
    assert caught.value.details["got"] == str(column.type)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "+00:00"])
def test_instants_are_in_utc(zone: str | None) -> None:
    rows = pa.record_batch({"study_datetime": pa.array([0], pa.timestamp("us", zone))})
    with pytest.raises(FieldTypeMismatch):
        check_structure(registry().get("imagingstudy"), rows, 0, Violations())


def test_names_and_nullability_of_children_do_not_matter() -> None:
    texts = pa.list_(pa.field("element", pa.string(), nullable=False))
    entries = pa.map_(pa.string(), pa.field("v", pa.string(), nullable=False), keys_sorted=True)
    rows = batch("patient", [ROW])
    rows = rows.append_column("germline_variants", pa.array([["TP53"]], texts))
    assert check(rows.append_column("external_identifiers", pa.array([[("a", "b")]], entries))) == []


def offsets(*found: int) -> bytes:
    return struct.pack(f"<{len(found)}i", *found)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sex", offsets(0, 70, 77), offsets(0, 70, 1_000_000_000)),
        ("sex", offsets(0, 70, 77), offsets(-5, 70, 77)),
        ("sex", offsets(0, 70, 77), offsets(0, 77, 70)),
        ("sex", b"M" * 77, b"\xff" * 77),
        ("sex", b"M" * 77, b"M" * 76 + b"\xc3"),
        ("sex", b"M" * 77, b"M" * 74 + b"\xed\xa0\x80"),
        ("germline_variants", offsets(0, 50, 55), offsets(0, 50, 1_000_000)),
        ("germline_variants", offsets(0, 50, 55), offsets(0, 55, 50)),
        ("external_identifiers", offsets(0, 30, 33), offsets(0, 30, 2**31 - 1)),
    ],
)
def test_memory_that_is_not_safe_to_read(name: str, old: bytes, new: bytes) -> None:
    rows = [
        {
            "sex": "M" * size,
            "germline_variants": ["X"] * items,
            "external_identifiers": [(str(number), "") for number in range(entries)],
        }
        for size, items, entries in ((70, 50, 30), (7, 5, 3))
    ]
    content = ipc(batch("patient", rows).select([name]))
    assert content.count(old) == 1
    with (
        pa.ipc.open_stream(content.replace(old, new)) as reader,
        pytest.raises(InvalidTicket, match="malformed"),
    ):
        check(reader.read_next_batch())


def test_thousands_of_columns_given_twice() -> None:
    names = PATIENT_NAMES * 500
    columns = [pa.array([], pa.string())] * len(names)
    with pytest.raises(FieldTypeMismatch, match="more than once: age_at_enrolment, ") as caught:
        check(pa.RecordBatch.from_arrays(columns, names))
    assert caught.value.details["fields"] == sorted(PATIENT_NAMES)
