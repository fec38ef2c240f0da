"""Words of the domain: understood in conditions, suggested where they are refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from vxdata.schemas.create import VolumeCreate
from vxdata.schemas.errors import ValidationFailed
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.fields import Enum
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.update import VolumeUpdate
from vxdata.sdk import Client, F, MemoryTransport
from vxdata.server.ingest.validation.values import RULES

if TYPE_CHECKING:
    from vxdata.sdk import Predicate

VOCABULARIES = [
    pytest.param(field.type, id=f"{each.prefix}-{field.name}")
    for each in BUILTIN_PAYLOAD_TYPES
    for field in each.fields
    if isinstance(field.type, Enum) and field.type.synonyms
]


@pytest.fixture
def offline() -> Client:
    return Client(transport=MemoryTransport(read=lambda _: pa.table({"identifier": ["volume/a"]})))


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        (F.image_plane == "axial", F.image_plane == "transversal"),
        (F.image_plane != "AXIAL", F.image_plane != "transversal"),
        (~(F.image_plane == "axial"), ~(F.image_plane == "transversal")),
        ((F.b_value > 1) | (F.image_plane == "axial"), (F.b_value > 1) | (F.image_plane == "transversal")),
        (F.image_plane.is_in(["axial", "sagittal"]), F.image_plane.is_in(["transversal", "sagittal"])),
        (F.image_plane.equals("Axial"), F.image_plane.equals("transversal")),
        (F.series_description == "axial", F.series_description == "axial"),
        (F.image_plane > "axial", F.image_plane > "axial"),
        (F.image_plane.contains("axial"), F.image_plane.contains("axial")),
    ],
    ids=repr,
)
def test_become_those_of_the_vocabulary(offline: Client, written: Predicate, understood: Predicate) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert offline.volumes.query().filter(written).plan == offline.volumes.query().filter(understood).plan


def test_are_understood_in_subqueries(offline: Client) -> None:
    inner = offline.volumes.query().filter(F.image_plane == "axial").select("identifier")
    query = offline.volumes.query().filter(F.identifier.is_in(inner))
    assert "F.image_plane == 'transversal'" in repr(query)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
class TestEveryVocabulary:
    def test_synonyms_mean_one_word_of_it(self, vocabulary: Enum) -> None:
        words = [word for word, _ in vocabulary.synonyms]
        assert len(set(words)) == len(words)
        assert [word.casefold() for word in words] == words
        assert not {value.casefold() for value in vocabulary.values}.intersection(words)
        assert {value for _, value in vocabulary.synonyms} <= set(vocabulary.values)

    def test_a_synonym_is_never_taken_for_another_word(self, vocabulary: Enum) -> None:
        for word, value in vocabulary.synonyms:
            assert did_you_mean(word, vocabulary.words) == f"Did you mean {value}?"


def test_are_suggested_where_values_are_written() -> None:
    stated = {"identifier": "a", "parent_identifier": "patient/x", "license": "CC0"}
    with pytest.raises(ValidationFailed, match=r"image_plane: .*Did you mean transversal"):
        VolumeCreate(**stated, image_plane="axial")  # type: ignore[arg-type]
    with pytest.raises(ValidationFailed, match="Did you mean transversal"):
        VolumeUpdate(image_plane="axail")  # type: ignore[arg-type]
    with pytest.raises(ValidationFailed, match=r"^(?!.*Did you mean)"):
        VolumeUpdate(image_plane="xyz")  # type: ignore[arg-type]


def test_frames_are_told_how_to_write_them() -> None:
    kind = Enum(values=("transversal", "sagittal"), synonyms=(("axial", "transversal"),))
    problems = [problem for _, problem in RULES[Enum](kind, pa.array(["axial"]))]
    assert problems == ["is none of transversal, sagittal (write 'axial' as 'transversal')"]
