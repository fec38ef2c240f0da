"""What is said of values that break their field's constraints."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
import pytest

from vxdata.schemas.errors import ValidationFailed
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Field,
    FieldType,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.payload_type import PayloadType
from vxdata.schemas.types.arrow import arrow_type
from vxdata.server.ingest.validation.values import RULES, check_values
from vxdata.server.ingest.validation.violations import MAX_KEPT, Violations

if TYPE_CHECKING:
    from collections.abc import Iterable

MICROSECONDS = pa.timestamp("us", "UTC")


def thing(kind: FieldType, *, required: bool = False) -> PayloadType:
    field = Field(name="a", type=kind, description="", required=required)
    return PayloadType(
        name="Thing",
        prefix="thing",
        namespace="things",
        description="",
        fields=(field,),
        parent_required=False,
    )


def problems(kind: FieldType, column: Any, *, required: bool = False) -> dict[int, list[str]]:
    """Row -> what is wrong with it; the same for every slice of the column."""
    array = column if isinstance(column, pa.Array) else pa.array(column, arrow_type(kind))
    found = _problems(kind, array, required)
    for start in range(len(array)):
        part = _problems(kind, array.slice(start, 2), required)
        assert part == {row - start: said for row, said in found.items() if start <= row < start + 2}
    return found


def _problems(kind: FieldType, array: pa.Array, required: bool) -> dict[int, list[str]]:  # noqa: FBT001
    violations = Violations()
    check_values(thing(kind, required=required), pa.record_batch({"a": array}), 0, violations)
    found: dict[int, list[str]] = {}
    for violation in violations.found:
        found.setdefault(violation["row"], []).append(violation["problem"])
    assert violations.count == len(violations.found)
    return found


def at(rows: Iterable[int], problem: str) -> dict[int, list[str]]:
    """The same problem in several rows."""
    return {row: [problem] for row in rows}


CASES: list[tuple[FieldType, list[Any], dict[int, list[str]]]] = [
    (Text(), ["a", None, "", "tab\tand\r\nlines", "é🩻\u2028"], {}),
    (Text(), ["a\x00b", "ok", "\x7f"], at((0, 2), "holds a control character, such as NUL")),
    (Text(max_length=2), ["ab", "abc", "éé", "ééé", "🩻🩻"], at((1, 3), "is longer than 2 characters")),
    (Text(pattern="^[a-z]+$"), ["ab", "aB", None, "ab\n"], at((1, 3), "does not match ^[a-z]+$")),
    (Text(pattern="^a$", max_length=1), ["b\x00"], {0: ["holds a control character, such as NUL", "is longer than 1 characters", "does not match ^a$"]}),
    (BlobUrl(), ["s3://bucket/key", None, "s3://bucket/", "http://x/y", "s3://B/k", "s3://bucket/prefix/*"], at((2,), "is not an s3://bucket/key URL: it names a whole bucket") | at((3, 4), "is not an s3://bucket/key URL")),
    (Enum(values=("x", "y")), ["x", "y", None, "z", "X", "x "], at((3, 4, 5), "is none of x, y")),
    (Integer(ge=1, le=5), [1, 5, None, 0, 6, -(2**63)], {3: ["is less than 1"], 4: ["is greater than 5"], 5: ["is less than 1"]}),
    (Integer(), [-(2**63), 2**63 - 1, None], {}),
    (Float(), [0.0, 1.7e308, 5e-324, None], {}),
    (Float(), [float("nan"), float("inf"), float("-inf")], at((0, 1, 2), "is not a finite number")),
    (Float(gt=0, le=2), [0.0, -0.0, 5e-324, 2.0, 2.1, None], {0: ["is not above 0"], 1: ["is not above 0"], 4: ["is greater than 2"]}),
    (Float(ge=-1), [-1.0, -1.1], {1: ["is less than -1"]}),
    (Boolean(), [True, False, None], {}),
    (Date(ge=date(2000, 1, 1), le=date(2000, 1, 2)), [date(2000, 1, 1), None, date(1999, 12, 31), date(2000, 1, 3)], {2: ["is before 2000-01-01"], 3: ["is after 2000-01-02"]}),
    (Date(), pa.array([0, -719162, -719163, 2932896, 2932897, 2**31 - 1, -(2**31)], pa.int32()).cast(pa.date32()), {2: ["is before 0001-01-01"], 4: ["is after 9999-12-31"], 5: ["is after 9999-12-31"], 6: ["is before 0001-01-01"]}),
    (Timestamp(), pa.array([0, None, -62135596800000000, 253402300799999999], MICROSECONDS), {}),
    (Timestamp(), pa.array([-62135596800000001, 253402300800000000, 2**63 - 1, -(2**63)], MICROSECONDS), {0: ["is before 0001-01-01 00:00:00+00:00"], 1: ["is after 9999-12-31 23:59:59.999999+00:00"], 2: ["is after 9999-12-31 23:59:59.999999+00:00"], 3: ["is before 0001-01-01 00:00:00+00:00"]}),
    (TextList(), [["a", ""], [], None, ["a\x00"], ["a", None], [None]], {3: ["has an item that holds a control character, such as NUL"], 4: ["has an item that is null"], 5: ["has an item that is null"]}),
    (TextList(pattern="^[a-z]$"), [["a", "b"], ["a", "B", "C"]], {1: ["has an item that does not match ^[a-z]$"]}),
    (TextList(blobs=True), [["s3://bucket/a"], ["a"]], {1: ["has an item that is not an s3://bucket/key URL"]}),
    (TextMap(), [[("a", "1"), ("b", "")], [], None, [("a", "\x00")], [("\x00", "1")], [("a", None)]], {3: ["has a value that holds a control character, such as NUL"], 4: ["has a key that holds a control character, such as NUL"], 5: ["has a value that is null"]}),
    (TextMap(), [[("a", "1")], [("a", "1"), ("a", "2")], [("a", "1")], [("b", "1"), ("a", "1"), ("b", "1")]], at((1, 3), "has a key twice")),
    (TextMap(blobs=True), [[("a", "s3://bucket/a")], [("a", "b")]], {1: ["has a value that is not an s3://bucket/key URL"]}),
    (NumberMap(), [[("a", 1.0)], [("a", float("nan"))], [("a", None)], [("", 0.0)]], {1: ["has a value that is not a finite number"], 2: ["has a value that is null"]}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "column", "expected"), CASES, ids=str)
def test_rules(kind: FieldType, column: Any, expected: dict[int, list[str]]) -> None:
    assert problems(kind, column) == expected


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_null_is_wrong_only_where_a_value_is_required(kind: type) -> None:
    made: FieldType = Enum(values=("a",)) if kind is Enum else kind()
    for column in ([None, None], pa.array([], arrow_type(made))):
        assert problems(made, column) == {}
        nulls = range(len(column))
        assert problems(made, column, required=True) == at(nulls, "is required, but null")


class TestHidden:
    """A null row may have content behind it that no reader ever sees."""

    mask = pa.array([False, True, False])
    offsets = pa.array([0, 1, 3, 4], pa.int32())

    def test_text(self) -> None:
        nulls, offsets, data = pa.array(["a", "\x00\x00", "b"]).buffers()
        validity = pa.array([True, False, True]).buffers()[1]
        assert nulls is None
        assert (
            problems(Text(pattern="^[ab]$"), pa.Array.from_buffers(pa.string(), 3, [validity, offsets, data]))
            == {}
        )

    def test_list(self) -> None:
        items = pa.array(["a", "\x00", None, "B"])
        column = pa.ListArray.from_arrays(self.offsets, items, mask=self.mask)
        assert problems(TextList(pattern="^[a-z]$"), column) == {
            2: ["has an item that does not match ^[a-z]$"]
        }

    def test_mapping(self) -> None:
        keys, items = pa.array(["a", "x", "x", "b"]), pa.array([1.0, None, 2.0, float("nan")])
        column = pa.MapArray.from_arrays(self.offsets, keys, items, mask=self.mask)
        assert problems(NumberMap(), column) == {2: ["has a value that is not a finite number"]}


def test_every_field_type_has_a_rule() -> None:
    assert set(RULES) == set(get_args(FieldType))


def test_a_clean_column_of_text_is_not_searched_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr("pyarrow.compute.match_substring_regex", refuse)
    assert problems(Text(), ["a", None, "é"]) == {}
    with pytest.raises(AssertionError, match="searched"):
        problems(Text(), ["a\n"])


class TestViolations:
    def test_shows_row_identifier_and_value(self) -> None:
        violations = Violations()
        batch = pa.record_batch({"identifier": ["thing/1", "thing/2"], "a": ["ok", "x" * 500]})
        check_values(thing(Text(max_length=3)), batch, 40, violations)
        with pytest.raises(ValidationFailed) as caught:
            violations.raise_if_any()
        assert caught.value.violations == [
            {
                "resource_type": "thing",
                "row": 41,
                "identifier": "thing/2",
                "field": "a",
                "problem": "is longer than 3 characters",
                "value": "x" * 200,
            }
        ]

    @pytest.mark.parametrize(
        ("kind", "column", "shown"),
        [
            (Timestamp(), pa.array([2**63 - 1], MICROSECONDS), "32103-01-10 04:00:54.775807Z"),
            (Date(), pa.array([2932897], pa.int32()).cast(pa.date32()), "10000-01-01"),
            (NumberMap(), pa.array([[("a", None)]], pa.map_(pa.string(), pa.float64())), "[('a', None)]"),
            (Float(), pa.array([float("nan")]), "nan"),
        ],
    )
    def test_shows_values_that_python_has_none_for(
        self, kind: FieldType, column: pa.Array, shown: str
    ) -> None:
        violations = Violations()
        check_values(thing(kind), pa.record_batch({"a": column}), 0, violations)
        assert [found["value"] for found in violations.found] == [shown]

    def test_counts_all_and_keeps_the_first(self) -> None:
        violations = Violations()
        batch = pa.record_batch({"a": ["long"] * (MAX_KEPT - 1)})
        for first_row in (0, MAX_KEPT - 1, 2 * MAX_KEPT):
            check_values(thing(Text(max_length=3)), batch, first_row, violations)
        assert len(violations.found) == MAX_KEPT
        assert violations.count == 3 * (MAX_KEPT - 1)
        with pytest.raises(ValidationFailed, match=r"\(29,994 more\)"):
            violations.raise_if_any()

    def test_nothing_wrong(self) -> None:
        Violations().raise_if_any()
