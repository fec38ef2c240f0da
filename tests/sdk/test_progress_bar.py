"""Progress bars: shown for what takes long, as text or as a widget, and not for what has nothing to do."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient
from tqdm.notebook import tqdm as notebook_bar

from vxdata.sdk._progress_bar import progress_bar, set_total
from vxdata.sdk._storage.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("files", [0, 3])
def test_where_there_is_nothing_to_do_none_is_shown(files: int, capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("upload", files, shown=True) as bar:
        for _ in range(files):
            bar.spared(None)
    assert capfd.readouterr() == ("", "")


def test_what_moves_shows_a_bar(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("upload", 2, shown=True) as bar:
        bar.sized(2048)
        bar.spared(None)
        bar.moved(1024)
        bar.moved(1024)
    assert "upload: 100%" in capfd.readouterr().err


def test_without_progress_there_is_none(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("upload", 1, shown=False) as bar:
        bar.sized(2)
        bar.moved(2)
    assert capfd.readouterr() == ("", "")


def test_a_widget_learns_its_total() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of ipywidgets
        bar: Any = notebook_bar(desc="x", display=False)
    set_total(bar, 10)
    bar.update(10)
    bar.refresh()
    filled = bar.container.children[1]
    assert (bar.total, filled.max, filled.value, filled.bar_style) == (10, 10, 10, "")
    assert filled.layout.width is None
    bar.close()


def test_text_learns_its_total() -> None:
    bar = progress_bar("x", shown=False)
    set_total(bar, 10)
    assert bar.total == 10
    bar.close()


def cell_outputs(source: str, folder: Path) -> list[Any]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call] # has no annotations
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return list(notebook.cells[0].outputs)


BAR = """
from vxdata.sdk._progress_bar import progress_bar
bar = progress_bar("upload", shown=True, total=2, delay=0)
bar.update(2)
bar.close()
"""


def test_a_notebook_shows_a_widget(tmp_path: Path) -> None:
    shown = [output.data for output in cell_outputs(BAR, tmp_path) if output.output_type == "display_data"]
    assert [data.get("application/vnd.jupyter.widget-view+json") is not None for data in shown] == [True]


def test_a_notebook_without_widgets_shows_text_and_no_warning(tmp_path: Path) -> None:
    without = "import sys\nsys.modules['ipywidgets'] = None\n"
    text = "".join(output.text for output in cell_outputs(without + BAR, tmp_path))
    assert "upload: 100%" in text
    assert "Warning" not in text
