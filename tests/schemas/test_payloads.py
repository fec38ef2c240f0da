"""The declarations: complete, well formed, and with constraints that every engine reads alike."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import Field, TypeAdapter, ValidationError

from vxdata.schemas import fields as field_types
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.fields import (
    CONTROL_CHARACTERS,
    Date,
    Enum,
    Float,
    Integer,
    Text,
    TextList,
)
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.payloads.vocabularies import PROSTATE_SECTOR_PATTERN
from vxdata.schemas.types.object_url import URL_PATTERN
from vxdata.schemas.types.pydantic import CONTROL_FREE_PATTERN

ALL_FIELDS = [
    pytest.param(payload_type, field, id=f"{payload_type.prefix}.{field.name}")
    for payload_type in BUILTIN_PAYLOAD_TYPES
    for field in payload_type.fields
]

PATTERNS = sorted(
    {
        field.type.pattern
        for payload_type in BUILTIN_PAYLOAD_TYPES
        for field in payload_type.fields
        if isinstance(field.type, Text | TextList) and field.type.pattern
    }
    | {URL_PATTERN, CONTROL_FREE_PATTERN}
)

PUBLISHED = {
    "DataSource": ("datasource", "data_sources"),
    "Patient": ("patient", "patients"),
    "ImagingStudy": ("imagingstudy", "imaging_studies"),
    "Volume": ("volume", "volumes"),
    "HistoMap": ("histomap", "histo_maps"),
    "PathologySpecimen": ("pathologyspecimen", "pathology_specimens"),
    "PathologyAssessment": ("pathologyassessment", "pathology_assessments"),
    "PIRADSAssessment": ("piradsassessment", "pirads_assessments"),
    "PSAMeasurement": ("psameasurement", "psa_measurements"),
    "DiagnosticReport": ("diagnosticreport", "diagnostic_reports"),
    "AnnotationSession": ("annotationsession", "annotation_sessions"),
    "VxAnnotateCaseRecord": ("vxannotatecaserecord", "vxannotate_case_records"),
    "Artefact": ("artefact", "artefacts"),
    "BenchmarkingResult": ("benchmarking", "benchmarking_results"),
}

PROBES = [
    "",
    "1.2.840.10008",
    "1.02.3",
    "1.2\n",
    "MR",
    "MR\n",
    "mr",
    "10.7937/K9.TCIA.2017",
    "volume/vol1",
    "volume/vol 1",
    "volume/vol1/",
    "s3://idc-open-data/0a/*",
    "s3://b/x",
    "s3://bucket/a\nb",
    "BRCA2",
    "L-mid-PZpl",
    "RGB,YBR_FULL",
    "tab\tand\nline",
    "nul\x00",
    "Grüße, ² µ",
    "https://example.org/",
    "0,1",
    "de-CH",
    "11529-5",
]


def test_names_are_the_published_ones() -> None:
    declared = {each.name: (each.prefix, each.namespace) for each in BUILTIN_PAYLOAD_TYPES}

    assert declared == PUBLISHED


def test_parents_stand_before_children() -> None:
    order = [payload_type.prefix for payload_type in BUILTIN_PAYLOAD_TYPES]

    assert order[:4] == ["datasource", "patient", "imagingstudy", "volume"]


def test_every_field_type_is_used() -> None:
    used = {type(field.type) for each in BUILTIN_PAYLOAD_TYPES for field in each.fields}

    assert used == set(get_args(field_types.FieldType))


@pytest.mark.parametrize(("payload_type", "field"), ALL_FIELDS)
def test_every_field_is_described(payload_type: Any, field: Any) -> None:
    assert field.description.endswith(".")
    assert '"""' not in field.description
    assert "|" not in field.description, "a bar would end the cell of the docs table"


@pytest.mark.parametrize(("payload_type", "field"), ALL_FIELDS)
def test_units_are_ucum_terms_of_numbers(payload_type: Any, field: Any) -> None:
    if field.unit is None:
        return
    assert isinstance(field.type, Integer | Float)
    assert re.fullmatch(r"[A-Za-z0-9%*/.-]+", field.unit)


@pytest.mark.parametrize(("payload_type", "field"), ALL_FIELDS)
def test_vocabularies_are_short_words_without_repetition(payload_type: Any, field: Any) -> None:
    if not isinstance(field.type, Enum):
        return
    values = field.type.values
    assert len(set(values)) == len(values) >= 2
    assert all(re.fullmatch(r"[!-~]{1,32}", value) for value in values)


@pytest.mark.parametrize(("payload_type", "field"), ALL_FIELDS)
def test_bounds_leave_room(payload_type: Any, field: Any) -> None:
    if isinstance(field.type, Integer | Float | Date):
        lower: Any = getattr(field.type, "gt", None) if field.type.ge is None else field.type.ge
        assert lower is None or field.type.le is None or lower < field.type.le


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("value", PROBES)
def test_patterns_mean_the_same_to_python_re2_and_pydantic(pattern: str, value: str) -> None:
    # Python alone lets `$` match before a last line break, so it is asked for the whole value.
    python = re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is not None
    re2 = pc.match_substring_regex(pa.array([value]), pattern)[0].as_py()
    try:
        TypeAdapter(Annotated[str, Field(pattern=pattern)]).validate_python(value)
    except ValidationError:
        rust = False
    else:
        rust = True

    assert python == re2 == rust


def test_control_characters_are_those_that_text_may_not_hold() -> None:
    every = [chr(code) for code in range(256)]

    refused = {letter for letter in every if re.search(CONTROL_CHARACTERS, letter)}

    assert refused == {letter for letter in every if not re.fullmatch(CONTROL_FREE_PATTERN, letter)}
    assert not refused & set("\t\n\r aß")
    assert {"\x00", "\x1b", "\x7f"} <= refused


def test_the_prostate_map_has_41_sectors() -> None:
    sides, levels = "LR", ("base", "mid", "apex")
    regions = ("PZa", "PZpl", "PZpm", "TZa", "TZp", "AS", "CZ")
    candidates = [f"{side}-{level}-{region}" for side in sides for level in levels for region in regions]
    candidates += ["L-SV", "R-SV", "EUS", "L-EUS", "mid-PZa"]

    assert sum(re.match(PROSTATE_SECTOR_PATTERN, each) is not None for each in candidates) == 41


@pytest.mark.parametrize(
    ("resource_type", "field", "value"),
    [
        ("volume", "volume_type", "T1"),
        ("volume", "volume_type", "T2"),
        ("volume", "volume_type", "DWI"),
        ("volume", "volume_type", "ADC"),
        ("volume", "volume_type", "SEG"),
        ("volume", "image_plane", "transversal"),
        ("pathologyspecimen", "type", "RPE"),
        ("annotationsession", "source", "manual-masks"),
        ("annotationsession", "status", "submitted"),
    ],
)
def test_published_words_are_in_the_vocabularies(resource_type: str, field: str, value: str) -> None:
    field_type = registry().get(resource_type).field_by_name[field].type

    assert isinstance(field_type, Enum)
    assert value in field_type.values


def test_dates_leave_out_the_usual_sentinels_but_not_shifted_ones() -> None:
    field_type = registry().get("imagingstudy").field_by_name["study_date"].type

    assert isinstance(field_type, Date)
    assert field_type.ge is not None
    assert field_type.le is not None
    assert date(1, 1, 1) < field_type.ge < date(1880, 9, 9)
    assert date(2099, 12, 31) < field_type.le < date(9999, 12, 31)


def test_which_fields_hold_blobs() -> None:
    holding = {
        f"{each.prefix}.{field.name}"
        for each in BUILTIN_PAYLOAD_TYPES
        for field in each.fields
        if field.holds_blobs
    }

    assert holding == {
        "artefact.files",
        "benchmarking.other_data",
        "diagnosticreport.path_pdf",
        "histomap.path_map",
        "histomap.path_slides",
        "pathologyspecimen.path_slides",
        "piradsassessment.path_mask",
        "volume.path_dicom",
        "volume.path_nii",
        "vxannotatecaserecord.path_state",
    }
