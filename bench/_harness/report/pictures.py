"""Which pictures there are, and the data of each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench._harness.results import Entry


@dataclass(frozen=True)
class Picture:
    """A plot of one question.

    Args:
        name: Of the file, without its ending.
        question: Where its data come from.
        title: Its heading.
        part: The table whose candidates are bars, or how the names of its curves begin.
        is_growth: Whether it shows curves.
    """

    name: str
    question: str
    title: str
    part: str = ""
    is_growth: bool = False

    def data(self, entries: Mapping[str, Entry]) -> dict[str, Any]:
        """What it shows: seconds of each candidate, or points of each curve; empty if not measured."""
        entry = entries.get(self.question, {"tables": {}, "curves": {}})
        if self.is_growth:
            return {
                name.removeprefix(self.part): {
                    "of": each["of"],
                    "unit": each["unit"],
                    "points": each["points"],
                }
                for name, each in entry["curves"].items()
                if name.startswith(self.part)
            }
        return {
            who: each["seconds"]
            for label, candidates in entry["tables"].items()
            if label.startswith(self.part)
            for who, each in candidates.items()
        }

    def digest(self, entries: Mapping[str, Entry]) -> str:
        """Names its data, so that a file tells whether it is fresh."""
        text = json.dumps([self.title, self.data(entries)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


PICTURES: Final = (
    Picture("cold", "cold", "Cold pull of all volumes"),
    Picture("repeated", "repeated", "The same pull again", "pull"),
    Picture("create", "create", "Create of volumes from a frame"),
    Picture("rows", "growth", "Cost against rows", "rows: ", is_growth=True),
    Picture("versions", "growth", "Cost against versions", "versions: ", is_growth=True),
    Picture("writes", "write_growth", "Time of creates against rows", "create", is_growth=True),
    Picture("clients", "growth", "Cost against clients", "clients: ", is_growth=True),
    Picture("plans", "growth", "Cost against the size of a plan", "plans: ", is_growth=True),
    Picture("columnar_pull", "columnar_pull", "Pull of all volumes, copies on"),
    Picture(
        "count_by_rows",
        "columnar_growth",
        "Count by a number against rows",
        "rows: count by a number, ",
        is_growth=True,
    ),
    Picture(
        "group_by_rows",
        "columnar_growth",
        "Group by, count and sums against rows",
        "rows: group by, count and sums, ",
        is_growth=True,
    ),
    Picture(
        "count_by_versions",
        "columnar_growth",
        "Count by a number against versions",
        "versions: count by a number, ",
        is_growth=True,
    ),
)
