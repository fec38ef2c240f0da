"""Time: no wrong clock stamps a commit, none that has been is read in silence, and both can be set right."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import CALL, create, resources, scalar, state
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import AsOfInClockGap, AsOfInFuture, ClockNotTrusted
from vxdata.schemas.wire import WriteCommand
from vxdata.server.database.clock import fence, read_clock
from vxdata.server.database.clock_repair import describe_clock, repair_clock
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.database.witness import ClockReading, ClockWitness
from vxdata.server.services.health import HealthService
from vxdata.server.services.write import Section, WriteService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor

YEARS = timedelta(days=3 * 365)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock can be set."""

    def __init__(self, time: datetime) -> None:
        self.time = time
        self.passed = 0.0

    def wait(self, time: timedelta) -> None:
        self.time += time
        self.passed += time.total_seconds()

    def witness(self, ahead: float = 3600.0, idle: float = 86_400.0 * 31) -> ClockWitness:
        return ClockWitness(ahead, idle, wall=lambda: self.time, passed=lambda: self.passed)


def reading(stamp: datetime, *, version: int = 1, vouched: datetime | None = None) -> ClockReading:
    return ClockReading(version, stamp, stamp, vouched)


class TestKnownGood:
    def test_it_goes_on_while_the_machine_runs(self) -> None:
        machine = Machine(NOON)
        witness = machine.witness()
        assert witness.known_good(reading(NOON)) == NOON
        machine.wait(YEARS)
        assert witness.known_good(reading(NOON)) == NOON + YEARS

    @pytest.mark.parametrize(
        ("jump", "is_trusted"), [(HOUR, True), (HOUR + timedelta(seconds=1), False), (-YEARS, True)]
    )
    def test_a_clock_that_is_set_is_not_followed(self, jump: timedelta, *, is_trusted: bool) -> None:
        machine = Machine(NOON)
        witness = machine.witness()
        witness.known_good(reading(NOON))
        machine.time += jump
        assert witness.trusts(machine.time, reading(NOON)) is is_trusted

    @pytest.mark.parametrize(
        ("idle", "is_trusted"), [(timedelta(days=31), True), (timedelta(days=32), False)]
    )
    def test_a_start_long_after_the_last_commit(self, idle: timedelta, *, is_trusted: bool) -> None:
        machine = Machine(NOON + idle)
        assert machine.witness().trusts(machine.time, reading(NOON)) is is_trusted
        assert machine.witness().trusts(machine.time, reading(NOON, version=0))
        assert machine.witness().trusts(machine.time, reading(NOON, vouched=machine.time))

    def test_two_machines_that_disagree(self) -> None:
        behind = Machine(NOON - YEARS).witness()
        with pytest.raises(ClockNotTrusted) as caught:
            behind.require(NOON, reading(NOON - YEARS))
        assert caught.value.details == {
            "stamp": NOON.isoformat(),
            "known_good": (NOON - YEARS).isoformat(),
            "limit_seconds": 3600.0,
            "setting": "VXDATA_CLOCK_AHEAD",
        }
        assert not caught.value.retryable

    def test_what_an_administrator_says_is_known_at_once(self) -> None:
        machine = Machine(NOON)
        witness = machine.witness()
        later = NOON + YEARS
        assert not witness.trusts(later, reading(NOON))
        assert witness.trusts(later, reading(NOON, vouched=later))
        machine.wait(2 * HOUR)
        assert witness.trusts(later + 2 * HOUR, reading(NOON, vouched=later))


@pytest.fixture
def store(new_database: Callable[[], SecretStr]) -> Iterator[ConnectionPool]:
    """A database of its own, whose clock may be spoilt."""
    pool = ConnectionPool(new_database(), size=4)
    upgrade(pool, registry())
    yield pool
    pool.close()


def service(
    store: ConnectionPool, monitor: CancellationMonitor, witness: ClockWitness | None = None
) -> WriteService:
    return WriteService(store, registry(), monitor, allow_purge=False, witness=witness)


def source() -> tuple[str, Section]:
    name = f"datasource/{secrets.token_hex(6)}"
    return name, resources("datasource", {"identifier": name})


def now(store: ConnectionPool) -> datetime:
    found = scalar(store, "SELECT clock_timestamp() AS now")
    assert isinstance(found, datetime)
    return found


def spoil(store: ConnectionPool, by: timedelta) -> datetime:
    """Let the clock show a later time, as a read does that closes an instant under a wrong clock."""
    later = now(store) + by
    with store.connection() as connection:
        connection.execute(f"UPDATE vxdata.commit_clock SET stamp = '{later.isoformat()}'")
    return later


def lax() -> ClockWitness:
    """A witness that believes everything, as servers did once."""
    return ClockWitness(ahead=1e9, idle=1e9)


class TestWrites:
    def test_a_clock_three_years_ahead_stamps_nothing(
        self, store: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        """That of the database is ahead of that of the server."""
        machine = Machine(now(store) - YEARS)
        before = state(store)
        with pytest.raises(ClockNotTrusted, match="nothing was written"):
            create(service(store, monitor, machine.witness()), source()[1])
        assert state(store) == before
        repair_clock(store, registry(), restamp=False)
        receipt = create(service(store, monitor, machine.witness()), source()[1])
        assert abs(receipt.as_of - now(store)) < HOUR

    def test_a_spoilt_clock_stamps_no_further_commit(
        self, store: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        create(service(store, monitor), source()[1])
        spoil(store, YEARS)
        before = state(store)
        with pytest.raises(ClockNotTrusted):
            create(service(store, monitor), source()[1])
        assert state(store) == before

    def test_a_clock_set_back_a_little_goes_on_behind_the_last_commit(
        self, store: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        last = spoil(store, HOUR / 2)
        receipt = create(service(store, monitor), source()[1])
        assert receipt.as_of == last + timedelta(microseconds=1)

    def test_a_repeated_write_gets_its_response(
        self, store: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        writes, part = service(store, monitor), source()[1]
        command = WriteCommand(verb="create", idempotency_key="k")
        first = writes.write(command, iter([part, 1]), CALL)
        spoil(store, YEARS)
        assert writes.write(command, iter([part, 1]), CALL) == first


class TestReads:
    def test_no_read_raises_the_floor_by_a_wrong_clock(self, store: ConnectionPool) -> None:
        witness = Machine(now(store) - YEARS).witness()
        stamp = scalar(store, "SELECT stamp FROM vxdata.commit_clock")
        with pytest.raises(AsOfInFuture):
            fence(store, now(store), witness=witness)
        assert scalar(store, "SELECT stamp FROM vxdata.commit_clock") == stamp

    def test_an_instant_before_a_commit_that_was_stamped_ahead(
        self, store: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        first = create(service(store, monitor), source()[1])
        spoil(store, YEARS)
        wrong = create(service(store, monitor, lax()), source()[1])
        with pytest.raises(AsOfInClockGap, match="lies in a gap") as caught:
            fence(store, now(store))
        assert caught.value.details["begins"] == first.as_of.isoformat()
        assert caught.value.details["ends"] == wrong.as_of.isoformat()
        for end in (first.as_of, wrong.as_of, first.as_of - HOUR):
            fence(store, end)


class TestRepair:
    def poisoned(self, store: ConnectionPool, monitor: CancellationMonitor) -> tuple[str, list[Any]]:
        """A resource with versions from before, from under the wrong clock and from after."""
        name, part = source()
        receipts = [create(service(store, monitor), part)]
        fence(store, now(store))
        spoil(store, YEARS)
        for licence in ("b", "c"):
            rows = resources("datasource", {"identifier": name, "license": licence})
            receipts.append(
                service(store, monitor, lax()).write(WriteCommand(verb="update"), iter([rows, 1]), CALL)
            )
        receipts.append(create(service(store, monitor, lax()), source()[1]))
        return name, receipts

    def test_stamping_anew(self, store: ConnectionPool, monitor: CancellationMonitor) -> None:
        name, receipts = self.poisoned(store, monitor)
        epoch = scalar(store, "SELECT purge_epoch FROM vxdata.commit_clock")
        repair_clock(store, registry(), restamp=True)
        with store.connection() as connection:
            log = connection.rows("SELECT stamp FROM vxdata.commit_log ORDER BY version")
            versions = connection.rows(
                "SELECT version, valid_from, valid_to, created_at FROM vxdata.datasource_history "
                f"WHERE identifier = '{name}' UNION ALL "
                "SELECT version, valid_from, valid_to, created_at FROM vxdata.datasource "
                f"WHERE identifier = '{name}' ORDER BY version"
            )
            late = connection.rows(
                f"SELECT valid_from, created_at FROM vxdata.datasource WHERE version = {receipts[3].version}"
            )
            clock = read_clock(connection)
        stamps = [row["stamp"] for row in log]
        assert stamps == sorted(set(stamps))
        assert stamps[0] == receipts[0].as_of
        assert all(stamp <= now(store) for stamp in stamps)
        assert [row["valid_from"] for row in versions] == stamps[:3]
        assert [row["valid_to"] for row in versions] == [*stamps[1:3], None]
        assert {row["created_at"] for row in versions} == {stamps[0]}
        assert late == [{"valid_from": stamps[3], "created_at": stamps[3]}]
        assert clock.stamp == stamps[-1]
        assert scalar(store, "SELECT purge_epoch FROM vxdata.commit_clock") == epoch + 1
        assert scalar(store, "SELECT max(stamp) AS s FROM vxdata.type_clock") == stamps[-1]
        after = create(service(store, monitor), source()[1])
        assert stamps[-1] < after.as_of <= now(store)
        with pytest.raises(AsOfInClockGap):
            fence(store, stamps[0] + (stamps[1] - stamps[0]) / 2)
        for stamp in stamps:
            fence(store, stamp)

    def test_going_on_from_there(self, store: ConnectionPool, monitor: CancellationMonitor) -> None:
        _, receipts = self.poisoned(store, monitor)
        repair_clock(store, registry(), restamp=False)
        after = create(service(store, monitor), source()[1])
        assert after.as_of == receipts[-1].as_of + timedelta(microseconds=1)
        with pytest.raises(AsOfInClockGap):
            fence(store, receipts[0].as_of + YEARS / 2)
        fence(store, after.as_of)

    @pytest.mark.parametrize("restamp", [False, True])
    def test_a_right_clock_is_left_as_it_is(
        self, store: ConnectionPool, monitor: CancellationMonitor, *, restamp: bool
    ) -> None:
        last = create(service(store, monitor), source()[1])
        repair_clock(store, registry(), restamp=restamp)
        with store.connection() as connection:
            clock = read_clock(connection)
        assert (clock.version, clock.stamp) == (last.version, last.as_of)
        assert scalar(store, "SELECT count(*) AS n FROM vxdata.clock_gap") == 0
        assert (
            list(describe_clock(store))[1] == f"last commit: number {last.version}, {last.as_of.isoformat()}"
        )


def test_health_tells_how_the_clocks_stand(store: ConnectionPool, monitor: CancellationMonitor) -> None:
    create(service(store, monitor), source()[1])
    health = HealthService(store, None).check(CALL)
    assert health.clock_is_trusted
    assert abs(health.clock_skew_seconds) < 3600
    assert health.commits_ahead_seconds == 0
    spoil(store, YEARS)
    health = HealthService(store, None).check(CALL)
    assert not health.clock_is_trusted
    assert timedelta(seconds=health.commits_ahead_seconds) > YEARS - HOUR
