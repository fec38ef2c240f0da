"""Bars in a notebook: where widgets are missing, characters do, and nobody is warned."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

CODE = """
import importlib.util

assert importlib.util.find_spec("ipywidgets") is None, "this test is about a notebook without them"
from vxdata.sdk._progress_bar import progress_bar

bar = progress_bar(total=3, disable=True)
bar.update(3)
bar.close()
type(bar).__name__
"""


def test_a_notebook_without_widgets() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])  # type: ignore[no-untyped-call]
    (cell,) = NotebookClient(notebook, timeout=120, kernel_name="python3").execute().cells
    (output,) = cell.outputs
    assert output["data"]["text/plain"] == "'tqdm_asyncio'"
