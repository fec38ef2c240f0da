"""`F` of a namespace: its names, what it refuses, and how editors and notebooks see them."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.sdk import Client, F, UnknownField
from vxdata.sdk._expressions import fields_generated

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def unconnected() -> Iterator[Client]:
    """A client that makes no call."""
    with Client("grpc://127.0.0.1:1") as client:
        yield client


@pytest.mark.parametrize("payload_type", BUILTIN_PAYLOAD_TYPES, ids=lambda each: each.prefix)
class TestEveryType:
    def test_its_fields_are_completed_and_make_the_same_references(
        self, unconnected: Client, payload_type: Any
    ) -> None:
        fields = getattr(unconnected, payload_type.namespace).F
        names = [field.name for field in payload_type.response_fields]
        assert [name for name in dir(fields) if not name.startswith("_")] == sorted(names)
        assert sorted(fields._ipython_key_completions_()) == sorted(names)
        for name in names:
            assert repr(getattr(fields, name) == None) == repr(F[name].is_null())  # noqa: E711

    def test_the_class_that_type_checkers_see_has_them(self, payload_type: Any) -> None:
        seen = getattr(fields_generated, f"{payload_type.name}Fields")
        assert list(seen.__annotations__) == [field.name for field in payload_type.response_fields]

    def test_the_namespace_has_a_name_in_the_singular(self, unconnected: Client, payload_type: Any) -> None:
        plural = payload_type.namespace
        singular = plural[:-3] + "y" if plural.endswith("ies") else plural[:-1]
        assert getattr(unconnected, singular) is getattr(unconnected, plural)

    def test_they_copy(self, unconnected: Client, payload_type: Any) -> None:
        fields = getattr(unconnected, payload_type.namespace).F
        for made in (copy.deepcopy(fields), pickle.loads(pickle.dumps(fields))):  # noqa: S301 - of our own making
            assert dir(made) == dir(fields)


def test_another_name_is_refused_with_the_nearest(unconnected: Client) -> None:
    for refused in (lambda: unconnected.volumes.F.b_valu, lambda: unconnected.volumes.F["b_valu"]):  # type: ignore[attr-defined]
        with pytest.raises(UnknownField, match="Did you mean b_value"):
            refused()


def test_a_private_name_is_no_field(unconnected: Client) -> None:
    for fields in (F, unconnected.volumes.F):
        assert not hasattr(fields, "_repr_html_")


def test_no_text_is_no_name(unconnected: Client) -> None:
    with pytest.raises(TypeError, match="takes the name of a field"):
        unconnected.volumes.F[3]  # type: ignore[index]


def test_they_filter(unconnected: Client) -> None:
    volumes = unconnected.volumes
    assert repr(volumes.query().filter(volumes.F.b_value > 10)) == repr(
        volumes.query().filter(F.b_value > 10)
    )


def test_they_are_shown_by_their_namespace(unconnected: Client) -> None:
    assert repr(unconnected.volume.F) == "client.volumes.F"
    assert repr(unconnected.resources.F) == "client.resources.F"


def test_the_global_one_completes_the_fields_of_all_types() -> None:
    names = {field.name for each in BUILTIN_PAYLOAD_TYPES for field in each.response_fields}
    assert names <= set(dir(F))
    annotated = {
        name for each in fields_generated.AnyFields.__mro__ for name in vars(each).get("__annotations__", {})
    }
    assert names == annotated


def test_resources_of_all_types_have_the_common_fields(unconnected: Client) -> None:
    fields = unconnected.resources.F
    assert [name for name in dir(fields) if not name.startswith("_")] == sorted(
        fields_generated.ResourceFields.__annotations__
    )
