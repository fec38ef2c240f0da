"""How heavy the query page is, and how soon it is painted: `python -m tools.page_figures http://127.0.0.1:8816`."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MAX_WEIGHT: Final = 400_000
"""Bytes of all files of the page, as they are sent."""

ROUNDS: Final = 5

FILES: Final = """() => performance.getEntriesByType("resource")
    .filter(({ name }) => name.includes("/query/static/"))
    .concat(performance.getEntriesByType("navigation"))
    .map(({ encodedBodySize }) => encodedBodySize)"""

FIRST_PAINT: Final = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Args:
        files: Files that the page has asked for.
        weight: Bytes of them, compressed as they were sent.
        first_paint: Milliseconds until the first content was painted, in the fastest round: other work of the
            machine slows the others.
    """

    files: int
    weight: int
    first_paint: float


def measure(browser: Browser, url: str) -> Figures:
    """Open the page some times, each with an empty cache.

    Args:
        browser: What opens it.
        url: Address of the server.

    Returns:
        The figures.
    """
    sizes: list[int] = []
    paints: list[float] = []
    for _ in range(ROUNDS):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{url}/query")
            page.get_by_role("button", name="Add a condition").wait_for()
            page.wait_for_load_state("networkidle")
            paints.append(page.wait_for_function(FIRST_PAINT).json_value())
            sizes = page.evaluate(FILES)
    return Figures(len(sizes), sum(sizes), min(paints))


def main(url: str) -> None:
    """Print the figures of a server's page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        figures = measure(browser, url)
        browser.close()
    print(f"{figures.files} files, {figures.weight:,} bytes, first paint after {figures.first_paint:.0f} ms")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the script and one address
        sys.exit("usage: python -m tools.page_figures http://HOST:PORT")
    main(sys.argv[1])
