"""Results: one JSON file a size, in which each question keeps its own date, commit, machine and versions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench._harness.machine import commit, describe_machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench._harness.figures import Answer
    from bench._harness.scale import Scale

RESULTS: Final = Path(__file__).parents[1] / "results"
FULL: Final = RESULTS / "full.json"
QUICK: Final = RESULTS / "quick.json"

Entry = dict[str, Any]
"""What is kept of one question."""


def path_for(scale: Scale) -> Path:
    """Where results of a size are kept."""
    return scale.of(FULL, QUICK)


def entry(answer: Answer, scale: Scale, seconds: float) -> Entry:
    """What is kept of an answer.

    Args:
        answer: The answer.
        scale: How it was measured.
        seconds: How long that took.

    Returns:
        Plain JSON values.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "quick": scale.quick,
        "rounds": scale.rounds,
        "took_seconds": round(seconds, 1),
        "machine": describe_machine(),
        **answer.to_json(),
    }


def read(path: Path) -> dict[str, Entry]:
    """Read what is kept.

    Args:
        path: File of results, which need not exist.

    Returns:
        Entries by question.
    """
    if not path.exists():
        return {}
    found: dict[str, Entry] = json.loads(path.read_text(encoding="utf-8")).get("questions", {})
    return found


def merged(
    kept: Mapping[str, Entry], measured: Mapping[str, Entry], order: Sequence[str]
) -> dict[str, Entry]:
    """Put new entries in the place of those of the same questions, and keep the others.

    Args:
        kept: What was there.
        measured: What is new.
        order: All questions; entries of others are dropped.

    Returns:
        Entries in that order.
    """
    both = {**kept, **measured}
    return {name: both[name] for name in order if name in both}


def write(path: Path, entries: Mapping[str, Entry]) -> None:
    """Keep entries, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(
        json.dumps({"questions": entries}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    draft.replace(path)


def reported() -> dict[str, Entry]:
    """What the report shows: of each question the full size if it was measured, else the quick one."""
    return {**read(QUICK), **read(FULL)}
