"""Only composition roots ask for the default registry and catalog; all else is given them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from tools.tree import TOP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULTS: Final = frozenset({"registry", "default_catalog"})
ROOTS: Final = {
    "schemas/vxdata/schemas/catalog/catalog.py",  # makes the one of the other
    "schemas/vxdata/schemas/resource_model.py",  # validators have no session
    "flight_server/vxdata/server/app.py",
    "vxdata_client/vxdata/sdk/_client.py",
    "cli/vxdata/cli/idc/mapping.py",
    "cli/vxdata/cli/running.py",
    "cli/vxdata/cli/commands/database.py",
    "cli/vxdata/cli/commands/storage.py",
    "cli/vxdata/cli/commands/token.py",
    "cli/vxdata/cli/commands/demo.py",
}


def _callers() -> Iterator[str]:
    for part in ("schemas", "sql", "flight_server", "vxdata_client", "cli"):
        for path in sorted((TOP / part).rglob("*.py")):
            if _calls_a_default(path):
                yield str(path.relative_to(TOP))


def _calls_a_default(path: Path) -> bool:
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id in DEFAULTS for call in calls)


def test_only_composition_roots_ask_for_the_defaults() -> None:
    assert set(_callers()) == ROOTS
