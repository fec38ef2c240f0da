"""The mapping: resources of the real extract, of hostile rows, and of anything that text can hold."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.idc import EXTRACT, ROW, index
from vxdata.cli.idc.mapping import LEVELS, MANY_LICENSES, Mapped, map_index
from vxdata.schemas.catalog.registry import registry
from vxdata.sdk._conversion.frames import table_from_frame
from vxdata.server.ingest.validation import validate
from vxdata.server.ingest.validation.violations import Violations

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

EMPTY = {"sources": None, "subjects": None, "collection_name": None, "description": None}


def heights(mapped: Mapped) -> dict[str, int]:
    return {name: mapped.frames[name].height for name in LEVELS}


def only(mapped: Mapped, level: str, name: str) -> Any:
    """The value of the only resource of a level."""
    (value,) = mapped.frames[level][name].to_list()
    return value


def assert_valid(mapped: Mapped) -> None:
    """What is mapped passes the server's validation, and is a set with all of its parents."""
    for name, frame in mapped.frames.items():
        violations = Violations()
        payload_type = registry().get(name)
        for batch in table_from_frame(registry(), payload_type, frame.drop("patient_key")).to_batches():
            validate(registry(), payload_type, batch, 0, violations)
        violations.raise_if_any()
        assert frame["identifier"].is_unique().all()
        if name != LEVELS[0]:
            parents = mapped.frames[LEVELS[LEVELS.index(name) - 1]]["identifier"]
            assert frame["parent_identifier"].is_in(parents.implode()).all()
        assert frame["patient_key"].is_in(mapped.frames["patient"]["identifier"].implode()).all()


class TestExtract:
    def test_becomes_1357_resources(self) -> None:
        mapped = map_index(EXTRACT)
        assert heights(mapped) == {"datasource": 4, "patient": 197, "imagingstudy": 212, "volume": 944}
        assert mapped.set_aside.is_empty()
        assert mapped.changes == {
            "imagingstudy.study_description: series of one study disagree, most of them decide": 7
        }
        assert_valid(mapped)

    def test_loses_no_value_that_it_does_not_count(self) -> None:
        volumes = map_index(EXTRACT).frames["volume"].sort("identifier")
        series = EXTRACT.series.sort("SeriesInstanceUID")
        for name, column in (
            ("body_part_examined", "BodyPartExamined"),
            ("series_description", "SeriesDescription"),
            ("manufacturer_model_name", "ManufacturerModelName"),
            ("path_dicom", "series_aws_url"),
            ("license", "license_short_name"),
        ):
            assert volumes[name].equals(series[column]), name
        assert volumes["series_number"].cast(pl.String).equals(series["SeriesNumber"])
        assert volumes["series_date"].cast(pl.String).equals(series["SeriesDate"])

    def test_names_its_resources(self) -> None:
        frames = map_index(EXTRACT.only(["prostate_3t"])).frames
        source = frames["datasource"].row(0, named=True)
        assert source["identifier"] == "datasource/prostate_3t"
        assert source["name"] == "Prostate-3T"
        assert source["kind"] == "public-collection"
        assert source["source_dois"] == ["10.7937/k9/tcia.2015.qjtv5il5"]
        assert frames["patient"]["identifier"][0] == "patient/prostate_3t/Prostate3T-01-0001"
        assert set(frames["imagingstudy"]["modalities"].explode()) == {"MR"}


class TestWholeIndex:
    def test_keeps_the_code_strings_in_small_letters(self) -> None:
        # The six real values that are no code strings in any letters.
        mapped = map_index(
            index({"BodyPartExamined": "Left Breast"}, {"BodyPartExamined": "CHEST (THORAX) W"})
        )
        assert mapped.frames["volume"]["body_part_examined"].to_list() == ["LEFT BREAST", None]
        assert mapped.changes == {
            "BodyPartExamined: written in capitals": 1,
            "volume.body_part_examined: values outside the field's constraints made null": 1,
        }


class TestSetAside:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"PatientID": None}, "an identifier is missing or malformed"),
            ({"PatientID": ""}, "an identifier is missing or malformed"),
            ({"PatientID": "a\x00b"}, "an identifier is missing or malformed"),
            ({"PatientID": "Jürgen"}, "an identifier is missing or malformed"),
            ({"PatientID": "trailing "}, "an identifier is missing or malformed"),
            ({"PatientID": "slash/"}, "an identifier is missing or malformed"),
            ({"PatientID": "x" * 188}, "an identifier is missing or malformed"),
            ({"collection_id": None}, "an identifier is missing or malformed"),
            ({"collection_id": "a/b"}, "an identifier is missing or malformed"),
            ({"StudyInstanceUID": None}, "an identifier is missing or malformed"),
            ({"SeriesInstanceUID": ""}, "an identifier is missing or malformed"),
            ({"license_short_name": None}, "the licence is missing or too long"),
            ({"license_short_name": " "}, "the licence is missing or too long"),
            ({"license_short_name": "x" * 257}, "the licence is missing or too long"),
        ],
    )
    def test_one_series(self, change: dict[str, Any], reason: str) -> None:
        # In a study of its own, as an unclear patient makes its whole study unclear.
        mapped = map_index(index({}, {"StudyInstanceUID": "9.9"} | change))
        assert heights(mapped) == dict.fromkeys(LEVELS, 1)
        assert mapped.set_aside["reason"].to_list() == [reason]
        assert_valid(mapped)

    def test_a_study_of_two_patients_with_all_its_series(self) -> None:
        other = {"StudyInstanceUID": "9.9"}
        mapped = map_index(index({}, {"PatientID": "P2"}, {"PatientID": "P2"} | other, other, {}))
        assert heights(mapped) == {"datasource": 0, "patient": 0, "imagingstudy": 0, "volume": 0}
        mapped = map_index(index({}, other, {"PatientID": "P2"} | other))
        assert heights(mapped) == dict.fromkeys(LEVELS, 1)
        assert mapped.set_aside["reason"].to_list() == ["its study is given to more than one patient"] * 2

    def test_a_patient_of_the_same_name_elsewhere_is_another(self) -> None:
        mapped = map_index(index({}, {"collection_id": "other", "StudyInstanceUID": "9.9"}))
        assert mapped.frames["patient"]["identifier"].to_list() == [
            "patient/a_collection/P1",
            "patient/other/P1",
        ]
        mapped = map_index(index({}, {"collection_id": "other"}))
        assert mapped.set_aside.height == 2

    def test_series_that_share_a_uid(self) -> None:
        same = {"SeriesInstanceUID": "7.7"}
        mapped = map_index(index({}, same, same))
        assert mapped.frames["volume"]["identifier"].to_list() == ["volume/1.2.3.0"]
        assert mapped.set_aside["reason"].to_list() == ["its SeriesInstanceUID is not its own"] * 2

    def test_everything(self) -> None:
        mapped = map_index(index({"PatientID": None}))
        assert heights(mapped) == dict.fromkeys(LEVELS, 0)
        assert {name: frame.columns for name, frame in mapped.frames.items()} == {
            name: frame.columns for name, frame in map_index(EXTRACT).frames.items()
        }

    def test_nothing_at_all(self) -> None:
        mapped = map_index(index())
        assert heights(mapped) == dict.fromkeys(LEVELS, 0)
        assert (mapped.changes, mapped.set_aside.height) == ({}, 0)


class TestValues:
    @pytest.mark.parametrize(
        ("written", "years"),
        [("060Y", 60.0), ("006M", 0.5), ("000D", 0.0), ("042y", 42.0), ("010W", 10 / 52.1775), (None, None)],
    )
    def test_ages_are_read_in_years(self, written: str | None, years: float | None) -> None:
        mapped = map_index(index({"PatientAge": written}))
        assert only(mapped, "imagingstudy", "patient_age") == years
        assert mapped.changes == ({"PatientAge: written in capitals": 1} if written == "042y" else {})

    @pytest.mark.parametrize("written", ["60", "60Y", "N-A", "060X", "", " 060Y", "-06Y"])
    def test_ages_of_another_form_are_null_and_counted(self, written: str) -> None:
        mapped = map_index(index({"PatientAge": written}, {"PatientAge": None}))
        assert only(mapped, "imagingstudy", "patient_age") is None
        assert mapped.changes == {"imagingstudy.patient_age: values of another form made null": 1}

    def test_impossible_ages_are_null_and_counted(self) -> None:
        mapped = map_index(index({"PatientAge": "155Y"}, {"PatientAge": "155Y"}))
        assert mapped.changes == {
            "imagingstudy.patient_age: values outside the field's constraints made null": 2
        }

    @pytest.mark.parametrize("written", ["20200131", "2020-02-30", "31.01.2020", "", "yesterday"])
    def test_dates_of_another_form_are_null_and_counted(self, written: str) -> None:
        mapped = map_index(index({"StudyDate": written, "SeriesDate": written}))
        assert only(mapped, "imagingstudy", "study_date") is None
        assert only(mapped, "volume", "series_date") is None
        assert mapped.changes == {
            "imagingstudy.study_date: values of another form made null": 1,
            "volume.series_date: values of another form made null": 1,
        }

    def test_dates_of_no_patient_are_null_and_counted(self) -> None:
        mapped = map_index(index({"StudyDate": "0001-01-01", "SeriesDate": "9999-12-31"}))
        assert sum(mapped.changes.values()) == 2
        assert_valid(mapped)

    @pytest.mark.parametrize("written", ["one", "3.5", str(2**63), ""])
    def test_numbers_of_another_form_are_null_and_counted(self, written: str) -> None:
        mapped = map_index(index({"SeriesNumber": written}))
        assert mapped.changes == {"volume.series_number: values of another form made null": 1}

    @pytest.mark.parametrize(
        ("column", "value", "name"),
        [
            ("PatientSex", "0000", "patient.sex"),
            ("Modality", "MAGNETIC RESONANCE IMAGING", "volume.modality"),
            ("instanceCount", 0, "volume.instance_count"),
            ("series_size_MB", float("nan"), "volume.size_mb"),
            ("series_size_MB", -1.0, "volume.size_mb"),
            ("source_DOI", "doi.org/10.1/x", "volume.source_doi"),
            ("series_aws_url", "https://example.org/x", "volume.path_dicom"),
            ("series_aws_url", "s3://UPPER/x", "volume.path_dicom"),
            ("crdc_series_uuid", "x", "volume.crdc_series_uuid"),
            ("SOPClassUID", "1..2", "volume.sop_class_uid"),
            ("SeriesNumber", str(2**31), "volume.series_number"),
            ("SeriesDescription", "x" * 257, "volume.series_description"),
            ("series_init_idc_version", 0, "volume.idc_version_first"),
            ("PixelRepresentation", "2", "volume.pixel_representation"),
        ],
    )
    def test_what_breaks_a_constraint_is_null_and_counted(
        self, column: str, value: object, name: str
    ) -> None:
        mapped = map_index(index({column: value}))
        level, _, field = name.partition(".")
        assert only(mapped, level, field) is None
        assert mapped.changes == {f"{name}: values outside the field's constraints made null": 1}
        assert_valid(mapped)

    def test_control_characters_are_replaced_and_counted(self) -> None:
        mapped = map_index(
            index({"SeriesDescription": "a\x00b\x01", "Manufacturer": "\x7f"}, {"SeriesDescription": "ok"})
        )
        assert mapped.frames["volume"]["series_description"].to_list() == ["a\ufffdb\ufffd", "ok"]
        assert mapped.changes == {
            "SeriesDescription: control characters replaced by U+FFFD": 1,
            "Manufacturer: control characters replaced by U+FFFD": 1,
        }

    def test_a_uid_that_is_none_still_names_its_resource(self) -> None:
        mapped = map_index(index({"SeriesInstanceUID": "not-a-uid"}))
        assert only(mapped, "volume", "identifier") == "volume/not-a-uid"
        assert only(mapped, "volume", "series_instance_uid") is None
        assert mapped.changes == {
            "volume.series_instance_uid: values outside the field's constraints made null": 1
        }


class TestMajority:
    def test_most_series_decide(self) -> None:
        days = ["2020-01-02", "2020-01-01", "2020-01-02", None]
        mapped = map_index(index(*({"StudyDate": day} for day in days)))
        assert only(mapped, "imagingstudy", "study_date") == date(2020, 1, 2)
        assert mapped.changes == {
            "imagingstudy.study_date: series of one study disagree, most of them decide": 1
        }

    def test_the_smallest_of_equally_many_counts(self) -> None:
        mapped = map_index(index({"PatientSex": "M"}, {"PatientSex": "F"}, {"PatientSex": None}))
        assert only(mapped, "patient", "sex") == "F"

    def test_what_the_field_cannot_hold_has_no_vote(self) -> None:
        mapped = map_index(index({"PatientSex": "0000"}, {"PatientSex": "0000"}, {"PatientSex": "m"}))
        assert only(mapped, "patient", "sex") == "M"
        assert mapped.changes == {
            "PatientSex: written in capitals": 1,
            "patient.sex: values outside the field's constraints made null": 2,
        }

    def test_all_licences_of_a_group_are_named(self) -> None:
        mapped = map_index(
            index({"license_short_name": "B"}, {"license_short_name": "A"}, {"license_short_name": "B"})
        )
        for level in ("datasource", "patient", "imagingstudy"):
            assert only(mapped, level, "license") == "A; B"
        assert mapped.frames["volume"]["license"].to_list() == ["B", "A", "B"]

    def test_too_many_licences_are_said_to_be_several(self) -> None:
        mapped = map_index(index({"license_short_name": "A" * 200}, {"license_short_name": "B" * 200}))
        for level in ("datasource", "patient", "imagingstudy"):
            assert only(mapped, level, "license") == MANY_LICENSES
            assert mapped.changes[f"{level}.license: too many to name"] == 1
        assert_valid(mapped)


class TestCollections:
    def test_what_is_known_of_them_is_cleaned_and_counted(self) -> None:
        known = EMPTY | {
            "collection_id": "a_collection",
            "collection_name": "A\x00",
            "description": "  text ",
            "sources": [{"source_doi": doi} for doi in ("10.7937/x", None, "broken", "10.7937/x")],
            "subjects": -1,
        }
        mapped = map_index(index({}, collections=[known, known | {"description": "again"}]))
        source = mapped.frames["datasource"].row(0, named=True)
        assert (source["name"], source["description"], source["source_dois"]) == (
            "A\ufffd",
            "text",
            ["10.7937/x"],
        )
        assert source["planned_patient_count"] is None
        assert mapped.changes == {
            "collection_name: control characters replaced by U+FFFD": 2,
            "collections described more than once: the first counts": 1,
            "datasource.planned_patient_count: values outside the field's constraints made null": 1,
            "datasource.source_dois: items outside the field's constraints dropped": 1,
        }
        assert_valid(mapped)

    def test_one_that_is_not_described_still_is_a_source(self) -> None:
        assert only(map_index(index({})), "datasource", "name") is None


HOSTILE = (
    st.none()
    | st.text(max_size=6)
    | st.sampled_from(["\x00", " ", "a/b", "1.2.3", "x" * 300, "\U0001f600", "ß"])
)


def hostile_rows() -> SearchStrategy[dict[str, Any]]:
    """Rows in which any column may hold anything of its type, and often what it usually holds."""
    numbers = st.none() | st.integers(-(2**63), 2**63 - 1)
    floats = st.none() | st.floats()
    columns: dict[str, SearchStrategy[Any]] = {}
    for name, dtype in EXTRACT.series.schema.items():
        odd = HOSTILE if dtype == pl.String else numbers if dtype == pl.Int64 else floats
        columns[name] = st.just(ROW[name]) | st.just(ROW[name]) | odd
    few = st.sampled_from(["1.1", "1.2", "1.3"])
    columns |= {
        "PatientID": st.sampled_from(["P1", "P2"]) | HOSTILE,
        "StudyInstanceUID": few | HOSTILE,
        "SeriesInstanceUID": st.uuids().map(str) | few | HOSTILE,
    }
    return st.fixed_dictionaries(columns)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(hostile_rows(), max_size=6))
def test_whatever_the_index_holds_what_is_mapped_is_valid(rows: list[dict[str, Any]]) -> None:
    mapped = map_index(index(*rows))
    assert_valid(mapped)
    assert mapped.frames["volume"].height + mapped.set_aside.height == len(rows)
