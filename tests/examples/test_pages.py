"""The pages of the documentation that tell a story run from their first block to the last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.fixtures.pages import blocks, run
from tools.tree import TOP
from vxdata.schemas.catalog.registry import registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from vxdata.server.app import Server

DOCS = TOP / "docs"
FOUND = """
import json

print(json.dumps({
    "created": len(created),
    "problem": problem.details["identifiers"],
    "file": local_path.read_bytes().decode(),
    "counts": receipt.counts,
    "rows": frame.rows(),
    "per_patient": per_patient.rows(),
    "birth_years": [then, now],
}))
"""


def test_the_tutorial(clone: Path, shell: Callable[..., str]) -> None:
    program = "\n".join(block.code for block in blocks(DOCS / "tutorial.md"))
    (clone / "tutorial.py").write_text(program + FOUND)
    assert json.loads(shell("python tutorial.py").splitlines()[-1]) == {
        "created": 5,
        "problem": ["patient/carl"],
        "file": "the bytes of an image",
        "counts": {"volume": 3},
        "rows": [
            ["volume/bert-dwi-400", "patient/bert", 400.0],
            ["volume/bert-dwi-1000", "patient/bert", 1000.0],
        ],
        "per_patient": [["patient/anna", 1], ["patient/bert", 3]],
        "birth_years": [1950, 1951],
    }


def test_the_migration(server: Server, datasource: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways find the same; what they find are the volumes of other tests, if there are any."""
    monkeypatch.setenv("VXDATA_URL", server.flight_url)
    (block,) = blocks(DOCS / "migration.md")
    names: dict[str, object] = {}
    run(block, names)
    assert names["before"].equals(names["after"])  # type: ignore[attr-defined]


def test_the_migration_names_every_type() -> None:
    text = (DOCS / "migration.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith('| `"')]
    assert sorted(rows) == sorted(
        f'| `"{kind.name}"` | `client.{kind.namespace}` | `{kind.prefix}` |' for kind in registry()
    )
