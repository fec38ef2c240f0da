"""Models as uploads and answers: what is created is what is returned, for every type and field."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.payloads import payloads
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import ArtefactCreate, DataSourceCreate, PatientCreate
from vxdata.schemas.errors import ValidationFailed
from vxdata.schemas.models import models_of
from vxdata.schemas.types.arrow import create_schema, response_schema
from vxdata.sdk._conversion.models import arrow_value, by_type, responses, table_of

if TYPE_CHECKING:
    from vxdata.schemas.models import ResourceCreate, ResourceResponse
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sdk import Client

PREFIXES = [payload_type.prefix for payload_type in registry()]


def made(payload_type: PayloadType, payload: dict[str, Any], root: str) -> ResourceCreate:
    """A model of any type, of which no other test has the identifier."""
    return models_of(payload_type).create(
        identifier=secrets.token_hex(8), parent_identifier=root, license="CC BY 4.0", **payload
    )


def assert_stored(created: ResourceCreate, stored: ResourceResponse) -> None:
    for name in type(created).model_fields:
        assert getattr(stored, name) == getattr(created, name), name


@pytest.mark.parametrize("prefix", PREFIXES)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_created_is_what_is_returned(
    client: Client, root: str, prefix: str, data: st.DataObject
) -> None:
    payload_type = registry().get(prefix)
    made_up = data.draw(st.lists(payloads(payload_type), min_size=1, max_size=4))
    models = [made(payload_type, payload, root) for payload in made_up]
    stored = client.namespace(prefix).create(models)
    assert [type(found) for found in stored] == [models_of(payload_type).response] * len(models)
    for model, found in zip(models, stored, strict=True):
        assert_stored(model, found)
        assert found.valid_from == found.created_at == stored[0].valid_from
        assert found.valid_to is None
        assert found.children is None
        assert models_of(payload_type).create.from_response(found) == model
    read = client.namespace(prefix).retrieve([found.identifier for found in stored], include_children=False)
    assert repr(stored) == repr(read)
    assert [found.model_fields_set for found in stored] == [found.model_fields_set for found in read]


class TestTables:
    def test_one_for_each_type_in_the_order_given(self) -> None:
        models = [
            PatientCreate(identifier="b", parent_identifier="datasource/x", license="x"),
            DataSourceCreate(identifier="x", license="x"),
            PatientCreate(identifier="a", parent_identifier="datasource/x", license="x"),
        ]
        groups = by_type(models)
        assert list(groups) == ["patient", "datasource"]
        assert table_of(registry().get("patient"), groups["patient"])["identifier"].to_pylist() == [
            "patient/b",
            "patient/a",
        ]

    def test_the_schema_is_that_of_the_registry(self) -> None:
        table = table_of(registry().get("artefact"), [ArtefactCreate(identifier="a")])
        assert table.schema.equals(create_schema(registry().get("artefact")), check_metadata=True)

    def test_mappings_are_arrow_maps(self) -> None:
        model = ArtefactCreate(identifier="a", parameters={"x": "1", "y": "2"}, metrics={})
        table = table_of(registry().get("artefact"), [model, ArtefactCreate(identifier="b")])
        assert table["parameters"].type == pa.map_(pa.string(), pa.string())
        assert table["parameters"].to_pylist() == [[("x", "1"), ("y", "2")], None]
        assert table["metrics"].to_pylist() == [[], None]


class TestResponses:
    """Made by columns, they are what validation by rows would make."""

    @pytest.mark.parametrize("prefix", PREFIXES)
    @settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(data=st.data())
    def test_equal_validated_ones(self, prefix: str, data: st.DataObject) -> None:
        payload_type = registry().get(prefix)
        model = models_of(payload_type).response
        instant = data.draw(st.datetimes(timezones=st.just(UTC)))
        metadata = {"parent_identifier": "datasource/a", "license": "x", "version": 1}
        metadata |= {"valid_from": instant, "created_at": instant}
        rows = [
            {"identifier": f"{prefix}/{number}"} | metadata | payload
            for number, payload in enumerate(data.draw(st.lists(payloads(payload_type), max_size=3)))
        ]
        arrow_schema = response_schema(payload_type)
        columns = [[arrow_value(row.get(name)) for row in rows] for name in arrow_schema.names]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, arrow_schema, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=arrow_schema)
        found = responses(table, payload_type)
        maps = [field.name for field in arrow_schema if pa.types.is_map(field.type)]
        wanted = [
            model.model_validate(
                row | {name: None if row[name] is None else dict(row[name]) for name in maps}
            )
            for row in table.to_pylist()
        ]
        assert found == wanted
        assert repr(found) == repr(wanted)
        for made, validated in zip(found, wanted, strict=True):
            assert made.model_fields_set == validated.model_fields_set
            assert made.model_dump() == validated.model_dump()

    def test_columns_of_other_types_are_validated(self) -> None:
        with pytest.raises(ValidationFailed, match="version"):
            responses(pa.table({"identifier": ["artefact/a"], "version": ["x"]}), registry().get("artefact"))

    def test_a_null_where_there_must_be_a_value_is_found(self) -> None:
        arrow_schema = response_schema(registry().get("artefact"))
        table = pa.Table.from_arrays([pa.nulls(1, field.type) for field in arrow_schema], schema=arrow_schema)
        with pytest.raises(ValidationFailed, match="identifier: null is not allowed"):
            responses(table, registry().get("artefact"))

    def test_a_copy_states_for_itself(self) -> None:
        names = response_schema(registry().get("artefact"))
        values = {"identifier": "artefact/a", "version": 1} | dict.fromkeys(
            ("valid_from", "created_at"), datetime(2026, 1, 1, tzinfo=UTC)
        )
        arrays = [pa.array([values.get(field.name)] * 2, field.type) for field in names]
        one, other = responses(pa.Table.from_arrays(arrays, schema=names), registry().get("artefact"))
        copy = one.model_copy(update={"children": []})
        assert "children" in copy.model_fields_set
        assert "children" not in one.model_fields_set | other.model_fields_set
        assert copy.children == []
