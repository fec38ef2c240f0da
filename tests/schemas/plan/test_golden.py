"""The canonical bytes of many plans: tickets, caches and manifests break where one of them changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from vxdata.schemas.plan import decode, digest, encode

GOLDEN: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("golden_plans.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("golden", GOLDEN, ids=range(len(GOLDEN)))
def test_a_plan_has_the_bytes_that_it_had(golden: dict[str, Any]) -> None:
    plan = decode(json.dumps(golden["stated"]).encode())
    assert encode(plan).decode() == golden["canonical"]
    assert encode(decode(encode(plan))).decode() == golden["canonical"]


def test_the_digests_of_all_are_what_they_were() -> None:
    digests = [digest(decode(json.dumps(golden["stated"]).encode())) for golden in GOLDEN]
    assert len(set(digests)) > 150
    assert (
        hashlib.blake2b("".join(digests).encode(), digest_size=16).hexdigest()
        == "cab7a1b20bcfa66a21851c8138d3412d"
    )
