"""Rows from whoever made them: frames of every library, streams of batches, dictionaries; and refusals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.errors import (
    FieldTypeMismatch,
    InvalidRequest,
    ServerUnavailable,
    UnknownField,
    ValidationFailed,
)
from vxdata.schemas.types.pydantic import NaiveTimestampWarning
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.schemas.create import PatientCreate
    from vxdata.sdk import Client

Data = dict[str, list[Any]]


class OnlyInterchange:
    """A frame that speaks the older protocol alone."""

    def __init__(self, data: Data) -> None:
        self._frame = pa.table(data)

    def __dataframe__(self, *args: Any, **kwargs: Any) -> Any:
        return self._frame.__dataframe__(*args, **kwargs)


class OnlyStream:
    """Rows that come once, by Arrow's C stream alone."""

    def __init__(self, data: Data) -> None:
        self._table = pa.table(data)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def batches(data: Data) -> Iterator[pa.RecordBatch]:
    yield from pa.table(data).to_batches(max_chunksize=2)


FORMS: dict[str, Callable[[Data], Any]] = {
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pandas": pd.DataFrame,
    "table": pa.table,
    "record batch": pa.record_batch,
    "reader": lambda data: pa.table(data).to_reader(max_chunksize=2),
    "generator of batches": batches,
    "list of batches": lambda data: list(batches(data)),
    "generator of frames": lambda data: (pl.DataFrame(batch) for batch in batches(data)),
    "stream": OnlyStream,
    "interchange": OnlyInterchange,
    "columns": dict,
}

by_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@pytest.fixture
def data(datasource: str, unique: str) -> Data:
    """Five patients."""
    return {
        "identifier": [f"{unique}-{number}" for number in range(5)],
        "parent_identifier": [datasource] * 5,
        "license": ["x"] * 5,
        "sex": ["F", "M", None, "F", "M"],
    }


def stored(client: Client, data: Data) -> list[str | None]:
    names = [f"patient/{name}" for name in data["identifier"]]
    return [found.sex for found in client.patients.retrieve(names)]


@by_form
def test_create(client: Client, data: Data, form: Callable[[Data], Any]) -> None:
    before = client.now().version
    receipt = client.patients.create(form(data))
    assert (receipt.counts, receipt.version) == ({"patient": 5}, before + 1)
    assert stored(client, data) == data["sex"]


@by_form
def test_update_and_delete(client: Client, data: Data, form: Callable[[Data], Any]) -> None:
    client.patients.create(data)
    names = data["identifier"]
    assert client.patients.update(form({"identifier": names, "sex": ["O"] * 5})).counts == {"patient": 5}
    assert stored(client, data) == ["O"] * 5
    assert len(client.patients.retrieve(form({"identifier": names}))) == 5
    full = [f"patient/{name}" for name in names]
    assert client.patients.query().filter(F.identifier.is_in(form({"identifier": full}))).count() == 5
    assert client.patients.delete(form({"identifier": names})).counts == {"patient": 5}


@by_form
def test_several_types(client: Client, datasource: str, data: Data, form: Callable[[Data], Any]) -> None:
    studies = {
        "identifier": data["identifier"],
        "parent_identifier": [f"patient/{name}" for name in data["identifier"]],
        "license": ["x"] * 5,
    }
    receipt = client.resources.create({"imagingstudy": form(studies), "patient": form(data)})
    assert receipt.counts == {"imagingstudy": 5, "patient": 5}


class TestDictionaries:
    def test_one_is_a_resource_and_several_are_a_list(self, client: Client, data: Data) -> None:
        rows = pl.DataFrame(data).to_dicts()
        one = client.patients.create(rows[0])
        assert one.identifier == f"patient/{data['identifier'][0]}"
        several = client.patients.create(rows[1:])
        assert [patient.sex for patient in several] == data["sex"][1:]

    def test_of_any_types(self, client: Client, datasource: str, unique: str) -> None:
        rows = [
            {"identifier": f"patient/{unique}", "parent_identifier": datasource, "license": "x"},
            {"identifier": f"study/{unique}", "parent_identifier": f"patient/{unique}", "license": "x"},
        ]
        with pytest.raises(Exception, match="study"):
            client.resources.create(rows)
        rows[1]["identifier"] = f"imagingstudy/{unique}"
        assert [found.resource_type for found in client.resources.create(rows)] == ["patient", "imagingstudy"]

    def test_an_update_keeps_what_is_not_stated(self, client: Client, data: Data) -> None:
        client.patients.create(data)
        first, second = data["identifier"][:2]
        changed = client.patients.update([{"identifier": first, "sex": "O"}, {"identifier": second}])
        assert [patient.sex for patient in changed] == ["O", "M"]
        assert client.patients.update({"identifier": first, "sex": None}).sex is None

    def test_updates_come_in_any_iterable_and_take_no_update_beside_them(
        self, client: Client, data: Data
    ) -> None:
        client.patients.create(data)
        rows = [{"identifier": name, "birth_year": 1950} for name in data["identifier"]]
        for given in (tuple(rows), iter(rows), (row for row in rows)):
            assert [one.birth_year for one in client.patients.update(given)] == [1950] * 5
        wrong: Any = client.patients.update
        for beside in (rows, rows[0]):
            with pytest.raises(InvalidRequest, match="would be left out"):
                wrong(beside, PatientUpdate(sex="F"))

    def test_each_that_is_wrong_is_listed_with_its_row(self, client: Client, data: Data) -> None:
        rows = pl.DataFrame(data).to_dicts()
        rows[1]["sex"] = 3
        rows[3]["height"] = 1.8
        with pytest.raises(ValidationFailed) as caught:
            client.patients.create(rows)
        found = [(one["row"], one["field"]) for one in caught.value.details["violations"]]
        assert found == [(1, "sex"), (3, "height")]

    def test_models_beside_dictionaries_and_generators_of_them(self, client: Client, data: Data) -> None:
        rows = pl.DataFrame(data).to_dicts()
        assert len(client.patients.create(row for row in rows)) == 5
        assert client.patients.update(data["identifier"][0], PatientUpdate(sex="O")).sex == "O"


class TestStreams:
    def test_all_batches_are_one_commit_or_none(self, client: Client, data: Data) -> None:
        def broken() -> Iterator[pa.RecordBatch]:
            yield from batches(data)
            yield pa.record_batch({"identifier": ["x"], "colour": ["red"]})

        before = client.now()
        with pytest.raises(UnknownField, match="colour"):
            client.patients.create(broken())
        assert client.now() == before

    def test_rows_are_counted_from_the_first_batch(self, client: Client, data: Data) -> None:
        data["sex"] = ["F", "F", "F", "unknown", "F"]
        with pytest.raises(ValidationFailed) as caught:
            client.patients.create(batches(data))
        assert [one["identifier"] for one in caught.value.details["violations"]] == [
            f"patient/{data['identifier'][3]}"
        ]

    def test_a_source_that_fails_is_not_taken_for_a_short_one(self, client: Client, data: Data) -> None:
        """Its error may be the same as that of a broken connection: it comes from another server."""

        def broken() -> Iterator[pa.RecordBatch]:
            yield pa.record_batch(data).slice(0, 0)
            msg = "the source is gone"
            raise ServerUnavailable(msg)

        reader = pa.RecordBatchReader.from_batches(pa.table(data).schema, broken())
        before = client.now()
        for given in (reader, broken()):
            with pytest.raises(ServerUnavailable, match="the source is gone"):
                client.patients.create(given)
        assert client.now() == before

    def test_an_empty_one_writes_nothing(self, client: Client, data: Data) -> None:
        empty = pa.table(data).slice(0, 0)
        assert client.patients.create(empty.to_reader()).counts == {}
        nothing: list[PatientCreate] = []
        assert client.patients.create(iter(nothing)) == []


def volumes(datasource: str, unique: str, **columns: list[Any]) -> dict[str, Any]:
    size = len(next(iter(columns.values())))
    names = [f"{unique}-{number}" for number in range(size)]
    fixed = {"parent_identifier": [datasource] * size, "license": ["x"] * size, "modality": ["MR"] * size}
    return {"identifier": names, **fixed, **columns}


NANOSECONDS = "2025-01-31T12:00:00.123456789Z"


class TestValues:
    def read(self, client: Client, given: Any, unique: str, name: str) -> list[Any]:
        client.volumes.create(given)
        rows = client.volumes.query().filter(F.identifier.startswith(f"volume/{unique}")).collect()
        return rows.sort("identifier")[name].to_list()

    def test_whole_floats_are_integers(self, client: Client, datasource: str, unique: str) -> None:
        frame = pd.DataFrame(volumes(datasource, unique, series_number=[1, None, 3]))
        assert frame["series_number"].dtype == float
        assert self.read(client, frame, unique, "series_number") == [1, None, 3]

    @pytest.mark.parametrize("value", [2.0**53, -(2.0**60)])
    def test_floats_that_may_have_been_rounded_are_no_integers(
        self, client: Client, datasource: str, unique: str, value: float
    ) -> None:
        frame = pl.DataFrame(volumes(datasource, unique, series_number=[1.0, value]))
        with pytest.raises(ValidationFailed, match="may have been another integer"):
            client.volumes.create(frame)

    @pytest.mark.parametrize("value", [1.5, float("nan")])
    def test_other_floats_are_not(self, client: Client, datasource: str, unique: str, value: float) -> None:
        frame = pl.DataFrame(volumes(datasource, unique, series_number=[1.0, value]))
        with pytest.raises(ValidationFailed, match="no whole number; round it") as caught:
            client.volumes.create(frame)
        (violation,) = caught.value.details["violations"]
        assert (violation["row"], violation["field"]) == (1, "series_number")

    def test_texts_of_days_and_instants(self, client: Client, datasource: str, unique: str) -> None:
        moments = ["2025-01-31T12:00:00+01:00", None, "2025-01-31T12:00:00.123456Z"]
        frame = pl.DataFrame(
            volumes(
                datasource,
                unique,
                series_date=["2025-01-31", "2024-02-29", None],
                acquisition_datetime=moments,
            )
        )
        assert self.read(client, frame, unique, "series_date") == [date(2025, 1, 31), date(2024, 2, 29), None]
        found = client.volumes.retrieve([f"{unique}-0", f"{unique}-2"])
        assert [volume.acquisition_datetime for volume in found] == [
            datetime(2025, 1, 31, 11, tzinfo=UTC),
            datetime(2025, 1, 31, 12, 0, 0, 123456, tzinfo=UTC),
        ]

    def test_midnights_of_pandas_are_days(self, client: Client, datasource: str, unique: str) -> None:
        days = pd.to_datetime(pd.Series(["2025-01-31", None]))
        frame = pd.DataFrame(volumes(datasource, unique, modality=["MR", "MR"])).assign(series_date=days)
        assert self.read(client, frame, unique, "series_date") == [date(2025, 1, 31), None]

    @pytest.mark.parametrize(
        ("field", "value", "remedy"),
        [
            ("series_date", "31.01.2025", "convert it with .str.to_date(format)"),
            ("series_date", datetime(2025, 1, 31, 12), "convert it with .dt.date()"),  # noqa: DTZ001 - a naive one
            ("acquisition_datetime", "31.01.2025", "convert it with .str.to_datetime"),
            ("acquisition_datetime", NANOSECONDS, "to the microsecond"),
        ],
    )
    def test_what_would_be_guessed_is_refused_with_a_remedy(
        self, client: Client, datasource: str, unique: str, field: str, value: Any, remedy: str
    ) -> None:
        frame = pl.DataFrame(volumes(datasource, unique, **{field: [value]}))
        with pytest.raises(ValidationFailed) as caught:
            client.volumes.create(frame)
        assert remedy in caught.value.message

    def test_nanoseconds_are_refused_alike(self, client: Client, datasource: str, unique: str) -> None:
        stamp = pd.Timestamp(NANOSECONDS)
        row = {name: values[0] for name, values in volumes(datasource, unique, modality=["MR"]).items()}
        frame = pl.DataFrame([row]).with_columns(
            acquisition_datetime=pl.Series([stamp.value]).cast(pl.Datetime("ns", "UTC"))
        )
        for given in (
            frame,
            row | {"acquisition_datetime": stamp},
            row | {"acquisition_datetime": NANOSECONDS},
        ):
            with pytest.raises(ValidationFailed, match="finer than a microsecond"):
                client.volumes.create(given)

    def test_texts_without_a_zone_are_utc_with_a_warning_here(
        self, client: Client, datasource: str, unique: str
    ) -> None:
        frame = pl.DataFrame(volumes(datasource, unique, acquisition_datetime=["2025-01-31T12:00:00"] * 2))
        with pytest.warns(NaiveTimestampWarning, match="acquisition_datetime has no time zone") as caught:
            client.volumes.create(frame)
        assert [one.filename for one in caught] == [__file__]

    def test_values_of_numpy(self, client: Client, datasource: str, unique: str) -> None:
        row = {name: values[0] for name, values in volumes(datasource, unique, modality=["MR"]).items()}
        row |= {
            "series_number": np.int64(3),
            "is_contrast_enhanced": np.bool_(True),  # noqa: FBT003 - numpy has no other
            "b_value": np.float32(0.5),
            "series_date": np.datetime64("2025-01-31"),
        }
        volume = client.volumes.create(row)
        assert (volume.series_number, volume.is_contrast_enhanced, volume.b_value) == (3, True, 0.5)
        assert volume.series_date == date(2025, 1, 31)


class TestPandas:
    def test_an_index_without_a_name_is_left_out(self, client: Client, data: Data) -> None:
        frame = pd.DataFrame(data)
        chosen = frame.sort_values("sex").query("sex == 'F' or sex == 'M'")
        assert client.patients.create(chosen).counts == {"patient": 4}
        named = frame.iloc[[2]].set_index("identifier")
        assert client.patients.create(named).counts == {"patient": 1}

    def test_a_column_without_values_fits_every_field(self, client: Client, data: Data) -> None:
        frame = pd.DataFrame(data).assign(external_uid=[None] * 5, birth_year=[float("nan")] * 5)
        frame["external_uid"] = frame["external_uid"].astype(float)
        assert client.patients.create(frame).counts == {"patient": 5}

    def test_everything_that_cannot_be_converted_is_listed(self, client: Client, data: Data) -> None:
        frame = pl.DataFrame(data).with_columns(
            birth_year=pl.Series([1.5, 1950, 2.5, None, 1960]),
            last_follow_up_on=pl.Series(["2025-01-31", None, "31.01.2025", None, None]),
        )
        with pytest.raises(ValidationFailed) as caught:
            client.patients.create(frame)
        found = {(one["field"], one["row"]) for one in caught.value.details["violations"]}
        assert found == {("birth_year", 0), ("birth_year", 2), ("last_follow_up_on", 2)}
        assert caught.value.details["count"] == 3


class TestReadBack:
    def test_what_the_server_derives_is_named_with_the_remedy(self, client: Client, data: Data) -> None:
        client.patients.create(data)
        read = client.patients.query().limit(2).collect()
        with pytest.raises(UnknownField, match="are derived by the server") as caught:
            client.patients.update(read)
        derived = caught.value.details["derived"]
        assert "drop" in caught.value.message
        assert {"datasource_id", "valid_from", "version"} <= set(derived)
        assert client.patients.update(read.drop(derived)).counts == {}

    def test_of_a_response_too(self, client: Client, data: Data) -> None:
        client.patients.create(data)
        row = client.patients.retrieve(data["identifier"][0]).model_dump()
        with pytest.raises(ValidationFailed, match="derived by the server; leave it out"):
            client.patients.create(row)


class TestRefusals:
    @pytest.mark.parametrize("given", ["a text", 3, None, b"bytes", [1, 2], object()])
    def test_what_holds_no_rows(self, client: Client, given: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match="create takes models, dictionaries of fields, or frames"):
            client.patients.create(given)

    def test_columns_that_are_no_columns(self, client: Client, data: Data) -> None:
        frame = pd.DataFrame(data).assign(sex=["F", 3, None, 4.5, b"x"])
        with pytest.raises(FieldTypeMismatch, match="pandas DataFrame cannot be read as Arrow's"):
            client.patients.create(frame)

    def test_a_frame_whose_type_is_not_said(self, client: Client, data: Data) -> None:
        forms: list[Callable[[Data], Any]] = [pl.DataFrame, pd.DataFrame, batches]
        for form in forms:
            with pytest.raises(FieldTypeMismatch, match="does not say its resource type"):
                client.resources.create(form(data))

    def test_a_frame_of_several_columns_as_values(self, data: Data) -> None:
        with pytest.raises(FieldTypeMismatch, match="pass the one that is meant"):
            F.identifier.is_in(pd.DataFrame(data))
