"""Every block of the README runs as it stands, in the order in which a reader comes to it."""

from __future__ import annotations

import json
import shlex
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from tests.examples.conftest import readme
from tools.tree import TOP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.commands import Running

PROGRAMS = [
    "\n".join(block.code for block in together)
    for language, together in groupby(readme("sh", "python"), key=lambda block: block.language)
    if language == "python"
]
"""Blocks of Python that follow each other, as one program."""

FOUND = """
import json

print(json.dumps({
    "image": plt.gca().images[0].get_array().shape,
    "collections": volumes["patient_id"].str.split("/").list.get(1).unique().sort().to_list(),
    "files": [Path(path).stat().st_size > 1000 for path in files["path_nii"]],
}))
"""
"""What the program leaves in its names."""


def test_has_these_blocks() -> None:
    """A block of another language would not be run."""
    fences = [line for line in readme_lines() if line.startswith("```") and line != "```"]
    assert set(fences) == {"```sh", "```python"}
    assert len(fences) == len(readme("sh", "python"))
    assert [block.code.split()[:2] for block in readme("sh")] == [
        ["make", "demo"],
        ["pip", "install"],
        ["vxdata", "up"],
    ]
    assert len(PROGRAMS) == 2


def readme_lines() -> list[str]:
    return (TOP / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_demo_shows_an_image_and_says_how_to_go_on(demo: str, clone: Path) -> None:
    assert "image: the middle slice of volume/nibabel/example4d, from s3://vxdata/" in demo
    picture = demo[demo.index("image: ") :].splitlines()[1:]
    assert sum(len(set(line)) > 4 for line in picture) > 15, "many lines of many shades"
    assert f"client = local({str(clone / 'var' / 'demo')!r})" in demo


def test_from_the_demo_to_data_of_ones_own(demo: str, clone: Path, shell: Callable[..., str]) -> None:
    program = PROGRAMS[0]
    assert program.endswith("client.close()  # the server stops")
    (clone / "program.py").write_text(program + FOUND)
    assert json.loads(shell("python program.py").splitlines()[-1]) == {
        "image": [96, 128],
        "collections": ["prostate_3t", "prostate_mri"],
        "files": [True],
    }


def test_what_is_said_of_installing(shell: Callable[..., str]) -> None:
    """pip would do it; nothing is installed, nor asked of a network."""
    pytest.importorskip("hatchling", reason="nothing is built with the lowest versions")
    (block,) = (block for block in readme("sh") if block.code.startswith("pip"))
    printed = shell(block.code, PIP_DRY_RUN="1", PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0")
    assert printed.count("Would install vxdata-") == len(block.code.splitlines())


def test_a_server_for_several_programs(
    clone: Path, shell: Callable[..., str], start: Callable[..., Running]
) -> None:
    """With free ports, since those of the README may be taken here."""
    (block,) = (block for block in readme("sh") if block.code.startswith("vxdata up"))
    words = shlex.split(block.code.replace("./data", str(clone / "data")))
    running = start(*words[1:], "--port", "0", "--http-port", "0")
    shell(f"python -c {shlex.quote(PROGRAMS[1])}", VXDATA_URL=running.flight_url)
    assert running.stop() == (0, "")
