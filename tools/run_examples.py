"""Run the notebooks of a folder, each in a kernel of its own, and leave them as they are.

Run it as `python -m tools.run_examples examples`. The first cell that fails ends it, and is shown.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

if TYPE_CHECKING:
    from collections.abc import Sequence

CELL_SECONDS: Final = 300
"""Seconds that a cell may take; only a fault takes as long."""


def run_notebook(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in its folder, from the first cell to the last.

    Args:
        path: The notebook.

    Returns:
        The notebook with what its cells have put out; the file stays as it is.

    Raises:
        CellExecutionError: A cell failed.
    """
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call] # nbformat's lack
    resources = {"metadata": {"path": str(path.parent)}}
    return NotebookClient(notebook, timeout=CELL_SECONDS, resources=resources).execute()


def main(folders: Sequence[str]) -> int:
    """Run all notebooks of some folders, by name.

    Args:
        folders: The folders.

    Returns:
        Exit status: 1 if a cell failed.
    """
    for path in sorted(found for folder in folders for found in Path(folder).glob("*.ipynb")):
        started = time.perf_counter()
        try:
            run_notebook(path)
        except CellExecutionError as error:
            sys.stderr.write(f"{path}:\n{error}\n")
            return 1
        print(f"{path}: {time.perf_counter() - started:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
