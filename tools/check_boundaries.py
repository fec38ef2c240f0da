"""Only two packages may import `pyarrow.flight`: one at the server's rim, one at the client's.

import-linter sees an external package as one node, so it cannot tell `pyarrow.flight` from `pyarrow`; this
reads the syntax trees. Run it as `python -m tools.check_boundaries`.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.tree import TOP, package_folders, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator

FLIGHT_FOLDERS = (
    Path("flight_server/vxdata/server/listeners/flight"),
    Path("vxdata_client/vxdata/sdk/_transport"),
)
FLIGHT_MODULES = ("pyarrow.flight", "pyarrow._flight")


def _is_flight(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in FLIGHT_MODULES)


def names_in(node: ast.AST) -> Iterator[str]:
    """Tell which modules a node names: in an import, in a string for `import_module`, or as `pyarrow.flight`.

    Args:
        node: Any node of a syntax tree.

    Yields:
        Dotted names.
    """
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield module
            yield from (f"{module}.{alias.name}" for alias in names)
        case ast.Attribute(value=ast.Name(id="pa" | "pyarrow"), attr=attribute):
            yield f"pyarrow.{attribute}"
        case ast.Call(args=[ast.Constant(value=str(module)), *_]):
            yield module
        case _:
            pass


def flight_lines(source: str) -> list[int]:
    r"""Find where a module reaches for Flight.

    Args:
        source: The text of the module.

    Returns:
        Line numbers, each once, in order.

    Example:
        >>> flight_lines("import pyarrow as pa\nfrom pyarrow import flight, parquet\npa.flight.connect\n")
        [2, 3]
    """
    nodes = [node for node in ast.walk(ast.parse(source)) if any(map(_is_flight, names_in(node)))]
    return sorted({node.lineno for node in nodes if isinstance(node, ast.stmt | ast.expr)})


def main() -> int:
    """Check every module that is installed, and print what was found.

    Returns:
        0 if only the two packages use Flight, else 1.
    """
    others = [name for name in python_files(*package_folders()) if name.parent not in FLIGHT_FOLDERS]
    found = [
        f"{name}:{line}: imports pyarrow.flight"
        for name in others
        for line in flight_lines((TOP / name).read_text(encoding="utf-8"))
    ]
    for line in found:
        print(line, file=sys.stderr)
    allowed = " and ".join(map(str, FLIGHT_FOLDERS))
    verdict = "broken" if found else f"kept by the {len(others)} others"
    print(f"Only {allowed} may import pyarrow.flight: {verdict}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
