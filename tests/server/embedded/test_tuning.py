from __future__ import annotations

import pytest

from vxdata.cli.running import connections_of
from vxdata.server.config import Settings
from vxdata.server.embedded.machine import Machine
from vxdata.server.embedded.tuning import (
    CONNECTIONS,
    GIB,
    MIB,
    planned_bytes,
    postgres_settings,
    process_memory_bytes,
    s3_memory_limit,
)


def machine(memory: int, cpus: int = 2, disk: int = 80 * GIB, shared: int = 8 * GIB) -> Machine:
    return Machine(memory, cpus, disk, shared)


def megabytes(text: str) -> int:
    assert text.endswith("MB")
    return int(text.removesuffix("MB"))


def test_a_typical_machine() -> None:
    settings = postgres_settings(machine(24 * GIB))
    assert settings["shared_buffers"] == "6144MB"
    assert settings["effective_cache_size"] == "12288MB"
    assert settings["work_mem"] == "128MB"
    assert settings["maintenance_work_mem"] == "1024MB"
    assert settings["max_wal_size"] == "8192MB"
    assert settings["jit"] == "off"
    assert settings["TimeZone"] == "UTC"
    assert settings["io_method"] == "worker"
    assert settings["wal_compression"] == "off"


@pytest.mark.parametrize("gib", [1, 2, 4, 8, 24, 64, 512])
@pytest.mark.parametrize("cpus", [1, 2, 8, 128])
def test_the_shares_stay_within_the_machine(gib: int, cpus: int) -> None:
    settings = postgres_settings(machine(gib * GIB, cpus))
    memory = gib * 1024
    assert 128 <= megabytes(settings["shared_buffers"]) <= min(memory // 4, 8192)
    parts = ("shared_buffers", "maintenance_work_mem", "autovacuum_work_mem", "wal_buffers")
    # Eight sorts at once, and hash tables twice as large as sorts.
    wanted = sum(megabytes(settings[name]) for name in parts) + 16 * megabytes(settings["work_mem"])
    assert wanted <= memory
    assert (
        1 <= int(settings["max_parallel_workers_per_gather"]) <= int(settings["max_parallel_workers"]) <= cpus
    )


@pytest.mark.parametrize("gib", [2, 4, 8, 16, 24, 64, 512])
@pytest.mark.parametrize("cpus", [1, 2, 4])
@pytest.mark.parametrize("connections", [4, CONNECTIONS, 100])
def test_what_may_run_at_once_fits_into_the_machine(gib: int, cpus: int, connections: int) -> None:
    here = machine(gib * GIB, cpus)
    settings = postgres_settings(here, connections)
    work_mem = megabytes(settings["work_mem"])
    least = 4  # which no plan goes below
    assert work_mem >= least
    assert planned_bytes(here, settings, connections) <= here.memory_bytes or work_mem == least
    if gib >= 4:
        processes = connections + int(settings["max_parallel_workers"])
        hashed = processes * work_mem * int(settings["hash_mem_multiplier"])
        assert megabytes(settings["shared_buffers"]) + hashed < gib * 1024
    assert int(settings["max_connections"]) > connections


@pytest.mark.parametrize("cpus", [1, 2, 8, 32])
def test_more_connections_get_less_each(cpus: int) -> None:
    here = machine(16 * GIB, cpus)
    sizes = [megabytes(postgres_settings(here, number)["work_mem"]) for number in (10, 34, 100, 300)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]
    for number in (10, 34, 100, 300):
        assert planned_bytes(here, postgres_settings(here, number), number) <= here.memory_bytes


def test_the_plan_is_for_the_pools_that_a_server_has() -> None:
    assert connections_of(Settings()) == CONNECTIONS
    assert connections_of(Settings(pool_size=50)) == CONNECTIONS + 34


@pytest.mark.parametrize(("gib", "mib"), [(1, 512), (4, 512), (24, 3072), (512, 16384)])
def test_a_process_has_room_for_several_hash_tables(gib: int, mib: int) -> None:
    assert process_memory_bytes(machine(gib * GIB)) == mib * MIB
    settings = postgres_settings(machine(gib * GIB))
    assert mib >= 4 * 2 * megabytes(settings["work_mem"])
    assert mib > megabytes(settings["maintenance_work_mem"])


def test_temporary_files_leave_room_on_the_disk() -> None:
    assert postgres_settings(machine(4 * GIB, disk=80 * GIB))["temp_file_limit"] == "5120MB"
    assert postgres_settings(machine(4 * GIB, disk=0))["temp_file_limit"] == "1024MB"


def test_the_log_leaves_room_on_a_small_disk() -> None:
    settings = postgres_settings(machine(4 * GIB, disk=20 * GIB))
    assert megabytes(settings["max_wal_size"]) == 2048
    assert megabytes(settings["min_wal_size"]) < megabytes(settings["max_wal_size"])


def test_tiny_shared_memory_of_a_container_is_avoided() -> None:
    assert postgres_settings(machine(GIB, shared=64 * MIB))["dynamic_shared_memory_type"] == "mmap"
    assert postgres_settings(machine(GIB))["dynamic_shared_memory_type"] == "posix"


@pytest.mark.parametrize(("gib", "limit"), [(1, "256MiB"), (8, "512MiB"), (24, "1024MiB"), (256, "1024MiB")])
def test_s3_gets_a_bounded_share(gib: int, limit: str) -> None:
    assert s3_memory_limit(machine(gib * GIB)) == limit


def test_durability_is_never_traded() -> None:
    assert not {"fsync", "synchronous_commit", "full_page_writes"} & set(postgres_settings(machine(GIB)))
