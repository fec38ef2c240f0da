"""Build the wheel and compare it with the tree: same files, same bytes, nothing lost to an ignore rule.

Run it as `python -m tools.check_wheel`; it prints what differs and then fails.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.tree import TOP, package_folders, tracked_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MIGRATIONS = "vxdata/sql/schema/migrations/"
NAMESPACE_INIT = "vxdata/__init__.py"


def tree_contents() -> dict[str, bytes]:
    """Read the package folders.

    Returns:
        Name inside the wheel -> content; the folder above the package (`schemas/`, `sql/` …) is left out.
    """
    return {
        name.relative_to(folder.parent).as_posix(): (TOP / name).read_bytes()
        for folder in package_folders()
        for name in tracked_files(folder)
    }


def build_wheel(folder: Path) -> Path:
    """Build the wheel with the installed build backend.

    Args:
        folder: Where to put it.

    Returns:
        The wheel.
    """
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(TOP)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the wheel cannot be built:\n{done.stdout}{done.stderr}")
    return next(folder.glob("*.whl"))


def wheel_contents(wheel: Path) -> dict[str, bytes]:
    """Read a wheel, without its metadata.

    Args:
        wheel: The file.

    Returns:
        Name inside the wheel -> content.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        return {name: archive.read(name) for name in names}


def differences(tree: Mapping[str, bytes], wheel: Mapping[str, bytes]) -> Iterator[str]:
    """Compare the tree with the wheel.

    Args:
        tree: Name -> content in the tree.
        wheel: Name -> content in the wheel.

    Yields:
        One line for each file that is in one only, or differs.
    """
    for name in sorted(tree.keys() | wheel.keys()):
        if name not in wheel:
            yield f"- {name}: in the tree, not in the wheel (does .gitignore name it?)"
        elif name not in tree:
            yield f"+ {name}: in the wheel, not in the tree (does git ignore it?)"
        elif tree[name] != wheel[name]:
            yield f"! {name}: the contents differ"


def omissions(wheel: Mapping[str, bytes]) -> Iterator[str]:
    """Look for what an installed VxData cannot do without.

    Args:
        wheel: Name -> content in the wheel.

    Yields:
        One line for each thing that is missing, or must not be there.
    """
    if NAMESPACE_INIT in wheel:
        yield f"+ {NAMESPACE_INIT}: vxdata is a PEP 420 namespace and has none"
    portions = {
        name.removesuffix("/__init__.py")
        for name in wheel
        if name.endswith("/__init__.py") and name.count("/") == (2 if name.startswith("vxdata/") else 1)
    }
    for portion in sorted(portions):
        if f"{portion}/py.typed" not in wheel:
            yield f"- {portion}/py.typed: without it users see no types"
    if not any(name.startswith(MIGRATIONS) and name.endswith(".sql") for name in wheel):
        yield f"- {MIGRATIONS}*.sql: the migrations are not packaged"


def main() -> int:
    """Compare, and print what was found.

    Returns:
        0 if the wheel equals the tree, else 1.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheel = wheel_contents(build_wheel(Path(folder)))
    found = [*differences(tree_contents(), wheel), *omissions(wheel)]
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"The wheel equals the tree: {len(wheel)} files.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
