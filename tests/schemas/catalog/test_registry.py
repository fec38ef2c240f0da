"""The registry: built-in types, those of installed packages, and what cannot be registered."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.catalog.registry import Registry, registry
from vxdata.schemas.errors import UnexpectedPayload, UnknownResourceType
from vxdata.schemas.fields import Boolean, Field, Text
from vxdata.schemas.identifiers import normalise_as
from vxdata.schemas.models import build_models, models_of
from vxdata.schemas.payload_type import InvalidPayloadType, PayloadType
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.payloads.imaging import VOLUME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENOMICS_MODULE = """
from vxdata.schemas.fields import Field, Float, Text
from vxdata.schemas.payload_type import PayloadType

SEQUENCING = PayloadType(
    name="SequencingRun",
    prefix="sequencingrun",
    namespace="sequencing_runs",
    description="One run of a sequencer.",
    license_required=False,
    fields=(
        Field(name="panel", type=Text(pattern="^[A-Z]+$"), required=True, description="Gene panel."),
        Field(name="depth", type=Float(gt=0), description="Mean depth."),
    ),
)
"""


def payload_type(**changes: object) -> PayloadType:
    """A small declaration, with whatever a test changes in it."""
    declared: dict[str, object] = {
        "name": "Thing",
        "prefix": "thing",
        "namespace": "things",
        "description": "A thing.",
        "fields": (),
    }
    return PayloadType(**(declared | changes))  # type: ignore[arg-type]  # the tests choose the arguments


@pytest.fixture
def genomics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a distribution that adds a payload type by entry point."""
    (tmp_path / "genomics_payloads.py").write_text(GENOMICS_MODULE, encoding="utf-8")
    metadata = tmp_path / "genomics_payloads-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: genomics-payloads\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[vxdata.payload_types]\nsequencing = genomics_payloads:SEQUENCING\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry.cache_clear()
    yield
    registry.cache_clear()
    sys.modules.pop("genomics_payloads", None)


def test_the_built_in_types_come_first_and_in_order() -> None:
    assert tuple(registry())[: len(BUILTIN_PAYLOAD_TYPES)] == BUILTIN_PAYLOAD_TYPES


def test_a_type_is_found_by_its_prefix() -> None:
    assert registry().get("volume") is VOLUME


def test_an_unknown_prefix_suggests_the_nearest() -> None:
    with pytest.raises(UnknownResourceType, match="Did you mean volume"):
        registry().get("volumes")


def test_an_installed_package_adds_a_type(genomics: None) -> None:
    added = registry().get("sequencingrun")

    assert tuple(registry()) == (*BUILTIN_PAYLOAD_TYPES, added)
    assert normalise_as(registry(), "sequencingruns/1", "sequencingrun") == "sequencingrun/1"


def test_an_added_type_has_models(genomics: None) -> None:
    models: Any = models_of(registry().get("sequencingrun"))
    create, update, response = models

    made = create(identifier="run1", parent_identifier="patients/a", panel="BRCA", depth=3)

    assert create.__name__ == "SequencingRunCreate"
    assert (made.identifier, made.parent_identifier) == ("sequencingrun/run1", "patient/a")
    assert update(depth=None).changes() == {"depth": None}
    assert "panel" in response.model_fields
    with pytest.raises(UnexpectedPayload):
        create(identifier="volume/run1", parent_identifier="patient/a", panel="BRCA")


def test_without_the_package_there_is_no_such_type() -> None:
    with pytest.raises(UnknownResourceType):
        registry().get("sequencingrun")


@pytest.mark.parametrize("attribute", ["name", "prefix", "namespace"])
def test_two_types_may_not_be_mistaken_for_each_other(attribute: str) -> None:
    clashing = payload_type(**{attribute: getattr(VOLUME, attribute)})

    with pytest.raises(InvalidPayloadType, match=f"share the {attribute}"):
        Registry((VOLUME, clashing))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"prefix": "two words"}, "malformed"),
        ({"prefix": "Thing"}, "malformed"),
        ({"namespace": "Things"}, "malformed"),
        ({"fields": (Field(name="B", type=Text(), description="."),)}, "malformed"),
        ({"fields": (Field(name="version", type=Text(), description="."),)}, "repeated or reserved"),
        ({"fields": (Field(name="a", type=Text(), description="."),) * 2}, "repeated or reserved"),
        (
            {"fields": (Field(name="a", type=Text(), description=".", is_external_identifier=True),)},
            "external identifiers are integers, or text of at most 256 characters, unlike a",
        ),
        (
            {"fields": (Field(name="a", type=Boolean(), description=".", is_external_identifier=True),)},
            "unlike a",
        ),
    ],
)
def test_declarations_that_cannot_work_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidPayloadType, match=problem):
        payload_type(**changes)


@pytest.mark.parametrize("name", ["class", "copy", "children", "changes", "resource_type", "from_response"])
def test_fields_that_would_hide_what_models_need_are_refused(name: str) -> None:
    declared = payload_type(fields=(Field(name=name, type=Boolean(), description="."),))

    with pytest.raises(InvalidPayloadType, match=name):
        build_models(declared)


@pytest.mark.parametrize(
    ("prefix", "plural"),
    [("volume", "volumes"), ("imagingstudy", "imagingstudies"), ("histomap", "histomaps")],
)
def test_plural_prefixes(prefix: str, plural: str) -> None:
    assert registry().get(prefix).plural_prefix == plural
    assert registry().canonical_prefix[plural] == prefix


def test_required_metadata_follow_the_declaration() -> None:
    required = {
        each.prefix: [field.name for field in each.create_fields[:3] if field.required] for each in registry()
    }

    assert required["volume"] == ["identifier", "parent_identifier", "license"]
    assert required["datasource"] == ["identifier", "license"]
    assert required["benchmarking"] == ["identifier"]
    assert required["artefact"] == ["identifier"]
