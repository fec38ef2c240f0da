"""Changes as uploads: one table for each type and set of stated fields."""

from __future__ import annotations

import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import FieldTypeMismatch, InvalidRequest, UnexpectedPayload
from vxdata.schemas.update import DataSourceUpdate, PatientUpdate, VolumeUpdate
from vxdata.sdk._resources.changes import is_pair, pairs_of, tables_of_identifiers, tables_of_updates

PAIRS = [("volume/1", VolumeUpdate(b_value=1)), ("patient/1", PatientUpdate(sex="M"))]


class TestPairs:
    @pytest.mark.parametrize("given", [PAIRS, tuple(PAIRS), dict(PAIRS), iter(PAIRS)])
    def test_of_several_in_any_form(self, given: object) -> None:
        assert pairs_of(given) == PAIRS

    def test_of_one(self) -> None:
        assert pairs_of(PAIRS[0]) == pairs_of(*PAIRS[0]) == PAIRS[:1]
        assert [is_pair(given) for given in (PAIRS[0], PAIRS, PAIRS[:1], list(PAIRS[0]), PAIRS[0][0])] == [
            True,
            False,
            False,
            False,
            False,
        ]

    @pytest.mark.parametrize("given", [[], (), {}, iter([])])
    def test_of_none(self, given: object) -> None:
        assert pairs_of(given) == []

    @pytest.mark.parametrize(
        "given", ["", "volume/1", None, 1, PAIRS[0][1], ["volume/1"], [PAIRS[0], None], {"volume/1": None}]
    )
    def test_of_something_else_are_refused(self, given: object) -> None:
        with pytest.raises(FieldTypeMismatch, match="update takes"):
            pairs_of(given)

    @pytest.mark.parametrize("given", [PAIRS[0], PAIRS, dict(PAIRS), [], None])
    def test_beside_another_update_are_refused(self, given: object) -> None:
        with pytest.raises(FieldTypeMismatch, match="update takes"):
            pairs_of(given, PatientUpdate(sex="M"))


def test_what_states_the_same_fields_shares_a_table() -> None:
    tables = tables_of_updates(
        registry(),
        {
            "volume/1": VolumeUpdate(b_value=1),
            "patient/1": PatientUpdate(sex=None),
            "volume/2": VolumeUpdate(b_value=2),
            "volume/3": VolumeUpdate(license="x"),
        },
        None,
    )
    assert [(name, table.to_pylist()) for name, table in tables] == [
        ("volume", [{"identifier": "volume/1", "b_value": 1}, {"identifier": "volume/2", "b_value": 2}]),
        ("patient", [{"identifier": "patient/1", "sex": None}]),
        ("volume", [{"identifier": "volume/3", "license": "x"}]),
    ]


def test_a_mapping_goes_as_pairs() -> None:
    update = DataSourceUpdate(external_identifiers={"a": "1"})
    ((_, table),) = tables_of_updates(registry(), {"datasource/1": update}, None)
    assert table["external_identifiers"].to_pylist() == [[("a", "1")]]


def test_expected_versions_stand_beside_the_identifiers() -> None:
    ((_, table),) = tables_of_identifiers(registry(), ["volume/1", "volume/2"], {"volume/2": 7})
    assert table.to_pylist() == [
        {"identifier": "volume/1", "expected_version": None},
        {"identifier": "volume/2", "expected_version": 7},
    ]
    ((_, one),) = tables_of_identifiers(registry(), ["volume/1"], 7)
    assert one["expected_version"].to_pylist() == [7]


def test_every_version_that_belongs_to_nothing_is_named() -> None:
    unknown = {f"volume/{number:02}": 1 for number in range(30)}
    with pytest.raises(InvalidRequest) as caught:
        tables_of_identifiers(registry(), ["volume/x"], unknown)
    assert caught.value.details == {"identifiers": sorted(unknown)}
    assert "volume/19" in caught.value.message
    assert "volume/20" not in caught.value.message


def test_an_update_of_another_type_is_refused() -> None:
    with pytest.raises(UnexpectedPayload) as caught:
        tables_of_updates(
            registry(), {"volume/1": PatientUpdate(sex="M"), "patient/1": PatientUpdate(sex="M")}, None
        )
    assert caught.value.details == {"identifiers": ["volume/1"], "expected": "patient"}
