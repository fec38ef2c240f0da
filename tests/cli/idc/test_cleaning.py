"""Cleaning: what is changed, and that every change is counted."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest

from vxdata.cli.idc.cleaning import Changes, drop_misfits, replace_controls, write_capitals
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Field,
    FieldType,
    Float,
    Integer,
    Text,
    TextList,
)


def cleaned(field_type: FieldType, series: pl.Series) -> tuple[list[object], dict[str, int]]:
    field = Field(name="x", type=field_type, description="x")
    changes = Changes()
    frame = drop_misfits(series.alias("x").to_frame(), "volume", {"x": field}, changes)
    return frame["x"].to_list(), dict(changes)


class TestControls:
    def test_are_replaced_one_by_one_and_values_counted(self) -> None:
        changes = Changes()
        frame = pl.DataFrame(
            {
                "a": ["x\x00y\x01", "\x7f", "tab\tline\nreturn\r", "ok\x80", None],
                "b": [1] * 5,
                "c": ["ok"] * 5,
            }
        )
        clean = replace_controls(frame, changes)
        assert clean["a"].to_list() == ["x\ufffdy\ufffd", "\ufffd", "tab\tline\nreturn\r", "ok\x80", None]
        assert clean.drop("a").equals(frame.drop("a"))
        assert changes == {"a: control characters replaced by U+FFFD": 2}


class TestCapitals:
    def test_are_written_and_counted(self) -> None:
        changes = Changes()
        frame = pl.DataFrame({"a": ["Left Breast", "PROSTATE", "042y", None], "b": ["x"] * 4})
        clean = write_capitals(frame, ["a"], changes)
        assert clean["a"].to_list() == ["LEFT BREAST", "PROSTATE", "042Y", None]
        assert clean["b"].equals(frame["b"])
        assert changes == {"a: written in capitals": 2}


class TestMisfits:
    @pytest.mark.parametrize(
        ("field_type", "values", "kept"),
        [
            (Enum(values=("M", "F")), ["M", "m", "", None], ["M", None, None, None]),
            (Text(max_length=3), ["abc", "abcd", "äöü", "a\x00"], ["abc", None, "äöü", None]),
            (Text(pattern="^[a-z]+$"), ["abc", "abc\n", "ABC", ""], ["abc", None, None, None]),
            (
                BlobUrl(),
                ["s3://bucket/key", "s3://b/key", "http://bucket/key", None],
                ["s3://bucket/key", None, None, None],
            ),
            (Integer(ge=0, le=5), [0, 5, -1, 6], [0, 5, None, None]),
            (Float(ge=0, le=5), [0.0, 5.0, -0.1, math.nan], [0.0, 5.0, None, None]),
            (Float(gt=0), [0.0, 1e-300, math.inf, None], [None, 1e-300, None, None]),
            (Date(ge=date(2000, 1, 1)), [date(1999, 12, 31), date(2000, 1, 1)], [None, date(2000, 1, 1)]),
        ],
    )
    def test_become_null(self, field_type: FieldType, values: list[object], kept: list[object]) -> None:
        if isinstance(field_type, Date):
            field_type = Date(ge=date(2000, 1, 1), le=date(2100, 1, 1))
        found, changes = cleaned(field_type, pl.Series(values, strict=False))
        assert found == kept
        lost = sum(value is not None and left is None for value, left in zip(values, kept, strict=True))
        assert changes == {"volume.x: values outside the field's constraints made null": lost}

    def test_items_of_lists_are_dropped(self) -> None:
        values = pl.Series([["a", "B", None], None, [], ["C"], ["d"]])
        found, changes = cleaned(TextList(pattern="^[a-z]$"), values)
        assert found == [["a"], None, [], [], ["d"]]
        assert changes == {"volume.x: items outside the field's constraints dropped": 3}

    def test_urls_that_cannot_be_fetched_are_lost(self) -> None:
        refused = [
            "s3://bucket/a//x",
            "s3://bucket/../x",
            "s3://bucket/*",
            "s3://bucket/a\x85",
            f"s3://bucket/{'ä' * 513}",
        ]
        kept = ["s3://bucket/a", "s3://bucket/ä/*", f"s3://bucket/{'ä' * 512}"]
        found, changes = cleaned(BlobUrl(), pl.Series([*refused, None, *kept]))
        assert found == [None] * 6 + kept
        assert changes == {"volume.x: values outside the field's constraints made null": len(refused)}
        found, changes = cleaned(
            TextList(blobs=True), pl.Series([[*refused, None, *kept], None, [], refused])
        )
        assert found == [kept, None, [], []]
        assert changes == {"volume.x: items outside the field's constraints dropped": 2 * len(refused) + 1}

    def test_good_values_change_nothing(self) -> None:
        assert cleaned(Text(), pl.Series(["a", None])) == (["a", None], {})

    def test_a_type_without_a_rule_is_a_fault(self) -> None:
        with pytest.raises(NotImplementedError, match="Boolean"):
            cleaned(Boolean(), pl.Series([True]))


def test_what_did_not_happen_is_not_noted() -> None:
    changes = Changes()
    changes.note("x", 0)
    changes.note("y", 2)
    changes.note("y", 3)
    assert changes == {"y": 5}
