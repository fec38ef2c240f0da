"""Non-interference: what an identity is told does not depend on what it does not see.

Two databases that differ in nothing but what is hidden are asked the same, each by a server with columnar
copies and a cache of results, which were filled by somebody who sees everything. All that comes back is
compared: rows, schemas, counts, explanations, errors. The rows are also those that everybody finds in a third
database, from which all is removed that is hidden.

`python -m tests.server.grants 20000` asks that many random plans.
"""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from os.path import commonprefix
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings

from tests.query.compare import plain
from tests.query.data import LICENSES, TYPES, dump, fill
from tests.query.material import RELATIONS, Material
from tests.query.plans import plans
from tests.query.shown import shown
from tests.query.values import RESTS
from tests.server.copies.support import copies, followed
from tests.server.grants.support import with_grants
from tests.server.grants.twins import change_hidden, copied, remove_hidden
from tests.server.support import CALL
from vxdata.schemas.catalog import Catalog, default_catalog
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import InternalError
from vxdata.schemas.identity import Grants
from vxdata.schemas.plan import Plan, decode, encode
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.listeners.errors import translate
from vxdata.server.result_cache.cache import ResultCache
from vxdata.server.result_cache.store import CacheStore
from vxdata.server.services import resources
from vxdata.server.services.copy_reads import CopyReads
from vxdata.server.services.count import count
from vxdata.server.services.health import HealthService
from vxdata.server.services.pinned import PinnedReads
from vxdata.server.services.read import ReadService
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.call import Call

CACHE_BYTES: Final = 64 * 1024**2

Told = dict[str, Any]
"""What a server tells: the name of the question -> the answer, as values that can be compared."""


@dataclass(frozen=True)
class Teller:
    """A server with copies and a cache, without its listeners.

    Args:
        database: Its database.
        monitor: Cancels what nobody waits for.
        reads: Reads the database.
        health: Tells how it is.
    """

    database: ConnectionPool
    monitor: CancellationMonitor
    reads: ReadService
    health: HealthService

    def tell(self, plan: Plan, call: Call) -> Told:
        """Tell all that there is to tell of a plan: its rows, its schema, their number, how it is run."""
        return {
            "rows": said(lambda: _table(self.reads, plan, call, is_ordered=_is_ordered(plan))),
            "schema": said(lambda: _described(self.reads, plan, call)),
            "count": said(lambda: count(self.reads, plan, call).rows()),
            "explain": said(lambda: self.reads.explain(plan, call).model_dump()),
        }

    def tell_of(self, name: str, call: Call) -> Told:
        """Tell all that there is to tell of a resource."""
        catalog = self.reads.catalog_of(call)

        def asked(what: Callable[[PinnedReads], Any]) -> Any:
            fixed, _ = self.reads.fix(resources.resource_plan(catalog, name), call)
            assert fixed.as_of is not None
            return what(PinnedReads(self.reads, fixed.as_of, call))

        page = resources.Page(None, 3)
        return {
            "resource": said(lambda: asked(lambda reads: resources.resource(reads, catalog, name))),
            "children": said(lambda: asked(lambda reads: resources.children(reads, catalog, name, page))),
            "lineage": said(lambda: asked(lambda reads: resources.lineage(reads, name))),
            "history": said(lambda: asked(lambda reads: resources.history(reads, catalog.registry, name))),
        }

    def tell_of_itself(self, call: Call) -> Told:
        """Tell how the server is, without the clocks of the moment."""
        health = self.health.check(call).model_dump()
        return {name: health[name] for name in ("version", "as_of", "catalogs", "copies", "answers")}


@dataclass(frozen=True)
class Twins:
    """Two servers whose databases differ in what is hidden.

    Args:
        first: The one.
        second: The other.
        bare: Reads a database without what is hidden, and without the types that are.
        whole: Reads the same database with all types.
        call: A call of an identity from which it is hidden.
        material: What plans are made of; it knows the hidden values of the first one.
        hidden: How many versions are hidden in the first one.
    """

    first: Teller
    second: Teller
    bare: ReadService
    whole: ReadService
    call: Call
    material: Material
    hidden: int

    def check(self, plan: Plan) -> Told:
        """Ask for a plan, after somebody who sees everything has asked twice.

        An instant after the last commit moves the clock of a database, even where the identity is refused, so
        all three are asked by somebody who sees everything.

        Returns:
            What the identity is told.
        """
        plan = decode(encode(plan))  # as it travels: its terms have an order, so the first error is the same
        for reads in (self.first.reads, self.second.reads, self.whole):
            fill_cache = partial(_table, reads, plan, CALL, is_ordered=False)
            for _ in range(2):
                said(fill_cache)
        told = self.first.tell(plan, self.call)
        same(told, self.second.tell(plan, self.call))
        bare = {"rows": said(lambda: _table(self.bare, plan, CALL, is_ordered=_is_ordered(plan)))}
        if not _reads_log(plan):
            same(bare, told)
        return told

    def check_wholes(self) -> None:
        """Ask both for all that there is, now and at some instant before, and for all versions."""
        instants = self.material.dump.instants
        for relation in RELATIONS:
            for as_of in (None, instants[len(instants) // 5]):
                self.check(Plan(relation=relation, as_of=as_of))
                if relation != COMMIT:
                    self.check(Plan(relation=relation, as_of=as_of, history=True))

    def check_resource(self, name: str) -> None:
        """Ask both for a resource."""
        same(self.first.tell_of(name, self.call), self.second.tell_of(name, self.call))

    def check_health(self) -> None:
        """Ask both how they are."""
        same(self.first.tell_of_itself(self.call), self.second.tell_of_itself(self.call))


def same(first: Told, second: Told) -> None:
    """Compare what two servers tell.

    Raises:
        AssertionError: It differs; the message shows both from shortly before the first difference.
    """
    for name, told in first.items():
        if told != second[name]:
            texts = f"{told}", f"{second[name]}"
            begin = max(0, len(commonprefix(texts)) - 200)  # noqa: RUF071 - these are no paths
            differing = " is not ".join(text[begin : begin + 1_500] for text in texts)
            msg = f"{name}, from character {begin} on: {differing}"
            raise AssertionError(msg)


def said(ask: Callable[[], Any]) -> Any:
    """The answer to a question, or the error as it travels."""
    try:
        return ask()
    except Exception as error:
        told = translate(error)
        if isinstance(told, InternalError):
            raise
        return told.to_wire()


def _is_ordered(plan: Plan) -> bool:
    return bool(plan.order_by) or plan.limit is not None or plan.offset > 0


def _reads_log(plan: Plan) -> bool:
    """Whether it reads the commit log, which the third database has not as the identity sees it."""
    return COMMIT.encode() in encode(plan)


def _table(reads: ReadService, plan: Plan, call: Call, *, is_ordered: bool) -> tuple[str, list[str]]:
    result = reads.run(plan, call)
    table = pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)
    rows = [repr(list(map(plain, row.values()))) for row in table.to_pylist()]
    return _schema(result.arrow_schema), rows if is_ordered else sorted(rows)


def _described(reads: ReadService, plan: Plan, call: Call) -> tuple[bytes, str]:
    fixed, schema = reads.describe(plan, call)
    return encode(fixed), _schema(schema)


def _schema(schema: pa.Schema) -> str:
    return f"{schema} {sorted((schema.metadata or {}).items())}"


def random_grants(random: Random) -> Grants:
    """Some grants of the random store that hide something, and not everything."""
    sources = [f"datasource/{rest}" for rest in RESTS[:4]]
    read = random.sample(sources, k=random.choice((1, 2, 3))) if random.random() < 0.8 else None
    licenses = random.sample(LICENSES, k=2) if random.random() < 0.4 or read is None else None
    types = random.sample(TYPES, k=4) if random.random() < 0.3 else None
    return Grants(
        read=None if read is None else tuple(read),
        licenses=None if licenses is None else tuple(licenses),
        types=None if types is None else tuple(types),
    )


@contextmanager
def twins(
    admin: ConnectionPool, new_database: Callable[[], SecretStr], folder: Path, seed: int
) -> Iterator[Twins]:
    """Make two stores that differ in what some grants hide.

    Args:
        admin: Connections of the superuser.
        new_database: Makes an empty database.
        folder: A folder for copies and results.
        seed: All follows from it.
    """
    grants = random_grants(Random(seed))
    uri, other_uri, bare_uri = new_database(), new_database(), new_database()
    with ExitStack() as parts:
        monitor = parts.enter_context(closing(CancellationMonitor()))
        with closing(ConnectionPool(uri, size=2)) as database:
            upgrade(database, registry())
            fill(database, WriteService(database, registry(), monitor, allow_purge=False), seed)
            content = dump(database)
        copied(admin, uri, other_uri)
        copied(admin, uri, bare_uri)
        hidden = change_hidden(other_uri, grants, seed)
        remove_hidden(bare_uri, grants)
        tellers = [
            parts.enter_context(_teller(each, folder / name, monitor))
            for each, name in ((uri, "first"), (other_uri, "second"))
        ]
        material = Material(content, default_catalog())
        database = parts.enter_context(closing(ConnectionPool(bare_uri, size=2, wait=30.0)))
        seen = Catalog.from_registry(registry().only(grants.types))
        bare, whole = (ReadService(database, each, monitor) for each in (seen, default_catalog()))
        yield Twins(tellers[0], tellers[1], bare, whole, with_grants(grants), material, hidden)


@contextmanager
def _teller(uri: SecretStr, folder: Path, monitor: CancellationMonitor) -> Iterator[Teller]:
    with (
        closing(ConnectionPool(uri, size=4, wait=30.0)) as database,
        closing(CacheStore(folder / "results", CACHE_BYTES)) as store,
        copies(database, folder) as opened,
    ):
        followed(opened, database)
        reads = ReadService(
            database,
            default_catalog(),
            monitor,
            ResultCache(store),
            copy_reads=CopyReads(opened, database, monitor),
        )
        yield Teller(
            database, monitor, reads, HealthService(database, None, copies=opened, answers=reads.answers)
        )


def ask_random_plans(pair: Twins, number: int) -> int:
    """Ask a pair of servers random plans, and tell how many were answered with rows."""
    answered = 0

    @settings(
        max_examples=number,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(plan=plans(pair.material))
    def tells_alike(plan: Plan) -> None:
        nonlocal answered
        try:
            told = pair.check(plan)
        except AssertionError as error:
            error.add_note(f"{shown(plan)}\n{pair.call.principal.grants!r}")
            raise
        answered += isinstance(told["rows"], tuple) and bool(told["rows"][1])

    tells_alike()
    return answered
