"""Identifiers: one written form for each, and a wrong prefix is refused."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import InvalidIdentifier, UnexpectedPayload, UnknownResourceType
from vxdata.schemas.identifiers import REST_PATTERN, normalise, normalise_all, normalise_as, prefix_of
from vxdata.schemas.payloads.vocabularies import IDENTIFIER_PATTERN

PREFIXES = st.sampled_from(sorted(registry().by_prefix))
SPELLINGS = st.sampled_from(sorted(registry().canonical_prefix))
RESTS = st.from_regex(REST_PATTERN, fullmatch=True)


@given(spelling=SPELLINGS, rest=RESTS)
def test_normalising_gives_the_canonical_prefix_and_keeps_the_rest(spelling: str, rest: str) -> None:
    identifier = normalise(registry(), f"{spelling}/{rest}")

    assert identifier == f"{registry().canonical_prefix[spelling]}/{rest}"


@given(spelling=SPELLINGS, rest=RESTS)
def test_normalising_twice_changes_nothing(spelling: str, rest: str) -> None:
    once = normalise(registry(), f"{spelling}/{rest}")

    assert normalise(registry(), once) == once
    assert normalise_as(registry(), once, prefix_of(registry(), once)) == once


@given(expected=PREFIXES, rest=RESTS)
def test_a_bare_rest_gets_the_prefix(expected: str, rest: str) -> None:
    if rest.partition("/")[0] in registry().canonical_prefix:
        return

    assert normalise_as(registry(), rest, expected) == f"{expected}/{rest}"


@given(spelling=SPELLINGS, expected=PREFIXES, rest=RESTS)
def test_another_prefix_is_refused(spelling: str, expected: str, rest: str) -> None:
    if registry().canonical_prefix[spelling] == expected:
        return

    with pytest.raises(UnexpectedPayload) as caught:
        normalise_as(registry(), f"{spelling}/{rest}", expected)

    assert caught.value.details == {"identifiers": [f"{spelling}/{rest}"], "expected": expected}


@given(text=st.text(max_size=300))
def test_any_text_is_either_normal_or_refused(text: str) -> None:
    try:
        identifier = normalise_as(registry(), text, "volume")
    except (InvalidIdentifier, UnexpectedPayload):
        return

    assert re.fullmatch(IDENTIFIER_PATTERN, identifier)
    assert len(identifier) <= 256


@pytest.mark.parametrize(
    "rest", ["", " ", " a", "a ", "/a", "a/", "/", "a\n", "a\x00", "a\tb", "ä", "a" * 201]
)
def test_malformed_rests_are_refused(rest: str) -> None:
    with pytest.raises(InvalidIdentifier, match="not a valid identifier"):
        normalise(registry(), f"volume/{rest}")


@pytest.mark.parametrize("rest", ["a", "-", "a b", "1.2.840", "BB00017/001", "a" * 200, "TCGA-G9", "(a)"])
def test_rests_that_occur_are_accepted(rest: str) -> None:
    assert normalise(registry(), f"volume/{rest}") == f"volume/{rest}"


def test_an_identifier_without_prefix_says_how_to_write_it() -> None:
    with pytest.raises(InvalidIdentifier, match="such as volume/vol1"):
        normalise(registry(), "vol1")


def test_an_unknown_prefix_suggests_a_known_one() -> None:
    with pytest.raises(UnknownResourceType, match="Did you mean volume") as caught:
        normalise(registry(), "volumn/vol1")

    assert caught.value.details["resource_type"] == "volumn"


def test_a_study_of_a_patient_may_be_bare() -> None:
    assert normalise_as(registry(), "BB00017/001", "imagingstudy") == "imagingstudy/BB00017/001"


def test_all_wrong_prefixes_are_reported_together() -> None:
    with pytest.raises(UnexpectedPayload) as caught:
        normalise_all(registry(), ["vol1", "patient/a", "volumes/vol2", "datasource/b"], "volume")

    assert caught.value.details["identifiers"] == ["patient/a", "datasource/b"]


def test_many_are_normalised_in_order() -> None:
    assert normalise_all(registry(), iter(["b", "volumes/a"]), "volume") == ["volume/b", "volume/a"]


@given(rest=RESTS | st.text(alphabet=st.characters(codec="ascii"), min_size=1, max_size=8))
def test_the_pattern_of_references_agrees_with_the_parser(rest: str) -> None:
    identifier = f"volume/{rest}"
    matches = pc.match_substring_regex(pa.array([identifier]), IDENTIFIER_PATTERN)[0].as_py()

    assert matches == (re.fullmatch(REST_PATTERN, rest) is not None)
