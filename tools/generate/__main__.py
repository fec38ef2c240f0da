"""Write the generated files, or with `--check` say which of them are stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.generate import (
    create_models,
    error_docs,
    namespace_fields,
    namespaces,
    payload_docs,
    response_models,
    settings_docs,
    update_models,
)
from tools.tree import TOP
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vxdata.schemas.payload_type import PayloadType

OUTPUTS: Final[dict[Path, Callable[[Iterable[PayloadType]], str]]] = {
    Path("schemas/vxdata/schemas/generated/create.py"): create_models.render,
    Path("schemas/vxdata/schemas/generated/update.py"): update_models.render,
    Path("schemas/vxdata/schemas/generated/response.py"): response_models.render,
    Path("vxdata_client/vxdata/sdk/_namespaces_generated.py"): namespaces.render,
    Path("vxdata_client/vxdata/sdk/_expressions/fields_generated.py"): namespace_fields.render,
    Path("docs/payloads.md"): payload_docs.render,
    Path("docs/settings.md"): settings_docs.render,
    Path("docs/errors.md"): error_docs.render,
}
"""Every generated file, relative to the top, and what renders it."""


def stale_files(top: Path = TOP) -> dict[Path, str]:
    """Render every output and compare it with what is there.

    Args:
        top: The folder of the project.

    Returns:
        Path, relative to the top, to the text that should be there, for each file that differs.
    """
    rendered = {path: render(BUILTIN_PAYLOAD_TYPES) for path, render in OUTPUTS.items()}
    return {path: text for path, text in rendered.items() if _text_of(top / path) != text}


def main(arguments: Sequence[str] | None = None, top: Path = TOP) -> int:
    """Run the command.

    Args:
        arguments: Of the command line; those of the process by default.
        top: The folder of the project.

    Returns:
        Exit status: 1 where `--check` found stale files.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file is stale")
    check = parser.parse_args(arguments).check
    stale = stale_files(top)
    for path, text in stale.items():
        print(f"stale: {path}" if check else f"wrote {path}")
        if not check:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text(text, encoding="utf-8")
    if check and stale:
        print("Run `make generate`.")
        return 1
    return 0


def _text_of(path: Path) -> str | None:
    """Read a file that may be missing."""
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
