"""The models: what they accept, what they refuse and with which error of ours."""

from __future__ import annotations

import json
import math
import pickle
import warnings
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.create import (
    ArtefactCreate,
    BenchmarkingResultCreate,
    DataSourceCreate,
    PatientCreate,
    PSAMeasurementCreate,
    VolumeCreate,
)
from vxdata.schemas.errors import (
    InvalidIdentifier,
    UnexpectedPayload,
    UnknownResourceType,
    ValidationFailed,
)
from vxdata.schemas.fields import (
    MAX_ITEMS,
    MAX_TEXT_LENGTH,
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Field,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.models import NaiveTimestampWarning, build_models, models_of
from vxdata.schemas.payload_type import IDENTIFIER, LICENSE, PayloadType
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.resource_model import Identifier, LicenseText
from vxdata.schemas.response import PatientResponse, VolumeResponse
from vxdata.schemas.types.pydantic import value_type
from vxdata.schemas.update import DataSourceUpdate, PSAMeasurementUpdate, VolumeUpdate
from vxdata.schemas.violations import MAX_VIOLATIONS, SHOWN_OF_VALUE

NOW = datetime(2025, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
STATED: dict[str, Any] = {
    "identifier": "vol1",
    "parent_identifier": "patient/BB00017",
    "license": "CC BY 4.0",
}


def volume(**payload: Any) -> VolumeCreate:
    return VolumeCreate(**(STATED | payload))


def violation_of(**payload: Any) -> dict[str, Any]:
    """The only violation of a volume."""
    with pytest.raises(ValidationFailed) as caught:
        volume(**payload)
    (violation,) = caught.value.violations
    return violation


class TestPublishedExamples:
    """The calls that the published pages show are valid as written."""

    def test_volume(self) -> None:
        created = VolumeCreate(
            identifier="vol1",
            parent_identifier="datasource/basel",
            license="VIRDX-ANONYMIZED",
            b_value=1000,
            volume_type="DWI",
        )

        assert created.identifier == "volume/vol1"
        assert created.b_value == 1000.0
        assert type(created.b_value) is float

    def test_benchmark_without_parent_and_licence(self) -> None:
        created = BenchmarkingResultCreate(
            identifier="benchmarking/7f3a",
            clearml_id="7f3a",
            eval_task="ve2e-default",
            benchmarked_on=["patient/BB00017", "DA001"],
            summary_metrics={"auc": 0.8},
            other_data={"patient_level_results": "s3://vxdata/benchmarking/7f3a/results.parquet"},
        )

        assert created.parent_identifier is None
        assert created.license is None

    def test_updates(self) -> None:
        assert DataSourceUpdate(parent_identifier=None).changes() == {"parent_identifier": None}
        assert DataSourceUpdate(description="test").changes() == {"description": "test"}
        assert VolumeUpdate(b_value=4000).changes() == {"b_value": 4000.0}


class TestIdentifiers:
    def test_plural_prefixes_are_normalised(self) -> None:
        created = volume(identifier="volumes/vol1", parent_identifier="imagingstudies/a/1")

        assert (created.identifier, created.parent_identifier) == ("volume/vol1", "imagingstudy/a/1")
        assert VolumeUpdate(parent_identifier="patients/a").parent_identifier == "patient/a"

    @pytest.mark.parametrize("validate", [VolumeCreate.model_validate, lambda data: VolumeCreate(**data)])
    def test_another_prefix_raises_unexpected_payload_itself(self, validate: Any) -> None:
        with pytest.raises(UnexpectedPayload) as caught:
            validate(STATED | {"identifier": "patient/a", "b_value": -1})

        assert caught.value.details == {"identifiers": ["patient/a"], "expected": "volume"}

    def test_another_prefix_in_json_raises_unexpected_payload_too(self) -> None:
        with pytest.raises(UnexpectedPayload):
            VolumeCreate.model_validate_json(json.dumps(STATED | {"identifier": "patient/a"}))

    def test_a_malformed_identifier_is_refused(self) -> None:
        with pytest.raises(InvalidIdentifier):
            volume(identifier="a\n")

    def test_a_parent_needs_its_prefix(self) -> None:
        with pytest.raises(InvalidIdentifier, match="has no prefix"):
            volume(parent_identifier="BB00017")
        with pytest.raises(UnknownResourceType, match="Did you mean patient"):
            VolumeUpdate(parent_identifier="patiend/BB00017")

    def test_a_parent_may_be_of_any_type(self) -> None:
        assert volume(parent_identifier="artefact/run7").parent_identifier == "artefact/run7"

    def test_metadata_types_are_those_of_the_contract(self) -> None:
        assert repr(value_type(IDENTIFIER)) == repr(Identifier)
        assert repr(value_type(LICENSE)) == repr(LicenseText)


class TestErrors:
    def test_every_violation_is_reported_at_once(self) -> None:
        with pytest.raises(ValidationFailed) as caught:
            VolumeCreate(identifier="vol1", license="x", b_value=-1, volume_type="T9")  # type: ignore[call-arg,arg-type]

        found = {each["field"]: each for each in caught.value.violations}
        assert set(found) == {"parent_identifier", "b_value", "volume_type"}
        assert found["b_value"] == {
            "resource_type": "volume",
            "row": 0,
            "identifier": "vol1",
            "field": "b_value",
            "problem": "Input should be greater than or equal to 0",
            "value": "-1",
        }
        assert found["parent_identifier"]["value"] is None
        assert caught.value.details["count"] == 3

    def test_an_unknown_field_suggests_a_known_one(self) -> None:
        assert violation_of(b_valu=3)["problem"] == "there is no such field. Did you mean b_value?"

    def test_null_where_there_must_be_a_value(self) -> None:
        assert violation_of(license=None)["problem"] == "null is not allowed"

    def test_the_place_inside_a_list_is_named(self) -> None:
        assert violation_of(derived_from=["volume/a", None])["problem"] == "at [1]: null is not allowed"

    def test_the_place_inside_a_mapping_is_named(self) -> None:
        with pytest.raises(ValidationFailed, match=r"at \['report'\]: String should match"):
            ArtefactCreate(identifier="a", files={"report": "/tmp/report.pdf"})  # noqa: S108 - a wrong value

    def test_long_values_are_cut(self) -> None:
        shown = violation_of(series_description="x" * 300)["value"]

        assert len(shown) == SHOWN_OF_VALUE + 1
        assert shown.endswith("…")

    def test_violations_are_counted_but_not_all_carried(self) -> None:
        with pytest.raises(ValidationFailed) as caught:
            volume(derived_from=["no prefix"] * 1_000)

        assert len(caught.value.violations) == MAX_VIOLATIONS
        assert caught.value.details["count"] == 1_000

    def test_errors_travel(self) -> None:
        with pytest.raises(ValidationFailed) as caught:
            volume(b_value=-1, acquisition_datetime=object(), derived_from=[object()])

        wire = json.loads(json.dumps(caught.value.to_wire()))
        assert ValidationFailed.from_wire(wire).details == caught.value.details
        assert pickle.loads(pickle.dumps(caught.value)).details == caught.value.details  # noqa: S301 - our own

    def test_pydantics_error_does_not_double_the_traceback(self) -> None:
        with pytest.raises(ValidationFailed) as caught:
            volume(b_value=-1)

        assert caught.value.__suppress_context__

    def test_a_document_that_is_no_json_is_refused(self) -> None:
        with pytest.raises(ValidationFailed, match="Invalid JSON"):
            VolumeCreate.model_validate_json("{")

    def test_what_is_no_mapping_is_refused(self) -> None:
        with pytest.raises(ValidationFailed):
            VolumeCreate.model_validate([1])


EVERY_TYPE = PayloadType(
    name="Every",
    prefix="volume",  # that of a registered type, so that identifiers can be checked
    namespace="everys",
    description="One field of each type.",
    parent_required=False,
    license_required=False,
    fields=(
        Field(name="text", type=Text(max_length=5), description="."),
        Field(name="long_text", type=Text(), description="."),
        Field(name="pattern", type=Text(pattern="^a.*$"), description="."),
        Field(name="integer", type=Integer(), description="."),
        Field(name="small", type=Integer(ge=1, le=5), description="."),
        Field(name="number", type=Float(), description="."),
        Field(name="positive", type=Float(gt=0, le=9), description="."),
        Field(name="flag", type=Boolean(), description="."),
        Field(name="day", type=Date(ge=date(1900, 1, 1), le=date(2100, 1, 1)), description="."),
        Field(name="moment", type=Timestamp(), description="."),
        Field(name="word", type=Enum(values=("a", "b")), description="."),
        Field(name="blob", type=BlobUrl(), description="."),
        Field(name="items", type=TextList(), description="."),
        Field(name="letters", type=TextList(pattern="^[a-z]$"), description="."),
        Field(name="blobs", type=TextList(blobs=True), description="."),
        Field(name="texts", type=TextMap(), description="."),
        Field(name="files", type=TextMap(blobs=True), description="."),
        Field(name="numbers", type=NumberMap(), description="."),
    ),
)
EVERY: Any = build_models(EVERY_TYPE)


class TestValues:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("text", "\u00e4\U0001f9e0\t\r\n"),
            ("text", ""),
            ("long_text", "x" * MAX_TEXT_LENGTH),
            ("pattern", "abc"),
            ("integer", -(2**63)),
            ("integer", 2**63 - 1),
            ("small", 5),
            ("number", -1.5e308),
            ("positive", 9),
            ("flag", False),
            ("day", date(1900, 1, 1)),
            ("moment", NOW),
            ("word", "b"),
            ("blob", "s3://bucket/key"),
            ("blob", "s3://idc-open-data/0a/*"),
            ("items", []),
            ("letters", ["a", "z"]),
            ("blobs", ["s3://bucket/key"]),
            ("texts", {"": ""}),
            ("files", {"a": "s3://bucket/key"}),
            ("numbers", {"a": 1, "b": -0.5}),
        ],
    )
    def test_accepted(self, field: str, value: Any) -> None:
        assert getattr(EVERY.create(identifier="a", **{field: value}), field) == value
        assert EVERY.update(**{field: value}).changes() == {field: value}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("text", "x" * 6),
            ("text", b"x"),
            ("text", 1),
            ("text", "\x00"),
            ("text", "\x1b"),
            ("text", "\x7f"),
            ("text", "\ud800"),
            ("long_text", "x" * (MAX_TEXT_LENGTH + 1)),
            ("pattern", "b"),
            ("pattern", "a\x00"),
            ("integer", "12"),
            ("integer", True),
            ("integer", 1.0),
            ("integer", 2**63),
            ("integer", -(2**63) - 1),
            ("small", 0),
            ("small", 6),
            ("number", "1"),
            ("number", True),
            ("number", math.nan),
            ("number", math.inf),
            ("number", 10**400),
            ("positive", 0),
            ("positive", 9.01),
            ("flag", 1),
            ("flag", "true"),
            ("day", date(1899, 12, 31)),
            ("day", date(2100, 1, 2)),
            ("day", NOW),
            ("day", "31.01.2025"),
            ("day", 20250131),
            ("moment", "yesterday"),
            ("moment", date(2025, 1, 31)),
            ("moment", 1738326615),
            ("moment", datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))),
            ("word", "c"),
            ("word", "A"),
            ("blob", "https://bucket/key"),
            ("blob", "/data/key"),
            ("blob", "s3://bucket"),
            ("blob", "s3://bucket/"),
            ("blob", "s3://Bucket/key"),
            ("blob", "s3://bucket/a\x01"),
            ("items", "a"),
            ("items", ("a",)),
            ("items", [None]),
            ("items", [1]),
            ("items", ["\x00"]),
            ("items", ["a"] * (MAX_ITEMS + 1)),
            ("letters", ["a", "B"]),
            ("blobs", ["key"]),
            ("texts", {"a": None}),
            ("texts", {1: "a"}),
            ("texts", {"\x00": "a"}),
            ("texts", [("a", "b")]),
            ("files", {"a": "key"}),
            ("numbers", {"a": math.nan}),
            ("numbers", {"a": True}),
            ("numbers", {"a": "1"}),
            ("numbers", {None: 1}),
        ],
    )
    def test_refused(self, field: str, value: Any) -> None:
        for model, stated in ((EVERY.create, {"identifier": "a"}), (EVERY.update, {})):
            with pytest.raises(ValidationFailed) as caught:
                model(**stated, **{field: value})
            assert {each["field"] for each in caught.value.violations} == {field}

    def test_integers_become_floats_where_a_float_is_declared(self) -> None:
        created = EVERY.create(identifier="a", number=1, numbers={"a": 2})

        assert type(created.number) is type(created.numbers["a"]) is float

    def test_control_characters_are_named_as_such(self) -> None:
        with pytest.raises(ValidationFailed, match="no control characters"):
            EVERY.create(identifier="a", pattern="a\x00")


class TestTime:
    @pytest.mark.parametrize(
        "moment",
        [
            NOW,
            NOW.astimezone(timezone(timedelta(hours=5, minutes=30))),
            NOW.isoformat(),
            "2025-01-31T12:30:15.123456Z",
        ],
    )
    def test_aware_instants_are_brought_to_utc(self, moment: Any) -> None:
        stored = volume(acquisition_datetime=moment).acquisition_datetime

        assert stored == NOW
        assert stored is not None
        assert stored.tzinfo is UTC

    @pytest.mark.parametrize("moment", [datetime(2025, 1, 31, 12), "2025-01-31T12:00:00"])  # noqa: DTZ001 - on purpose
    @pytest.mark.parametrize("validate", [VolumeCreate.model_validate, lambda data: VolumeCreate(**data)])
    def test_naive_instants_are_utc_with_one_warning_at_the_callers_line(
        self, moment: Any, validate: Any
    ) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            stored = validate(STATED | {"acquisition_datetime": moment}).acquisition_datetime

        assert stored == datetime(2025, 1, 31, 12, tzinfo=UTC)
        assert [each.category for each in caught] == [NaiveTimestampWarning]
        assert caught[0].filename == __file__

    def test_days_may_be_iso_strings(self) -> None:
        assert volume(series_date="2025-01-31").series_date == date(2025, 1, 31)

    def test_json_holds_both(self) -> None:
        document = json.dumps(STATED | {"series_date": "2025-01-31", "acquisition_datetime": NOW.isoformat()})
        created = VolumeCreate.model_validate_json(document)

        assert (created.series_date, created.acquisition_datetime) == (date(2025, 1, 31), NOW)
        assert VolumeCreate.model_validate_json(created.model_dump_json()) == created


class TestUpdates:
    def test_unset_keeps_and_none_is_null(self) -> None:
        update = VolumeUpdate(b_value=None)

        assert update.changes() == {"b_value": None}
        assert VolumeUpdate().changes() == {}
        assert repr(update) == "VolumeUpdate(b_value=None)"

    def test_changes_follow_the_order_of_the_fields(self) -> None:
        update = VolumeUpdate(path_nii=None, volume_type="T2", license="x")

        assert list(update.changes()) == ["license", "volume_type", "path_nii"]

    @pytest.mark.parametrize(
        ("model", "field"),
        [
            (VolumeUpdate, "license"),
            (VolumeUpdate, "parent_identifier"),
            (PSAMeasurementUpdate, "value"),
        ],
    )
    def test_required_fields_may_not_become_null(self, model: Any, field: str) -> None:
        with pytest.raises(ValidationFailed, match=f"{field}: null is not allowed"):
            model(**{field: None})

    def test_an_identifier_is_never_changed(self) -> None:
        with pytest.raises(ValidationFailed, match="no such field"):
            VolumeUpdate(identifier="vol2")  # type: ignore[call-arg]


class TestResponses:
    def stored(self, **payload: Any) -> VolumeResponse:
        metadata = {"identifier": "volume/vol1", "valid_from": NOW, "created_at": NOW, "version": 7}
        return VolumeResponse(**(STATED | metadata | payload))

    def test_old_versions_stay_readable(self) -> None:
        response = self.stored(volume_type="RETIRED", b_value=-1.0, series_description="a\x01b")

        assert response.volume_type == "RETIRED"

    def test_but_a_create_from_them_is_judged_by_the_constraints_of_now(self) -> None:
        with pytest.raises(ValidationFailed, match="volume_type"):
            VolumeCreate.from_response(self.stored(volume_type="RETIRED"))

    def test_types_still_hold(self) -> None:
        with pytest.raises(ValidationFailed, match="b_value"):
            self.stored(b_value="1000")

    def test_what_only_a_response_has_is_dropped(self) -> None:
        created = VolumeCreate.from_response(
            self.stored(b_value=50, patient_id="patient/BB00017", children=[])
        )

        assert created == volume(b_value=50)

    def test_a_response_of_another_type_is_refused(self) -> None:
        with pytest.raises(UnexpectedPayload):
            PatientCreate.from_response(self.stored())

    def test_a_fork_gets_another_identifier_and_other_values(self) -> None:
        fork = VolumeCreate.from_response(
            self.stored(b_value=50), identifier="fork", b_value=None, series_number=7
        )

        assert fork == volume(identifier="volume/fork", b_value=None, series_number=7)

    def test_a_fork_is_judged_as_a_create(self) -> None:
        with pytest.raises(UnexpectedPayload):
            VolumeCreate.from_response(self.stored(), identifier="patient/a")
        with pytest.raises(ValidationFailed, match="Did you mean b_value"):
            VolumeCreate.from_response(self.stored(), b_valu=None)
        with pytest.raises(ValidationFailed, match="license: null is not allowed"):
            VolumeCreate.from_response(self.stored(), license=None)

    def test_children_are_absent_unless_asked_for(self) -> None:
        assert self.stored().children is None
        assert self.stored(children=["volume/mask"]).children == ["volume/mask"]

    def test_metadata_are_complete(self) -> None:
        with pytest.raises(ValidationFailed) as caught:
            PatientResponse(identifier="patient/a")  # type: ignore[call-arg]

        missing = {each["field"] for each in caught.value.violations}
        assert missing == {"parent_identifier", "license", "valid_from", "created_at", "version"}


class TestModels:
    @pytest.mark.parametrize("payload_type", BUILTIN_PAYLOAD_TYPES, ids=lambda each: each.prefix)
    def test_only_required_fields_are_required(self, payload_type: PayloadType) -> None:
        create, update, response = models_of(payload_type)

        required = [field.name for field in payload_type.create_fields if field.required]
        assert [name for name, field in create.model_fields.items() if field.is_required()] == required
        assert not any(field.is_required() for field in update.model_fields.values())
        assert set(response.model_fields) == {"children", *payload_type.field_by_name}

    def test_models_are_frozen(self) -> None:
        with pytest.raises(pydantic.ValidationError, match="frozen"):
            volume().b_value = 3  # type: ignore[misc]

    def test_equal_models_are_equal_and_survive_pickling(self) -> None:
        created = volume(b_value=1000, derived_from=["annotationsession/a"])

        assert created == volume(b_value=1000.0, derived_from=["annotationsession/a"])
        assert pickle.loads(pickle.dumps(created)) == created  # noqa: S301 - our own bytes

    def test_a_null_is_the_same_as_nothing(self) -> None:
        assert volume(b_value=None).model_dump() == volume().model_dump()

    def test_a_psa_record_without_a_value_makes_no_sense(self) -> None:
        with pytest.raises(ValidationFailed, match="value: Field required"):
            PSAMeasurementCreate(**(STATED | {"identifier": "p"}))

    def test_only_what_may_stand_alone_needs_no_parent(self) -> None:
        alone = [each.prefix for each in BUILTIN_PAYLOAD_TYPES if not each.parent_required]

        assert alone == ["datasource", "artefact", "benchmarking"]
        assert DataSourceCreate(identifier="basel", license="x").parent_identifier is None


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
URLS = st.from_regex(r"s3://[a-z0-9]{3,10}(/[a-z0-9]{1,5}){1,4}/?", fullmatch=True)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
    "long_text": TEXT,
    "pattern": TEXT.map("a{}".format).filter(lambda text: "\u2028" not in text),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(1, 5),
    "number": FINITE,
    "positive": st.floats(0, 9, exclude_min=True),
    "flag": st.booleans(),
    "day": st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "moment": st.datetimes(timezones=st.just(UTC)),
    "word": st.sampled_from(["a", "b"]),
    "blob": URLS,
    "items": st.lists(TEXT, max_size=3),
    "letters": st.lists(st.sampled_from("abz"), max_size=3),
    "blobs": st.lists(URLS, max_size=3),
    "texts": st.dictionaries(TEXT, TEXT, max_size=3),
    "files": st.dictionaries(TEXT, URLS, max_size=3),
    "numbers": st.dictionaries(TEXT, FINITE, max_size=3),
}


@given(payload=st.fixed_dictionaries({}, optional=VALUES))
def test_a_create_comes_back_from_its_response(payload: dict[str, Any]) -> None:
    created = EVERY.create(identifier="a", **payload)
    stored = EVERY.response(
        **created.model_dump(), valid_from=NOW, created_at=NOW, version=1, patient_id="patient/a"
    )

    assert EVERY.create.from_response(stored) == created


@given(payload=st.fixed_dictionaries({}, optional={name: each | st.none() for name, each in VALUES.items()}))
def test_an_update_keeps_exactly_what_was_stated(payload: dict[str, Any]) -> None:
    assert EVERY.update(**payload).changes() == payload


@given(
    value=st.none() | st.booleans() | st.integers() | FINITE | st.text() | st.binary() | st.lists(st.text())
)
def test_any_value_is_either_kept_or_refused_with_our_error(value: Any) -> None:
    for field in EVERY_TYPE.fields:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NaiveTimestampWarning)
                EVERY.create(identifier="a", **{field.name: value})
        except ValidationFailed:
            continue
