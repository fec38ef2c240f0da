from __future__ import annotations

import pytest

from vxdata.server.embedded.machine import Machine
from vxdata.server.embedded.tuning import GIB, MIB, postgres_settings, s3_memory_limit


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
