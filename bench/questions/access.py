"""What do tokens, the audit, TLS and grants cost?

Everything stands beside the same without it, in turn and in the same run. Volumes are retrieved one by one
from servers that differ in one thing: one asks nobody who calls, one is shown a token or a JWT whose
signature has been checked before, and one asks nobody and keeps an audit. What each adds to the median is
told in milliseconds, and so is what a second server adds that asks nobody: by so much two servers differ
anyway. Then all volumes are pulled with a token and an audit, and over TLS, each divided by the same without;
first from PostgreSQL, then from what the servers have kept.

Grants are measured in a database of their own, in which the volumes of the data sources lie mixed, row by
row. A caller who is granted ten data sources asks three questions that no index answers, and so does one who
sees everything. Where there are these ten alone, both get the same rows, so what they differ by is the price
of the condition. Where there are ten more with as many volumes, the first one gets half of the rows; one who
sees everything and asks for these ten data sources stands beside both. No server keeps results. Answers that
have to be the same are compared; one that differs ends the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.figures import Answer
from bench.access import granted, identified
from bench.access.credentials import make_tokens
from vxdata.schemas.identity import EVERYTHING

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

DATABASE: Final = "bench_access"
CALLER: Final = "caller"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure identities, the audit and TLS on a copy of the data, then grants."""
    with environment.database(DATABASE, with_data=True) as uri:
        token = make_tokens(uri, {CALLER: EVERYTHING})[CALLER]
        parts = [
            identified.point_reads(environment, scale, uri, token),
            identified.pulls(environment, scale, uri, token),
        ]
    parts.append(granted.answer(environment, scale))
    return Answer(
        tables={name: table for part in parts for name, table in part.tables.items()},
        values={name: value for part in parts for name, value in part.values.items()},
    )
