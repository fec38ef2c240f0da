"""Frames as uploads: what fits goes up unchanged, and what would lose anything is refused by name."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.payloads import payloads
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import (
    FieldTypeMismatch,
    ParentNotFound,
    UnexpectedPayload,
    UnknownField,
    ValidationFailed,
)
from vxdata.schemas.fields import (
    Boolean,
    Date,
    Field,
    FieldType,
    Float,
    Integer,
    NumberMap,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.models import NaiveTimestampWarning
from vxdata.schemas.types.arrow import arrow_type
from vxdata.schemas.violations import MAX_VIOLATIONS
from vxdata.sdk import F
from vxdata.sdk._conversion.exact import LAST_MICROSECOND
from vxdata.sdk._conversion.frames import _arrow, table_from_frame

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sdk import Client

PREFIXES = [payload_type.prefix for payload_type in registry()]
PATIENT = registry().get("patient")
VOLUME = registry().get("volume")
STUDY = registry().get("imagingstudy")
BENCHMARK = registry().get("benchmarking")


def entries(value: PolarsDataType) -> pl.List:
    """A mapping as every version of Polars can write it."""
    return pl.List(pl.Struct({"key": pl.String, "value": value}))


def mappings(value: PolarsDataType) -> list[PolarsDataType]:
    """The types that a mapping may have; Map came with Polars 2."""
    newer = getattr(pl, "Map", None)
    return [entries(value)] if newer is None else [entries(value), newer(pl.String, value)]


FORMS: dict[type[FieldType], list[PolarsDataType]] = {
    Integer: [pl.Int64],
    Float: [pl.Float64],
    Boolean: [pl.Boolean],
    Date: [pl.Date],
    Timestamp: [pl.Datetime("us", "UTC"), pl.Datetime("us", "Europe/Zurich")],
    TextList: [pl.List(pl.String), pl.List(pl.Categorical)],
    TextMap: mappings(pl.String),
    NumberMap: mappings(pl.Float64),
}
TEXTS: list[PolarsDataType] = [pl.String, pl.Categorical]


def series_of(field: Field, values: list[Any], dtype: PolarsDataType) -> pl.Series:
    if isinstance(field.type, TextMap | NumberMap) and isinstance(dtype, pl.List):
        values = [
            None if value is None else [{"key": key, "value": item} for key, item in value.items()]
            for value in values
        ]
    return pl.Series(field.name, values, dtype)


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows with every mapping as a dictionary, whichever form Polars has for it."""
    return [
        {
            name: dict(value) if isinstance(value, list) and value and isinstance(value[0], tuple) else value
            for name, value in row.items()
        }
        for row in pa.table(frame.to_arrow(compat_level=pl.CompatLevel.oldest())).to_pylist()
    ]


@st.composite
def frames(
    draw: st.DrawFn, payload_type: PayloadType, root: str
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """A frame in any of the forms that fit, and its payloads as plain values."""
    rows = draw(st.lists(payloads(payload_type), min_size=1, max_size=4))
    columns = [
        pl.Series("identifier", [secrets.token_hex(8) for _ in rows]),
        pl.Series("parent_identifier", [root for _ in rows]),
        pl.Series("license", ["CC BY 4.0" for _ in rows]),
    ]
    for field in payload_type.fields:
        values = [row.get(field.name) for row in rows]
        dtype = draw(st.sampled_from(FORMS.get(type(field.type), TEXTS)))
        columns.append(series_of(field, values, dtype))
    return pl.DataFrame(columns), rows


def stated(**columns: Any) -> pl.DataFrame:
    """A frame with the metadata of three patients, or of what else has a parent and a licence."""
    metadata = {
        "identifier": ["a", "b", "c"],
        "parent_identifier": ["datasource/x"] * 3,
        "license": ["CC BY 4.0"] * 3,
    }
    return pl.DataFrame(metadata | columns)


def column(payload_type: PayloadType, series: pl.Series) -> pa.ChunkedArray:
    return table_from_frame(registry(), payload_type, stated().with_columns(series))[series.name]


def refused(payload_type: PayloadType, series: pl.Series) -> list[tuple[int, str, str]]:
    """Row, identifier and problem of every violation of a column."""
    with pytest.raises(ValidationFailed) as caught:
        column(payload_type, series)
    assert {found["field"] for found in caught.value.violations} == {series.name}
    return [(found["row"], found["identifier"], found["problem"]) for found in caught.value.violations]


@pytest.mark.parametrize("prefix", PREFIXES)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_frames_of_every_type_come_back_as_they_went(
    client: Client, root: str, prefix: str, data: st.DataObject
) -> None:
    payload_type = registry().get(prefix)
    frame, rows = data.draw(frames(payload_type, root))
    receipt = client.namespace(prefix).create(frame)
    assert receipt.counts == {prefix: len(rows)}
    identifiers = [f"{prefix}/{name}" for name in frame["identifier"]]
    stored = client.namespace(prefix).query().filter(F.identifier.is_in(identifiers)).run()
    assert (stored.version, stored.as_of) == (receipt.version, receipt.as_of)
    by_identifier = {row["identifier"]: row for row in plain(stored.frame)}
    for identifier, row in zip(identifiers, rows, strict=True):
        found = by_identifier[identifier]
        assert found["parent_identifier"] == found["datasource_id"] if prefix != "datasource" else True
        for field in payload_type.fields:
            wanted, got = row.get(field.name), found[field.name]
            is_empty_map = isinstance(field.type, TextMap | NumberMap) and wanted == {}
            assert got == ([] if is_empty_map else wanted), field.name


class TestText:
    @pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["M", "F"])])
    def test_categories_are_text(self, dtype: PolarsDataType) -> None:
        assert column(PATIENT, pl.Series("sex", ["M", None, "F"], dtype)).to_pylist() == ["M", None, "F"]

    @pytest.mark.parametrize("inner", [pl.String, pl.Categorical, pl.Enum(["a", "b"])])
    def test_lists_of_categories_too(self, inner: PolarsDataType) -> None:
        values = [["a", "b"], None, []]
        assert column(PATIENT, pl.Series("treatments", values, pl.List(inner))).to_pylist() == values

    def test_lists_of_nothing(self) -> None:
        values = pl.Series("treatments", [[], None, []], pl.List(pl.Null))
        assert column(PATIENT, values).to_pylist() == [[], None, []]

    def test_a_column_without_a_type_is_null(self) -> None:
        for field in VOLUME.fields:
            nulls = column(VOLUME, pl.Series(field.name, [None] * 3, pl.Null))
            assert nulls.type == arrow_type(field.type)
            assert nulls.null_count == 3

    def test_long_columns_go_piece_by_piece(self) -> None:
        series = pl.Series("x", [f"{number:09}" for number in range(1000)])
        pieces = _arrow(series, pa.string(), most_bytes=900)
        assert pieces.num_chunks > 5
        assert pieces.to_pylist() == series.to_list()

    def test_slices_and_joined_frames(self) -> None:
        names = pl.Series(
            "external_identifiers",
            [[{"key": f"k{row}", "value": "v"}] for row in range(3)],
            entries(pl.String),
        )
        whole = stated(treatments=[["a"], None, ["c"]]).with_columns(names)
        parts = [table_from_frame(registry(), PATIENT, whole[row : row + 1]) for row in range(3)]
        assert pa.concat_tables(parts).to_pylist() == table_from_frame(registry(), PATIENT, whole).to_pylist()
        joined = pl.concat([whole[2:], whole[:2]], rechunk=False)
        assert table_from_frame(registry(), PATIENT, joined)["identifier"].to_pylist() == [
            "patient/c",
            "patient/a",
            "patient/b",
        ]


class TestNumbers:
    @pytest.mark.parametrize(
        "dtype", [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64]
    )
    def test_integers_of_any_width(self, dtype: PolarsDataType) -> None:
        for payload_type, name in ((VOLUME, "series_number"), (VOLUME, "b_value")):
            assert column(payload_type, pl.Series(name, [1, None, 100], dtype)).to_pylist() == [1, None, 100]

    @pytest.mark.parametrize("dtype", [pl.UInt64, pl.Int128])
    def test_integers_beyond_64_bits_are_refused(self, dtype: PolarsDataType) -> None:
        series = pl.Series("series_number", [1, 2**63, None], dtype)
        assert refused(VOLUME, series) == [(1, "b", "does not fit into 64 bits")]

    def test_integers_that_a_double_cannot_tell_apart_are_refused(self) -> None:
        assert column(VOLUME, pl.Series("b_value", [2**53, -(2**53), None])).to_pylist() == [
            2**53,
            -(2**53),
            None,
        ]
        series = pl.Series("b_value", [2**53 + 1, 0, -(2**53) - 1])
        problem = "is an integer too large for a double"
        assert refused(VOLUME, series) == [(0, "a", problem), (2, "c", problem)]
        assert refused(VOLUME, pl.Series("b_value", [2**64 - 1, None, 1], pl.UInt64)) == [(0, "a", problem)]

    def test_single_precision_is_kept_exactly(self) -> None:
        series = pl.Series("b_value", [0.1, None, 1e30], pl.Float32)
        assert column(VOLUME, series).to_pylist() == series.cast(pl.Float64).to_list()


class TestInstants:
    @pytest.mark.parametrize("time_unit", ["ms", "us", "ns"])
    @pytest.mark.parametrize("time_zone", ["UTC", "America/New_York"])
    def test_every_unit_and_zone(self, time_unit: Any, time_zone: str) -> None:
        instants = [datetime(2024, 11, 3, 5, 30, tzinfo=UTC), None, datetime(1931, 1, 1, 0, 0, 1, tzinfo=UTC)]
        dtype = pl.Datetime(time_unit, time_zone)
        series = pl.Series("study_datetime", instants, pl.Datetime("us", "UTC")).cast(dtype)
        assert column(STUDY, series).to_pylist() == instants

    def test_naive_ones_are_utc_with_one_warning(self) -> None:
        values = [datetime(2024, 11, 3, 5, 30), None, datetime(2024, 3, 31, 2, 30)]  # noqa: DTZ001 - the subject
        with pytest.warns(
            NaiveTimestampWarning, match="study_datetime has no time zone and is taken as UTC"
        ) as caught:
            stored = column(STUDY, pl.Series("study_datetime", values))
        assert len(caught) == 1
        assert stored.to_pylist() == [value and value.replace(tzinfo=UTC) for value in values]

    @pytest.mark.parametrize("is_typed", [True, False])
    def test_the_warning_names_the_line_of_the_user(self, client: Client, *, is_typed: bool) -> None:
        frame = stated(study_datetime=[datetime(2024, 11, 3)] * 3)  # noqa: DTZ001 - the subject
        with pytest.warns(NaiveTimestampWarning) as caught, pytest.raises(ParentNotFound):
            client.imaging_studies.create(frame) if is_typed else client.resources.create(
                {"imagingstudy": frame}
            )
        assert [found.filename for found in caught] == [__file__]

    def test_finer_than_microseconds_is_refused(self) -> None:
        series = pl.Series("study_datetime", [1_000, 1_001, None], pl.Datetime("ns", "UTC"))
        problem = "is finer than a microsecond, which could not be kept; round it with .dt.round('1us')"
        assert refused(STUDY, series) == [(1, "b", problem)]
        before_1970 = pl.Series("study_datetime", [-1_000, None, -2_000], pl.Datetime("ns", "UTC"))
        moments = [datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=steps) for steps in (1, 2)]
        assert column(STUDY, before_1970).to_pylist() == [moments[0], None, moments[1]]

    @pytest.mark.parametrize("time_unit", ["ms", "us"])
    def test_years_that_python_does_not_know_are_refused(self, time_unit: Any) -> None:
        per_second = {"ms": 10**3, "us": 10**6}[time_unit]
        last = (LAST_MICROSECOND + 1) // 10**6 * per_second - 1
        first = -62_135_596_800 * per_second
        series = pl.Series("study_datetime", [first, last, None], pl.Datetime(time_unit, "UTC"))
        assert column(STUDY, series).null_count == 1
        beyond = pl.Series("study_datetime", [first - 1, last + 1, 2**62], pl.Datetime(time_unit, "UTC"))
        assert [row for row, _, _ in refused(STUDY, beyond)] == [0, 1, 2]


class TestDays:
    def test_a_day_is_a_day(self) -> None:
        days = [date(1800, 1, 1), None, date(2200, 12, 31)]
        assert column(STUDY, pl.Series("study_date", days)).to_pylist() == days

    def test_an_instant_is_none(self) -> None:
        with pytest.raises(FieldTypeMismatch, match="a column of Datetime"):
            column(STUDY, pl.Series("study_date", [datetime(2024, 1, 1, tzinfo=UTC)] * 3))


class TestMappings:
    @pytest.mark.parametrize("dtype", mappings(pl.String))
    def test_of_text(self, dtype: PolarsDataType) -> None:
        field = PATIENT.field_by_name["external_identifiers"]
        stored = column(PATIENT, series_of(field, [{"a": "1", "b": "2"}, None, {}], dtype))
        assert stored.type == pa.map_(pa.string(), pa.string())
        assert stored.to_pylist() == [[("a", "1"), ("b", "2")], None, []]

    @pytest.mark.parametrize("dtype", [*mappings(pl.Float64), *mappings(pl.Int32), *mappings(pl.Float32)])
    def test_of_numbers(self, dtype: PolarsDataType) -> None:
        field = BENCHMARK.field_by_name["summary_metrics"]
        frame = stated(eval_task=["x"] * 3).with_columns(series_of(field, [{"a": 1}, {"b": 2}, {}], dtype))
        stored = table_from_frame(registry(), BENCHMARK, frame)[field.name]
        assert stored.to_pylist() == [[("a", 1.0)], [("b", 2.0)], []]

    def test_null_keys_are_refused(self) -> None:
        values = [[{"key": "a", "value": "1"}], None, [{"key": None, "value": "1"}]]
        series = pl.Series("external_identifiers", values, entries(pl.String))
        assert refused(PATIENT, series) == [(2, "c", "has a key that is null")]

    @pytest.mark.parametrize(
        ("dtype", "value"),
        [
            (entries(pl.Int64), [{"key": "a", "value": 1}]),
            (pl.List(pl.Struct({"k": pl.String, "v": pl.String})), [{"k": "a", "v": "b"}]),
            (pl.Struct({"a": pl.String}), {"a": "b"}),
            (pl.List(pl.String), ["a"]),
        ],
    )
    def test_other_forms_do_not_fit_unless_they_state_nothing(
        self, dtype: PolarsDataType, value: Any
    ) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"patient\.external_identifiers is of type textmap"):
            column(PATIENT, pl.Series("external_identifiers", [None, None, value], dtype))
        nothing = column(PATIENT, pl.Series("external_identifiers", [None] * 3, dtype))
        assert nothing.null_count == 3


class TestIdentifiers:
    @pytest.mark.parametrize("written", ["x/1", "patient/x/1", "patients/x/1"])
    def test_bare_and_plural_ones_get_their_prefix(self, written: str) -> None:
        frame = stated().with_columns(identifier=pl.Series([written, "y", None]))
        assert table_from_frame(registry(), PATIENT, frame)["identifier"].to_pylist() == [
            "patient/x/1",
            "patient/y",
            None,
        ]

    def test_plural_parents_get_theirs(self) -> None:
        frame = stated().with_columns(
            parent_identifier=pl.Series(["datasources/a", "psameasurements/b", None])
        )
        parents = table_from_frame(registry(), PATIENT, frame)["parent_identifier"].to_pylist()
        assert parents == ["datasource/a", "psameasurement/b", None]

    def test_wrong_prefixes_are_all_named(self) -> None:
        wrong = [f"{prefix}/{number}" for number, prefix in enumerate(["volume", "datasources"] * 500)]
        right = ["patient/x", "patients/y", "z"]
        frame = pl.DataFrame(
            {"identifier": [*right, *wrong], "parent_identifier": "datasource/x", "license": "x"}
        )
        with pytest.raises(
            UnexpectedPayload, match=r"Expected identifiers of patient, got volume/0,.* and 980 more"
        ) as caught:
            table_from_frame(registry(), PATIENT, frame)
        assert caught.value.details == {"identifiers": wrong, "expected": "patient"}


class TestColumns:
    def test_unknown_ones_are_refused_with_a_hint(self) -> None:
        with pytest.raises(UnknownField, match=r"patient has no field sexx\. Did you mean sex\?") as caught:
            table_from_frame(registry(), PATIENT, stated(sexx=["M"] * 3, sex=["M"] * 3))
        assert caught.value.details["fields"] == ["sexx"]

    @pytest.mark.parametrize("name", ["created_at", "version", "datasource_id", "valid_from"])
    def test_what_the_server_sets_cannot_be_stated(self, name: str) -> None:
        with pytest.raises(UnknownField):
            table_from_frame(registry(), PATIENT, stated(**{name: [None] * 3}))

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("sex", [1, 2, 3]),
            ("birth_year", ["1900"] * 3),
            ("age_at_enrolment", ["60"] * 3),
            ("has_family_history", [1, 0, 1]),
            ("has_family_history", ["true"] * 3),
            ("last_follow_up_on", [20240101] * 3),
            ("treatments", ["a"] * 3),
            ("treatments", [[1]] * 3),
            ("external_uid", [b"x"] * 3),
            ("identifier", [1, 2, 3]),
        ],
    )
    def test_of_another_type_are_refused(self, name: str, values: list[Any]) -> None:
        with pytest.raises(
            FieldTypeMismatch, match=rf"patient\.{name} is of type .*; a column of .* does not fit"
        ) as caught:
            column(PATIENT, pl.Series(name, values))
        assert {"resource_type", "field", "wanted", "got"} == set(caught.value.details)
        assert caught.value.details["field"] == name

    def test_required_ones_that_are_missing_are_all_named(self) -> None:
        with pytest.raises(
            ValidationFailed, match="A frame of benchmarking needs the columns eval_task, summary_metrics too"
        ) as caught:
            table_from_frame(registry(), BENCHMARK, pl.DataFrame({"identifier": ["a"]}))
        assert [found["field"] for found in caught.value.violations] == ["eval_task", "summary_metrics"]

    def test_a_frame_without_rows_creates_nothing(self, client: Client) -> None:
        before = client.health()
        receipt = client.patients.create(stated().clear())
        assert (receipt.counts, receipt.version, receipt.as_of) == ({}, before.version, before.as_of)
        assert client.health().version == before.version

    def test_many_violations_are_counted_and_the_first_described(self) -> None:
        frame = pl.DataFrame(
            {
                "identifier": [f"v{row}" for row in range(500)],
                "parent_identifier": "patient/x",
                "license": "x",
            }
        )
        series = pl.Series("series_number", [2**63] * 500, pl.UInt64)
        with pytest.raises(
            ValidationFailed, match=r"volume row 0 \(v0\), series_number: .*497 more"
        ) as caught:
            table_from_frame(registry(), VOLUME, frame.with_columns(series))
        assert caught.value.details["count"] == 500
        assert len(caught.value.violations) == MAX_VIOLATIONS
