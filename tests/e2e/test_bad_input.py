"""Bad input through the SDK: each is a clear named error, and nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import DataSourceCreate, ImagingStudyCreate, PatientCreate, VolumeCreate
from vxdata.schemas.models import models_of
from vxdata.schemas.plan import Plan
from vxdata.sdk import (
    Client,
    DuplicateIdentifiers,
    F,
    FieldTypeMismatch,
    InvalidIdentifier,
    LineageCycle,
    ParentNotFound,
    Query,
    ResourceAlreadyExists,
    UnexpectedPayload,
    UnknownField,
    UnknownResourceType,
    ValidationFailed,
    VxDataError,
)
from vxdata.sdk._resources.upload import WriteRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIXES = [payload_type.prefix for payload_type in registry()]
ROWS = 100_000
BROKEN_ROW = 87_654


def counts(client: Client) -> dict[str, int]:
    return {
        name: client.namespace(name).query().select("identifier").to_arrow().num_rows for name in PREFIXES
    }


@pytest.fixture
def unchanged(client: Client, datasource: str) -> Iterator[str]:
    """A live parent; at the end nothing has been written since."""
    before = client.now(), counts(client)
    yield datasource
    assert (client.now(), counts(client)) == before


def patient(identifier: str, parent: str | None, **payload: Any) -> PatientCreate:
    stated: dict[str, Any] = {"identifier": identifier, "parent_identifier": parent, "license": "x"}
    return PatientCreate(**(stated | payload))


def frame(parent: str, *identifiers: str, **columns: Any) -> pl.DataFrame:
    metadata = {"identifier": list(identifiers), "parent_identifier": parent, "license": "x"}
    return pl.DataFrame(metadata | columns)


def unchecked(client: Client, resource_type: str, table: pl.DataFrame) -> VxDataError:
    """What the server says to rows that no check of the client has seen."""
    columns = {series.name: series.to_arrow(compat_level=pl.CompatLevel.oldest()) for series in table}
    texts = {
        name: column.cast(pa.string()) if pa.types.is_large_string(column.type) else column
        for name, column in columns.items()
    }
    with pytest.raises(VxDataError) as caught:
        WriteRequest("create", [(resource_type, pa.table(texts))]).send(client._session.transport)
    return caught.value


class TestIdentifiers:
    def test_twice_in_a_batch(self, client: Client, unchanged: str, unique: str) -> None:
        twice = f"patient/{unique}"
        for broken in (
            [
                patient(unique, unchanged),
                patient(f"{unique}-2", unchanged),
                patient(twice, unchanged, sex="M"),
            ],
            frame(unchanged, unique, f"{unique}-2", f"patients/{unique}"),
        ):
            with pytest.raises(DuplicateIdentifiers, match=f"more than once in the batch: {twice}") as caught:
                client.patients.create(broken)
            assert caught.value.details == {"identifiers": [twice]}

    def test_that_exist(self, client: Client, unchanged: str, unique: str) -> None:
        for broken in (
            DataSourceCreate(identifier=unchanged, license="x"),
            [
                DataSourceCreate(identifier=f"{unique}-2", license="x"),
                DataSourceCreate(identifier=unchanged, license="x"),
            ],
            pl.DataFrame({"identifier": [unchanged, f"{unique}-2"], "license": "x"}),
        ):
            with pytest.raises(ResourceAlreadyExists, match=f"Already exists: {unchanged}") as caught:
                client.data_sources.create(broken)
            assert caught.value.details["identifiers"] == [unchanged]

    def test_of_another_type(self, client: Client, unchanged: str, unique: str) -> None:
        wrong = f"volume/{unique}"
        with pytest.raises(
            UnexpectedPayload, match=f"Expected identifiers of patient, got {wrong}"
        ) as caught:
            patient(wrong, unchanged)
        assert caught.value.details == {"identifiers": [wrong], "expected": "patient"}
        with pytest.raises(UnexpectedPayload) as caught:
            client.patients.create(frame(unchanged, unique, wrong))
        assert caught.value.details == {"identifiers": [wrong], "expected": "patient"}
        assert type(unchecked(client, "patient", frame(unchanged, wrong))) is UnexpectedPayload

    @pytest.mark.parametrize("rest", ["", "/x", "x/", " x", "x ", "é", "x\ny", "x\x00y", "x" * 201])
    def test_that_are_malformed(self, client: Client, unchanged: str, rest: str) -> None:
        with pytest.raises((InvalidIdentifier, ValidationFailed)):
            patient(f"patient/{rest}", unchanged)
        error = unchecked(client, "patient", frame(unchanged, f"patient/{rest}"))
        assert isinstance(error, ValidationFailed)
        assert {found["field"] for found in error.violations} == {"identifier"}

    def test_that_are_null(self, client: Client, unchanged: str, unique: str) -> None:
        broken = frame(unchanged, unique, "x").with_columns(identifier=pl.Series([unique, None]))
        with pytest.raises(
            ValidationFailed, match=r"patient row 1 \(None\), identifier: is required, but null"
        ):
            client.patients.create(broken)


class TestParents:
    def test_that_are_missing(self, client: Client, unchanged: str, unique: str) -> None:
        missing = f"datasource/{unique}-missing"
        for broken in (
            [patient(unique, unchanged), patient(f"{unique}-2", missing)],
            frame(missing, f"{unique}-2"),
        ):
            with pytest.raises(ParentNotFound, match=f"Parents missing or deleted: {missing}") as caught:
                client.patients.create(broken)
            assert caught.value.details == {"identifiers": [missing], "children": [f"patient/{unique}-2"]}

    @pytest.mark.usefixtures("unchanged")
    def test_that_are_refused_themselves(self, client: Client, unique: str) -> None:
        broken: list[Any] = [
            VolumeCreate(identifier=unique, parent_identifier=f"imagingstudy/{unique}", license="x"),
            ImagingStudyCreate(identifier=unique, parent_identifier=f"patient/{unique}", license="x"),
        ]
        with pytest.raises(ParentNotFound, match=f"patient/{unique}"):
            client.resources.create(broken)

    def test_that_go_round_in_a_circle(self, client: Client, unchanged: str, unique: str) -> None:
        names = [f"patient/{unique}-{number}" for number in range(3)]
        broken = [patient(names[number], names[number - 1]) for number in range(3)]
        with pytest.raises(LineageCycle) as caught:
            client.patients.create([patient(f"{unique}-good", unchanged), *broken])
        assert caught.value.details == {"identifiers": names}

    @pytest.mark.usefixtures("unchanged")
    @pytest.mark.parametrize("parent", ["nowhere", "nosuch/x", "datasource/", ""])
    def test_that_are_malformed(self, client: Client, unique: str, parent: str) -> None:
        with pytest.raises((InvalidIdentifier, UnknownResourceType)):
            patient(unique, parent)
        with pytest.raises(ValidationFailed, match=rf"patient row 0 \(patient/{unique}\), parent_identifier"):
            client.patients.create(frame(parent, unique))

    @pytest.mark.usefixtures("unchanged")
    def test_that_a_type_must_have(self, client: Client, unique: str) -> None:
        with pytest.raises(ValidationFailed, match="parent_identifier: null is not allowed"):
            patient(unique, None)
        with pytest.raises(ValidationFailed, match="needs the columns parent_identifier, license"):
            client.patients.create(pl.DataFrame({"identifier": [unique]}))


class TestValues:
    BROKEN = (
        ("series_description", "a\x00b"),
        ("series_description", "a\x1fb"),
        ("series_description", "x" * 257),
        ("volume_type", "T9"),
        ("b_value", -1.0),
        ("b_value", float("nan")),
        ("b_value", float("inf")),
        ("slice_thickness", 0.0),
        ("series_number", 2**31),
        ("series_instance_uid", "1..2"),
        ("path_nii", "/local/path.nii"),
        ("path_nii", "s3://b/x"),
        ("derived_from", ["volume/1", "not an identifier"]),
        ("series_date", datetime(1700, 1, 1, tzinfo=UTC).date()),
    )

    @pytest.mark.parametrize(("name", "value"), BROKEN)
    def test_that_break_a_constraint(
        self, client: Client, unchanged: str, unique: str, name: str, value: Any
    ) -> None:
        good: dict[str, Any] = {"identifier": unique, "parent_identifier": unchanged, "license": "x"}
        with pytest.raises(ValidationFailed) as caught:
            VolumeCreate(**good, **{name: value})
        assert [found["field"] for found in caught.value.violations] == [name]
        broken = frame(unchanged, f"{unique}-0", unique, f"{unique}-2").with_columns(
            pl.Series(name, [None, value, None])
        )
        with pytest.raises(ValidationFailed, match=rf"volume row 1 \(volume/{unique}\), {name}: ") as caught:
            client.volumes.create(broken)
        assert {found["field"] for found in caught.value.violations} == {name}

    def test_of_another_type(self, client: Client, unchanged: str, unique: str) -> None:
        with pytest.raises(ValidationFailed, match="birth_year: Input should be a valid integer"):
            patient(unique, unchanged, birth_year="1950")
        with pytest.raises(
            FieldTypeMismatch, match=r"patient\.birth_year is of type integer; a column of String"
        ):
            client.patients.create(frame(unchanged, unique, birth_year="1950"))
        error = unchecked(client, "patient", frame(unchanged, f"patient/{unique}", birth_year="1950"))
        assert type(error) is FieldTypeMismatch
        assert "patient.birth_year takes int64, not string" in error.message

    def test_of_unknown_fields(self, client: Client, unchanged: str, unique: str) -> None:
        with pytest.raises(ValidationFailed, match=r"sexx: there is no such field\. Did you mean sex"):
            patient(unique, unchanged, sexx="M")
        with pytest.raises(UnknownField, match=r"patient has no field sexx\. Did you mean sex\?"):
            client.patients.create(frame(unchanged, unique, sexx="M"))
        error = unchecked(client, "patient", frame(unchanged, f"patient/{unique}", sexx="M"))
        assert type(error) is UnknownField
        assert error.details["fields"] == ["sexx"]

    def test_that_are_missing(self, unchanged: str, unique: str) -> None:
        for payload_type in registry():
            required = [field.name for field in payload_type.fields if field.required]
            for name in required:
                create = models_of(payload_type).create
                with pytest.raises(ValidationFailed, match=name):
                    create(identifier=unique, parent_identifier=unchanged, license="x")

    def test_one_deep_inside_a_large_frame(self, client: Client, unchanged: str, unique: str) -> None:
        names = [f"{unique}-{number:06}" for number in range(ROWS)]
        for name, good, bad in (
            ("sex", "M", "m"),
            ("external_uid", "x", "a\x00b"),
            ("birth_year", 1950, 195),
        ):
            values = pl.Series(name, [good] * ROWS).scatter(BROKEN_ROW, bad)
            with pytest.raises(ValidationFailed) as caught:
                client.patients.create(frame(unchanged, *names).with_columns(values))
            identifier = f"patient/{names[BROKEN_ROW]}"
            assert f"patient row {BROKEN_ROW} ({identifier}), {name}: " in caught.value.message
            (violation,) = caught.value.violations
            assert (violation["row"], violation["identifier"], violation["field"]) == (
                BROKEN_ROW,
                identifier,
                name,
            )
            assert caught.value.details["count"] == 1


class TestPlans:
    @pytest.mark.usefixtures("unchanged")
    def test_an_unknown_field(self, client: Client) -> None:
        with pytest.raises(UnknownField, match=r"volume has no field b_valu\. Did you mean b_value\?"):
            client.volumes.query().filter(F.b_valu > 1)
        plan = Plan(relation="volume", where=(F.b_valu > 1).node)
        with pytest.raises(UnknownField, match=r"volume has no field b_valu\. Did you mean b_value\?"):
            Query(client._session, plan).collect()

    @pytest.mark.usefixtures("unchanged")
    def test_an_unknown_type(self, client: Client) -> None:
        with pytest.raises(UnknownResourceType, match="Did you mean volume"):
            Query(client._session, Plan(relation="volum")).collect()


def test_one_bad_type_stops_all_types(client: Client, unchanged: str, unique: str) -> None:
    good = frame(unchanged, unique)
    bad = frame(f"patient/{unique}", unique, series_number=2**40)
    with pytest.raises(ValidationFailed, match=rf"volume row 0 \(volume/{unique}\), series_number"):
        client.resources.create({"patient": good, "volume": bad})
