"""`/v1/types`: what can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bind import BindingScope
from vxdata.schemas.binding.operators import CONDITIONS, probe_of
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.plan import Plan
from vxdata.schemas.plan.predicates import OnField

if TYPE_CHECKING:
    import httpx

CATALOG = default_catalog()


@pytest.fixture(scope="module")
def types(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """The types by name."""
    return {each["name"]: each for each in http.get("/types").json()["types"]}


def test_all_relations_of_the_catalog_are_there(types: dict[str, dict[str, Any]]) -> None:
    assert list(types) == list(CATALOG.relations)
    for name, found in types.items():
        columns = CATALOG.relation(name).columns
        assert [field["name"] for field in found["fields"]] == [column.name for column in columns]


def test_exactly_the_operators_that_bind_are_listed(types: dict[str, dict[str, Any]]) -> None:
    for name, found in types.items():
        for field in found["fields"]:
            whole = OnField(field=field["name"])
            assert_those_that_bind(name, field["operators"], whole)
            if field["has_entries"]:
                entry = whole.model_copy(update={"key": "auc"})
                assert_those_that_bind(name, field["entry_operators"], entry)
            assert list(field["part_operators"]) == [part for part in field["parts"] if part != "item"]
            for part, operators in field["part_operators"].items():
                assert_those_that_bind(name, operators, whole.model_copy(update={"part": part}))


def assert_those_that_bind(relation: str, operators: list[str], on: OnField) -> None:
    probe = probe_of(BindingScope.of(CATALOG.relation(relation), CATALOG), on)
    for operator, make in CONDITIONS.items():
        plan = Plan(relation=relation, where=make(probe))
        if operator in operators:
            bind(plan, CATALOG)
        else:
            with pytest.raises(InvalidRequest):
                bind(plan, CATALOG)


def test_operators_are_those_of_the_type(types: dict[str, dict[str, Any]]) -> None:
    fields = {field["name"]: field for field in types["volume"]["fields"]}
    thickness, instant = fields["slice_thickness"]["operators"], fields["valid_from"]
    assert {"between", "is_in_query", "any", "max", "mean", "count"} <= set(thickness)
    assert not {"contains", "contains_any", "in_sample", "in_shard"} & set(thickness)
    assert {"between", "any", "min"} <= set(instant["operators"])
    assert not {"mean", "count", "in_sample"} & set(instant["operators"])
    assert {"mean", "between", "in_shard"} <= set(instant["part_operators"]["year"])
    assert {"in_sample", "in_shard", "contains"} <= set(fields["identifier"]["operators"])
    assert fields["identifier"]["entry_operators"] == []


def test_a_field_is_described(types: dict[str, dict[str, Any]]) -> None:
    fields = {field["name"]: field for field in types["volume"]["fields"]}
    assert "T2" in fields["volume_type"]["values"]
    assert fields["slice_thickness"]["unit"] == "mm"
    assert fields["image_plane"]["synonyms"]["axial"] == "transversal"
    assert [fields[name]["group"] for name in ("identifier", "patient_id", "b_value")] == [
        "metadata",
        "lineage",
        "payload",
    ]
    assert fields["acquisition_datetime"]["parts"] == ["year", "month"]


def test_counts_are_those_of_one_instant(http: httpx.Client) -> None:
    found = http.get("/types").json()
    again = http.get("/types", params={"as_of": found["snapshot"]["as_of"]}).json()
    assert again == found
    for each in found["types"]:
        question = {"type": each["name"], "as_of": found["snapshot"]["as_of"]}
        assert http.post("/count", json=question).json()["count"] == each["count"]


def test_an_instant_that_is_none_is_refused(http: httpx.Client) -> None:
    response = http.get("/types", params={"as_of": "yesterday"})
    assert response.status_code == 400
    assert "yesterday" in response.json()["message"]


def test_what_is_known_is_not_told_again(http: httpx.Client) -> None:
    first = http.get("/types")
    again = http.get("/types", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["vxdata-version"] == str(first.json()["snapshot"]["version"])
