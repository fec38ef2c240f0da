"""What identities, the audit and TLS cost: one by one at point reads, and at pulls of all volumes."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, run_once, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.summary import Range, percentile
from bench.access.callers import Caller, pulling, reading
from bench.access.credentials import make_certificates, provider
from bench.peers.calls import WARM_CALLS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

BARE: Final = "no authentication"
AGAIN: Final = "no authentication, another server"
TOKEN: Final = "a token"  # noqa: S105 - what it is called
JWT: Final = "a JWT that is remembered"
AUDIT: Final = "the audit"
BOTH: Final = "a token and the audit"
ENCRYPTED: Final = "TLS"

ASKING: Final = {"authentication": "required"}
KINDS: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "pull": ({"cache_bytes": 0}, 1),
    "pull of what is kept": ({}, 5),
}
"""Kinds of pulls, with the settings of their servers, and how many of them a round has. One of what is kept
takes a second, most of which the system needs to give the client its memory, so they differ much."""

MILLISECONDS: Final = 1e3


def point_reads(environment: Environment, scale: Scale, uri: str, token: str) -> Answer:
    """Retrieve one volume after the other; each caller differs from the first in one thing.

    Args:
        environment: The stack.
        scale: The sizes.
        uri: The database.
        token: A token that is in it.
    """
    calls = scale.of(1_000, 20)
    with ExitStack() as stack:
        callers = _callers(stack, uri, token)
        count = (calls + WARM_CALLS) * len(callers)
        volumes = environment.first("volumes", scale.rounds * count)
        parts = [
            run_once(
                Candidate(reading, (callers, volumes[number * count :][:count], calls)), number
            ).moved.series
            for number in range(scale.rounds)
        ]
    whole = {name: [value for part in parts for value in part[name]] for name in callers}
    return Answer(
        tables={
            "retrieve of one identifier": {
                name: Measured.of_calls(seconds, whole[BARE]) for name, seconds in whole.items()
            }
        },
        values={
            f"retrieve, {name}: ms of p50 over none": Range.of([_added(part, name) for part in parts])
            for name in callers
            if name != BARE
        },
    )


def _callers(stack: ExitStack, uri: str, token: str) -> dict[str, Caller]:
    """Callers of four servers on one database."""
    vouching = stack.enter_context(provider())
    bare, again = (stack.enter_context(served(uri)) for _ in range(2))
    asking = stack.enter_context(served(uri, **ASKING, **vouching.settings))
    audited = stack.enter_context(served(uri, audit_dir=_folder(stack) / "audit"))
    return {
        BARE: Caller(bare.url),
        AGAIN: Caller(again.url),
        TOKEN: Caller(asking.url, token),
        JWT: Caller(asking.url, vouching.jwt),
        AUDIT: Caller(audited.url),
    }


def _added(part: Mapping[str, Sequence[float]], name: str) -> float:
    """What the median of a caller adds to that of one who is not asked."""
    return MILLISECONDS * (percentile(part[name], 50) - percentile(part[BARE], 50))


def pulls(environment: Environment, scale: Scale, uri: str, token: str) -> Answer:
    """Pull all volumes from PostgreSQL, then what the servers have kept of it.

    Args:
        environment: The stack.
        scale: The sizes.
        uri: The database.
        token: A token that is in it.
    """
    tables: dict[str, dict[str, Measured]] = {}
    values: dict[str, Range] = {}
    for kind, (settings, times) in KINDS.items():
        with ExitStack() as stack:
            candidates = _candidates(environment, stack, uri, token, settings)
            for number in (-2, -1):  # what is asked for twice is kept
                for candidate in candidates.values():
                    run_once(candidate, number)
            found = in_turn(candidates, times * scale.rounds, warm=scale.warm)
        tables[f"{kind} of all volumes"] = tabled(found, candidates, BARE)
        values |= {f"{kind}, {name}: time ÷ none": divided(found, name, BARE) for name in (BOTH, ENCRYPTED)}
    return Answer(tables=tables, values=values)


def _candidates(
    environment: Environment, stack: ExitStack, uri: str, token: str, settings: Mapping[str, Any]
) -> dict[str, Candidate]:
    """Callers of three servers on one database."""
    certificates = make_certificates(_folder(stack) / "certificates")
    servers = {
        BARE: stack.enter_context(served(uri, **settings)),
        BOTH: stack.enter_context(served(uri, audit_dir=_folder(stack) / "audit", **ASKING, **settings)),
        ENCRYPTED: stack.enter_context(served(uri, **certificates.settings, **settings)),
    }
    callers = {
        BARE: Caller(servers[BARE].url),
        BOTH: Caller(servers[BOTH].url, token),
        ENCRYPTED: Caller(servers[ENCRYPTED].url, ca=certificates.ca),
    }
    return {
        name: Candidate(pulling, (caller,), environment.watch | {SERVER: servers[name].pid})
        for name, caller in callers.items()
    }


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vxdata-bench-")))
