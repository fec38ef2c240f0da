"""Changes that an identity asks for at random, of two stores that differ in what is hidden from it."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.query.data import LICENSES, NAMES, TYPES
from tests.server.grants.interference import said, same
from tests.server.grants.support import with_grants, write
from tests.server.grants.twins import seen_versions
from vxdata.schemas.catalog.registry import registry
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from tests.server.grants.interference import Twins
    from vxdata.schemas.wire import Verb
    from vxdata.server.call import Call

VERBS: Final[tuple[Verb, ...]] = ("create", "create", "update", "update", "delete", "restore")

Rows = dict[str, dict[str, Any]]


def change_alike(pair: Twins, changes: int, seed: int) -> int:
    """Ask both for the same changes, and compare what comes back and what is seen in the end.

    New resources get new names, because names are of all; and they alone are moved, because a move that makes
    a cycle through what is hidden is refused.

    Args:
        pair: The stores, with an identity.
        changes: How many.
        seed: All follows from it.

    Returns:
        How many were made.

    Raises:
        AssertionError: One store has told something else than the other.
    """
    random, made = Random(seed), 0
    new: list[str] = []
    call = _writer(pair, random)
    writers = [
        WriteService(each.database, registry(), each.monitor, allow_purge=False)
        for each in (pair.first, pair.second)
    ]
    for number in range(changes):
        verb = random.choice(VERBS)
        rows, cascade = _rows(verb, number, _likely(pair, new), random), random.random() < 0.3
        first, second = (
            said(partial(_changed, writes, verb, rows, call, cascade=cascade)) for writes in writers
        )
        same({f"{verb} {rows}": first}, {f"{verb} {rows}": second})
        if isinstance(first, tuple):
            made += 1
            new += [name for name in rows if verb == "create"]
    grants = call.principal.grants
    one, other = (seen_versions(each.database, grants) for each in (pair.first, pair.second))
    same(one, other)
    return made


def _changed(
    writes: WriteService, verb: Verb, rows: Rows, call: Call, *, cascade: bool
) -> tuple[int, dict[str, int]]:
    receipt = write(writes, verb, rows, call, cascade=cascade)
    return receipt.version, dict(receipt.counts)


def _likely(pair: Twins, new: list[str]) -> tuple[list[str], list[str]]:
    """What is new; and all names, those more often that are likely to be there."""
    sources = list(pair.call.principal.grants.read or ())
    return new, [*NAMES, *(3 * len(NAMES) // max(len(sources), 1) * sources), *(4 * new)]


def _writer(pair: Twins, random: Random) -> Call:
    """The same identity, which may write below a part of what it sees."""
    grants = pair.call.principal.grants
    if grants.read is None or random.random() < 0.3:
        return with_grants(grants)
    return with_grants(grants.model_copy(update={"write": grants.read[:-1]}))


def _rows(verb: Verb, number: int, names: tuple[list[str], list[str]], random: Random) -> Rows:
    new, known = names
    if verb == "create":
        created = [
            f"{random.choice(TYPES[1:])}/new {number} {each}" for each in range(random.choice((1, 1, 3)))
        ]
        parents = [*known, *created[:-1]]
        return {
            name: {"parent_identifier": random.choice(parents), "license": random.choice(LICENSES)}
            for name in created
        }
    chosen = random.choices(known, k=random.choice((1, 1, 1, 2)))
    return {name: _stated(name, known, new, random) if verb == "update" else {} for name in chosen}


def _stated(name: str, known: list[str], new: list[str], random: Random) -> dict[str, Any]:
    if name in new and random.random() < 0.6:
        return {"parent_identifier": random.choice(known)}
    return {"license": random.choice(LICENSES)}
