"""Measure how long functions and modules are, and fail when they outgrow the numbers in pyproject.toml.

A function's length is its lines without its docstring. Generated modules are exempt by name. Ruff counts the
statements and branches of a function (PLR0915, C901), but neither its lines nor those of a module. Run it
as `python -m tools.check_style`.
"""

from __future__ import annotations

import ast
import math
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.tree import TOP, package_folders, python_files, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FUNCTION_TYPES = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Measure:
    """The length of a module or a function.

    Args:
        where: Path, and line and name for a function.
        lines: Its length.
    """

    where: str
    lines: int


@dataclass(frozen=True)
class Limits:
    """The limits that pyproject.toml sets, in lines.

    Args:
        function_p95: For 95 of 100 functions.
        function_max: For every function.
        module_max: For every module.
        exempt: Paths of modules that are generated or tables.
    """

    function_p95: int
    function_max: int
    module_max: int
    exempt: tuple[str, ...]


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function, its docstring left out.

    Args:
        node: The function.

    Returns:
        Lines from `def` to the last statement.
    """
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is None:
        return total
    return total - ((first.end_lineno or first.lineno) - first.lineno + 1)


def functions_of(path: str, source: str) -> Iterator[Measure]:
    """Measure every function of a module, nested ones and methods too.

    Args:
        path: How to name the module.
        source: Its text.

    Yields:
        One measure for each.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, FUNCTION_TYPES):
            yield Measure(f"{path}:{node.lineno} {node.name}", function_lines(node))


def percentile(values: Sequence[int], share: float) -> int:
    """Take the value that a share of all values does not exceed (nearest rank).

    Args:
        values: Any order, not empty.
        share: Between 0 and 1.

    Returns:
        One of the values.

    Example:
        >>> percentile([5, 1, 9, 3], 0.5)
        3
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def complaints(functions: Sequence[Measure], modules: Sequence[Measure], limits: Limits) -> Iterator[str]:
    """Compare what was measured with what is allowed.

    Args:
        functions: Every function.
        modules: Every module.
        limits: The numbers of pyproject.toml.

    Yields:
        One line for each thing that is too long.
    """
    p95 = percentile([function.lines for function in functions], 0.95)
    if p95 > limits.function_p95:
        yield f"95 of 100 functions have up to {p95} lines; allowed are {limits.function_p95}"
    for measure in functions:
        if measure.lines > limits.function_max:
            yield f"{measure.where}: {measure.lines} lines; a function may have {limits.function_max}"
    for measure in modules:
        if measure.lines > limits.module_max:
            yield f"{measure.where}: {measure.lines} lines; a module may have {limits.module_max}"


def main() -> int:
    """Measure the installed packages and the tools, and print the numbers.

    Returns:
        0 if all is within the limits, else 1.
    """
    table = settings()["tool"]["vxdata"]["style"]
    limits = Limits(**{**table, "exempt": tuple(table["exempt"])})
    names = [name.as_posix() for name in python_files(*package_folders(), Path("tools"))]
    sources = {name: (TOP / name).read_text(encoding="utf-8") for name in names if name not in limits.exempt}
    functions = [measure for name, source in sources.items() for measure in functions_of(name, source)]
    modules = [Measure(name, source.count("\n")) for name, source in sources.items()]
    lengths = [function.lines for function in functions]
    print(
        f"{len(modules)} modules, longest {max(module.lines for module in modules)} lines; "
        f"{len(functions)} functions: median {statistics.median(lengths):g}, "
        f"p95 {percentile(lengths, 0.95)}, longest {max(lengths)} lines."
    )
    found = list(complaints(functions, modules, limits))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
