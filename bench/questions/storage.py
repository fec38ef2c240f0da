"""How fast do files go to S3 and come back, beside plain boto3 with the same parallelism?

The peer does what somebody would write by hand: threads around one boto3 client for small objects, its
transfer manager for a large one. It hashes nothing and writes straight to the final name. Peak memory is
that of a fresh client process.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.candidates import CLIENT
from bench.environment import served
from bench.figures import Answer, Measured, Usage
from bench.storage import PEER, SMALL_BYTES, Load, transfers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.environment import Environment
    from bench.measure import Figures
    from bench.scale import Scale


def answer(environment: Environment, scale: Scale) -> Answer:
    """Move many small objects, then a large one."""
    # Every round keeps what it moved, on both sides: a larger object would fill a disk within five rounds.
    loads = scale.of(((2_000, SMALL_BYTES), (1, 2**28)), ((200, SMALL_BYTES), (1, 2**26)))
    tables: dict[str, dict[str, Measured]] = {}
    s3 = environment.stack.s3
    os.environ |= {
        "VXDATA_S3_URL": s3.url,
        "VXDATA_S3_REGION": s3.region,
        "VXDATA_S3_BUCKET": s3.bucket,
        "VXDATA_S3_ACCESS_KEY": s3.access_key,
        "VXDATA_S3_SECRET_KEY": s3.secret_key.get_secret_value(),
    }
    with served(environment.uri) as server:
        for count, size in loads:
            with tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder:
                found = transfers(Load(Path(folder), server.url, count, size), scale.rounds)
            tables |= {question: _measured(figures, size) for question, figures in found.items()}
    return Answer(tables=tables, notes=(f"Times are divided by those of {PEER}.",))


def _measured(found: Mapping[str, Figures], size: int) -> dict[str, Measured]:
    """The figures of that module in our form; it watches memory only."""
    return {
        name: Measured(
            rows=each.rows,
            size=each.rows * size,
            seconds=tuple(round(value, 5) for value in each.seconds),
            ratios=tuple(round(value, 4) for value in each.ratios),
            usage={CLIENT: Usage(0.0, each.peak_bytes, 0, 0, 0)},
        )
        for name, each in found.items()
    }
