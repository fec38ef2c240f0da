"""How long do update, delete, restore and retrieve take in bulk, beside the SQL that does the same?

The peer keeps bare copies of both tables with the same columns and indexes, moves the same rows to history
and sets the same columns, in one transaction. It checks nothing, computes no lineage and takes no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, run_once, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench.data import read_volumes
from bench.peers import loading, plain, writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData"
PEER: Final = "plain SQL"
RETRIEVED: Final = 10_000


def answer(environment: Environment, scale: Scale) -> Answer:
    """Create the same volumes on both sides, then change them in turn."""
    rows = scale.of(100_000, 5_000)
    volumes, names = environment.volumes, environment.volumes.with_name("names.arrow")
    read_volumes(volumes, rows, "/copy-0").select("identifier").write_ipc(names)
    with environment.database("bench_verbs", with_data=True) as uri, served(uri) as server:
        plain.make_tables(uri)
        run_once(Candidate(writing.create, (server.url, volumes, rows)), 0)
        run_once(Candidate(loading.adbc_ingest, (uri, volumes, rows, plain.BARE)), 0)
        pairs = _pairs(environment.watch, server.pid, server.url, uri, names)
        turns = {_turn(verb, name): each for verb, pair in pairs.items() for name, each in pair.items()}
        found = in_turn(turns, scale.rounds, warm=scale.warm, in_order=True)
    tables = {}
    for verb, pair in pairs.items():
        label = f"{verb} of {min(rows, RETRIEVED) if verb == 'retrieve' else rows:,}"
        tables[label] = tabled({name: found[_turn(verb, name)] for name in pair}, pair, PEER)
    return Answer(
        tables=tables,
        values={
            f"{verb}: time ÷ plain SQL": divided(found, _turn(verb, OURS), _turn(verb, PEER))
            for verb in pairs
        },
        notes=("A restore reads back what it restored, as models here and as dictionaries in plain SQL.",),
    )


def _pairs(
    watch: Mapping[str, int], pid: int, url: str, uri: str, names: Path
) -> dict[str, dict[str, Candidate]]:
    """Both sides of each verb, in an order in which each finds what it needs."""
    ours, own = (url, names), {**watch, SERVER: pid}
    peer = (uri, names)
    return {
        "update": {
            OURS: Candidate(writing.update, ours, own),
            PEER: Candidate(plain.change, (*peer, "b_value = n.b_value"), watch),
        },
        "retrieve": {
            OURS: Candidate(writing.retrieve, (*ours, RETRIEVED), own),
            PEER: Candidate(plain.read, (*peer, RETRIEVED), watch),
        },
        "delete": {
            OURS: Candidate(writing.delete, ours, own),
            PEER: Candidate(plain.change, (*peer, "tombstone = true"), watch),
        },
        "restore": {
            OURS: Candidate(writing.restore, ours, own),
            PEER: Candidate(plain.change_and_read, (*peer, "tombstone = false"), watch),
        },
    }


def _turn(verb: str, name: str) -> str:
    return f"{verb}, {name}"
