"""A long run of the fuzzer: `python -m tests.fuzz CALLS [SEED]` starts a stack and a server of its own."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.fuzzer import AT_ONCE, fuzz
from tests.fuzz.seeds import kept
from tests.server.child import child_server
from vxdata.cli.running import upgrade_database
from vxdata.server.config import Settings
from vxdata.server.embedded import EmbeddedStack

ROUND = 1_000 * AT_ONCE


def main(calls: int, seed: int) -> int:
    """Fuzz, print the figures as they grow, and return how many faults there were."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-fuzz-"))
    folder.chmod(0o755)
    with EmbeddedStack.start(folder / "stack") as stack:
        upgrade_database(stack.postgres_uri)
        settings = Settings(database_uri=stack.postgres_uri, log_level="ERROR", authentication="off")
        with child_server(settings) as child:
            done, faults, most, begun = 0, 0, 0, time.monotonic()
            while done < calls and child.process.poll() is None:
                number = min(ROUND, calls - done)
                report = fuzz(child.port, kept(), seed + done, number, lambda: child.is_alive)
                done, faults = done + report.calls, faults + len(report.faults)
                most = max(most, child.resident_bytes)
                for found, said in report.faults[:5]:
                    sys.stdout.write(f"FAULT {found} {said:.300}\n")
                sys.stdout.write(
                    f"{done:,} calls, {faults} faults, at most {most // 2**20:,} MiB, "
                    f"{done / (time.monotonic() - begun):,.0f}/s {dict(report.codes.most_common(8))}\n"
                )
                sys.stdout.flush()
    return faults


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
