"""`.ci/run` passes only if all tests were run, and each has passed at once or alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"

MAKEFILE = """
install check:
test:
\t.venv/bin/python -m pytest $(PYTEST_ARGS)
"""

PASSES_ALONE = """
from pathlib import Path

def test_depends_on_the_moment():
    was_here = Path("was_here").exists()
    Path("was_here").touch()
    assert was_here
"""

FAILS = "def test_fails():\n    assert not 'it fails'\n"

PASSES = "def test_passes():\n    pass\n"

BREAKS_PYTEST = """
def pytest_runtest_logstart(nodeid):
    if "test_passes" in nodeid:
        raise RuntimeError("no further test is run")
"""


@pytest.mark.parametrize(
    ("files", "is_repeated", "passes"),
    [
        ({"test_a.py": PASSES}, False, True),
        ({"test_a.py": PASSES_ALONE, "test_b.py": PASSES}, True, True),
        ({"test_a.py": PASSES_ALONE, "test_b.py": FAILS}, True, False),
        ({"test_a.py": PASSES_ALONE, "test_b.py": "import nothing_of_this_name"}, True, False),
        ({"test_a.py": PASSES_ALONE, "test_b.py": PASSES, "conftest.py": BREAKS_PYTEST}, False, False),
    ],
    ids=["all pass", "one passes alone", "one fails", "one cannot be read", "pytest fails"],
)
def test_outcome(
    tmp_path: Path,
    files: dict[str, str],
    is_repeated: bool,  # noqa: FBT001 - a case
    passes: bool,  # noqa: FBT001 - a case
) -> None:
    for folder in (".ci", ".venv/bin", "programs"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(RUN, tmp_path / ".ci")
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    (tmp_path / ".venv/pyvenv.cfg").symlink_to(Path(sys.prefix) / "pyvenv.cfg")
    (tmp_path / ".venv/lib").symlink_to(Path(sys.prefix) / "lib")
    (tmp_path / "programs/chromium").symlink_to("/bin/true")  # it would be installed otherwise
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:randomly\n")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    here = {**os.environ, "PATH": f"{tmp_path / 'programs'}:{os.environ['PATH']}"}
    ended = subprocess.run([tmp_path / ".ci/run"], env=here, capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) is passes, ended.stdout + ended.stderr
    assert ("those that failed, alone" in ended.stdout) is is_repeated
