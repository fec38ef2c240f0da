"""Runs every benchmark and keeps its figures.

python -m bench [--quick] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.create import create
from bench.environment import describe_machine, running
from bench.pull import pull
from bench.queries import queries, streaming
from bench.writes import singles, writes

RESULTS = Path(__file__).parent / "results"
QUICK_ROWS = 20_000
FULL_ROWS = 1_000_000
QUICK_WRITES = (5_000, 200, 20_000)
FULL_WRITES = (100_000, 500, 500_000)
"""Rows of a bulk write, single calls, and rows of the create that single calls run beside."""


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description="Benchmarks beside their peers.")
    parser.add_argument("--quick", action="store_true", help="some collections only: minutes, not hours")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    arguments = parser.parse_args()
    with running(quick=arguments.quick) as environment:
        figures = {
            "pull": pull(environment, arguments.rounds),
            "create": create(environment, arguments.rounds, QUICK_ROWS if arguments.quick else FULL_ROWS),
        }
        rows, calls, large = QUICK_WRITES if arguments.quick else FULL_WRITES
        figures |= writes(environment, arguments.rounds, rows)
        figures |= singles(environment, calls, large)
        figures |= queries(environment, calls)
        figures |= streaming(environment)
    for question, candidates in figures.items():
        print(question)
        for name, measured in candidates.items():
            print(f"  {measured.line(name)}")
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "machine": describe_machine(),
        "quick": arguments.quick,
        "figures": {
            question: {name: measured.to_json() for name, measured in candidates.items()}
            for question, candidates in figures.items()
        },
    }
    path = RESULTS / ("quick.json" if arguments.quick else "full.json")
    path.write_text(json.dumps(kept, indent=2) + "\n")
    print(f"kept in {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
