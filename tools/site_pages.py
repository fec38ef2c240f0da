"""Complete the list of pages in mkdocs.yml: a hook of MkDocs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

GUIDES: Final = "Guides"
DECISIONS: Final = "Decisions"
_TEMPLATE: Final = "0000-template.md"


def on_config(config: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add every decision to the decisions, and other pages that are not listed to the guides.

    Args:
        config: The settings of MkDocs, which are changed.

    Returns:
        The same.
    """
    docs = Path(config["docs_dir"])
    pages = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md") if path.name != _TEMPLATE)
    listed = set(listed_pages(config["nav"]))
    unlisted = [page for page in pages if page not in listed]
    decisions = [page for page in unlisted if page.startswith("decisions/")]
    _section(config["nav"], DECISIONS).extend(decisions)
    _section(config["nav"], GUIDES).extend(page for page in unlisted if page not in decisions)
    return config


def listed_pages(nav: Any) -> Iterator[str]:
    """Go through the pages of a navigation.

    Args:
        nav: A page, or a section or list of such.

    Yields:
        Paths below the folder of the pages.
    """
    if isinstance(nav, str):
        yield nav
    else:
        for below in nav.values() if isinstance(nav, dict) else nav:
            yield from listed_pages(below)


def _section(nav: list[Any], title: str) -> list[Any]:
    """Find a section at any depth."""
    found = [_section_of(entry, title) for entry in nav if isinstance(entry, dict)]
    return next(section for section in found if section is not None)


def _section_of(entry: dict[str, Any], title: str) -> list[Any] | None:
    ((name, below),) = entry.items()
    if name == title and isinstance(below, list):
        return below
    inner = [_section_of(one, title) for one in below if isinstance(one, dict)]
    return next((section for section in inner if section is not None), None)
