"""The canonical bytes of many plans: tickets, caches and manifests break where one of them changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.plan import Plan, decode, digest, encode


def read(name: str) -> list[dict[str, Any]]:
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


GOLDEN = read("golden_plans.jsonl")
VERSION_1 = read("golden_plans_1.jsonl")
"""The same plans as version 1 wrote them."""


def plan_of(golden: dict[str, Any]) -> Plan:
    return decode(json.dumps(golden["stated"]).encode())


@pytest.mark.parametrize("golden", GOLDEN, ids=range(len(GOLDEN)))
def test_a_plan_has_the_bytes_that_it_had(golden: dict[str, Any]) -> None:
    plan = plan_of(golden)
    assert encode(plan).decode() == golden["canonical"]
    assert encode(decode(encode(plan))).decode() == golden["canonical"]


def test_the_digests_of_all_are_what_they_were() -> None:
    digests = [digest(plan_of(golden)) for golden in GOLDEN]
    assert len(set(digests)) > 150
    assert (
        hashlib.blake2b("".join(digests).encode(), digest_size=16).hexdigest()
        == "1801a81991be90e06915a47f59565c85"
    )


@pytest.mark.parametrize(
    ("former", "present"), list(zip(VERSION_1, GOLDEN, strict=True)), ids=range(len(GOLDEN))
)
def test_plans_of_version_1_are_read(former: dict[str, Any], present: dict[str, Any]) -> None:
    assert former["stated"]["version"] == 1
    assert encode(plan_of(former)).decode() == present["canonical"]
    assert encode(decode(former["canonical"].encode())).decode() == present["canonical"]


@pytest.mark.parametrize(
    "plan",
    [
        {"version": 2, "resource_type": "volume"},
        {"version": 1, "relation": "volume"},
        {"version": 1, "relation": "volume", "resource_type": "volume"},
        {"version": 3, "relation": "volume"},
    ],
)
def test_each_version_has_its_own_words(plan: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlan):
        decode(json.dumps(plan).encode())


def test_the_former_name_still_tells_the_relation() -> None:
    with pytest.warns(DeprecationWarning, match="Plan.relation"):
        assert Plan(relation="volume").resource_type == "volume"
