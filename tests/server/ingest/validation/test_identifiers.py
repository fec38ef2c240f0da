"""Identifiers in uploads: full, canonical, and of the right type."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import UnexpectedPayload
from vxdata.server.ingest.validation.identifiers import check_identifiers
from vxdata.server.ingest.validation.violations import Violations

VOLUME = registry().get("volume")


def wrong(identifiers: list[str | None], parents: list[str | None] | None = None) -> list[tuple[int, str]]:
    violations = Violations()
    columns = {"identifier": pa.array(identifiers, pa.string())}
    if parents is not None:
        columns["parent_identifier"] = pa.array(parents, pa.string())
    check_identifiers(registry(), VOLUME, pa.record_batch(columns), 0, violations)
    return [(found["row"], found["field"]) for found in violations.found]


def test_good() -> None:
    rests = ["a", "1.2.840", "a b", "a/b", "a//b", "!~", "x" * 200, "volume/a"]
    assert wrong([f"volume/{rest}" for rest in rests], [f"patient/{rest}" for rest in rests]) == []


@pytest.mark.parametrize(
    "rest", ["", " ", " a", "a ", "/a", "a/", "/", "é", "a\tb", "a\n", "\x00", "\x7f", "x" * 201]
)
def test_malformed(rest: str) -> None:
    assert wrong([f"volume/{rest}"], [f"patient/{rest}"]) == [(0, "identifier"), (0, "parent_identifier")]


@pytest.mark.parametrize("text", ["a", "volume", "Volume/a", "volumex/a", "nothing/a", " volume/a", ""])
def test_without_a_known_prefix(text: str) -> None:
    assert wrong(["volume/a", text]) == [(1, "identifier")]


def test_null_is_left_to_the_values() -> None:
    assert wrong([None, "volume/a"], [None, None]) == []
    assert wrong([None], [None]) == []
    assert wrong([], []) == []


def test_the_prefix_of_another_type() -> None:
    with pytest.raises(UnexpectedPayload, match="Expected identifiers of volume") as caught:
        wrong(["volume/a", "patient/a", None, "imagingstudies/b", "nothing/c"])
    assert caught.value.details["identifiers"] == ["patient/a", "imagingstudies/b"]


def test_every_registered_type_may_be_a_parent() -> None:
    parents: list[str | None] = [f"{prefix}/a" for prefix in registry().by_prefix]
    assert wrong([f"volume/{number}" for number in range(len(parents))], parents) == []


def test_a_parent_with_a_plural_or_unknown_prefix() -> None:
    assert wrong(["volume/a", "volume/b"], ["patients/a", "nothing/b"]) == [
        (0, "parent_identifier"),
        (1, "parent_identifier"),
    ]


def test_a_slice() -> None:
    whole = pa.record_batch({"identifier": ["patient/a", "volume/b", "volume/"]})
    violations = Violations()
    check_identifiers(registry(), VOLUME, whole.slice(1), 5, violations)
    assert [found["row"] for found in violations.found] == [6]
