"""Asks questions and keeps the answers.

python -m bench [--quick] [--rounds N] [--huge] [--data-dir FOLDER] [question ...]
python -m bench --report
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench._harness.candidates import tell
from bench._harness.environment import running
from bench._harness.machine import TOP
from bench._harness.report import write_report
from bench._harness.report.text import values_table
from bench._harness.results import entry, merged, path_for, read, write
from bench._harness.scale import Scale
from bench.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL_ROUNDS = 5
QUICK_ROUNDS = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and keep, or write the report of what is kept."""
    given = _parser().parse_args(arguments)
    if not given.report:
        rounds = given.rounds or (QUICK_ROUNDS if given.quick else FULL_ROUNDS)
        _measure(Scale(rounds, quick=given.quick, huge=given.huge), given.questions, given.data_dir)
    for path in write_report():
        print(f"written: {path.relative_to(TOP)}")


def _parser() -> argparse.ArgumentParser:
    names = [question.name for question in QUESTIONS]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks beside their peers.")
    parser.add_argument(
        "questions", nargs="*", metavar="question", help=f"of {', '.join(names)}; all without any"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and two rounds: minutes")
    parser.add_argument("--rounds", type=int, help=f"rounds that count; {FULL_ROUNDS} by default")
    parser.add_argument("--huge", action="store_true", help="let growth go on to ten million rows")
    parser.add_argument("--data-dir", type=Path, help="keep the loaded data here for the next run")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the report anew")
    return parser


def _measure(scale: Scale, wanted: Sequence[str], data_dir: Path | None) -> None:
    """Ask questions in their order; what each finds is kept at once, whatever becomes of the next."""
    names = [question.name for question in QUESTIONS]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise SystemExit(f"There is no question {', '.join(unknown)}. There are: {', '.join(names)}.")
    path = path_for(scale)
    with running(quick=scale.quick, data_dir=data_dir) as environment:
        for question in QUESTIONS:
            if wanted and question.name not in wanted:
                continue
            tell(f"{question.name}: {question.text.splitlines()[0]}")
            started = time.perf_counter()
            found = entry(question.answer(environment, scale), scale, time.perf_counter() - started)
            write(path, merged(read(path), {question.name: found}, names))
            tell(f"{question.name} took {found['took_seconds']:,.0f} s")
            if found["values"]:
                print(values_table(found["values"]), flush=True)


if __name__ == "__main__":
    main()
