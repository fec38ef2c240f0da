"""Bins as keys of groups: of numbers alone, and written in one way."""

from __future__ import annotations

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Float
from vxdata.schemas.plan import GroupKey, Plan, decode, digest, encode


def plan(**key: object) -> Plan:
    return Plan(relation="volume", group_by=(GroupKey.model_validate({"name": "bin", **key}),))


def test_the_number_of_a_bin_is_a_double() -> None:
    for field in ("slice_thickness", "series_number"):
        (column,) = bind(plan(field=field, width=0.5), default_catalog()).columns
        assert (column.name, column.type) == ("bin", Float())


def test_parts_that_are_numbers_have_bins() -> None:
    bound = bind(plan(field="series_date", part="year", width=10.0), default_catalog())
    assert len(bound.columns) == 1


@pytest.mark.parametrize("field", ["volume_type", "series_date", "is_contrast_enhanced", "derived_from"])
def test_bins_are_made_of_numbers(field: str) -> None:
    with pytest.raises(FieldTypeMismatch, match="bins are made of numbers") as caught:
        bind(plan(field=field, width=1.0), default_catalog())
    assert caught.value.details["field"] == field


def test_an_origin_needs_a_width() -> None:
    with pytest.raises(InvalidPlan, match="an origin and no width"):
        bind(plan(field="b_value", origin=1.0), default_catalog())


@pytest.mark.parametrize("width", [0.0, -1.0, float("inf"), float("nan")])
def test_a_width_is_above_zero(width: float) -> None:
    with pytest.raises(ValueError, match="width"):
        plan(field="b_value", width=width)


def test_an_origin_of_zero_is_left_out() -> None:
    written = encode(plan(field="b_value", width=5.0, origin=0.0))
    assert b"origin" not in written
    assert b'"width":5}' in written
    assert decode(written) == plan(field="b_value", width=5.0)
    assert digest(decode(written)) != digest(plan(field="b_value", width=6.0))
