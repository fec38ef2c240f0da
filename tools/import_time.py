"""Measure what `import vxdata.sdk` costs above the big libraries that it rests on.

Run as `python -m tools.import_time`. Each import happens in a process of its own, since a module is
imported once only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Final

PROCESSES: Final = 11

LIBRARIES: Final = "import pyarrow, polars, pydantic"
"""The imports of libraries that every user of the SDK needs anyway."""

PYDANTIC: Final = f"{LIBRARIES}\nclass Model(pydantic.BaseModel):\n    value: int"
"""Likewise with the parts of pydantic that it imports itself when the first model is made."""

TIMED: Final = """
import time
begin = time.perf_counter()
import vxdata.sdk
print(time.perf_counter() - begin)
"""


def seconds_above(before: str) -> float:
    """Time the import in a process of its own.

    Args:
        before: Python statements that run first, untimed.

    Returns:
        Seconds that `import vxdata.sdk` took.
    """
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{TIMED}"], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Print the medians."""
    for before, above in ((LIBRARIES, "the imported libraries"), (PYDANTIC, "them and a first model")):
        seconds = [seconds_above(before) for _ in range(PROCESSES)]
        median, least = statistics.median(seconds), min(seconds)
        print(f"import vxdata.sdk above {above}: median {median:.3f} s, least {least:.3f} s")


if __name__ == "__main__":
    main()
