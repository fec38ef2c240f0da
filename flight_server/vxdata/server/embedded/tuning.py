"""Settings of the embedded servers for a machine: a pure function of its memory, processors and disk.

The machine is shared with the Flight server, its cache and often with the notebook of the one user, so
the shares are those of a good neighbour. The work is bulk loads and large streaming reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.server.embedded.machine import Machine

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

CONNECTIONS: Final = 37
"""Connections of a server with the pools that it has by default."""

_SMALLEST_SHARED_MEMORY = 256 * MIB

_HASH_MULTIPLIER = 2
"""PostgreSQL's `hash_mem_multiplier`: a hash table may have this many times `work_mem`."""

_PROCESS_BASE = 10 * MIB
"""Memory of a process of PostgreSQL that has run statements: caches of tables and plans."""

_AUTOVACUUM_WORKERS = 3

_SPARE_CONNECTIONS = 30
"""Connections for the operator, for backups and for `vxdata db upgrade`."""


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _mib(size: int) -> str:
    return f"{size // MIB}MB"


def postgres_settings(machine: Machine, connections: int = CONNECTIONS) -> dict[str, str]:
    """Return the PostgreSQL settings for a machine, by name, in PostgreSQL's own notation.

    Args:
        machine: What there is to share out.
        connections: Connections of the server, at most.
    """
    return {
        **_memory(machine, connections),
        **_wal(machine),
        **_parallelism(machine, connections),
        **_disk(machine),
        **_fixed(),
    }


def process_memory_bytes(machine: Machine) -> int:
    """Return the most private memory that one process of PostgreSQL may have.

    `work_mem` bounds a sort or a hash table, but not their number in a statement. Beyond this the statement
    fails, where the system would kill the process, and PostgreSQL would drop all connections.
    """
    return _between(512 * MIB, machine.memory_bytes // 8, 16 * GIB)


def planned_bytes(machine: Machine, settings: dict[str, str], connections: int = CONNECTIONS) -> int:
    """Return the memory that is in use when all connections and parallel workers run a statement each.

    Args:
        machine: What there is.
        settings: What `postgres_settings` returned for it.
        connections: Connections of the server.

    Returns:
        Bytes: of PostgreSQL, where each process has a hash table as large as may be, of S3, and an eighth
        of the memory for the server.
    """
    sizes = {
        name: int(value.removesuffix("MB")) * MIB for name, value in settings.items() if value[-2:] == "MB"
    }
    fixed = sizes["shared_buffers"] + sizes["maintenance_work_mem"] + sizes["wal_buffers"]
    fixed += (
        _AUTOVACUUM_WORKERS * sizes["autovacuum_work_mem"] + _s3_bytes(machine) + machine.memory_bytes // 8
    )
    processes = connections + int(settings["max_parallel_workers"])
    return fixed + processes * (_PROCESS_BASE + _HASH_MULTIPLIER * sizes.get("work_mem", 0))


def _memory(machine: Machine, connections: int) -> dict[str, str]:
    memory = machine.memory_bytes
    fixed = {
        "shared_buffers": _mib(_between(128 * MIB, memory // 4, 8 * GIB)),
        "maintenance_work_mem": _mib(_between(64 * MIB, memory // 16, GIB)),
        "autovacuum_work_mem": _mib(_between(64 * MIB, memory // 64, 256 * MIB)),
    }
    rest = memory - planned_bytes(
        machine, fixed | _wal(machine) | _parallelism(machine, connections), connections
    )
    each = rest // ((connections + machine.cpus) * _HASH_MULTIPLIER)
    # Parallel queries share memory through /dev/shm; where a container made that tiny, files must do.
    dynamic = "posix" if machine.shared_memory_bytes >= _SMALLEST_SHARED_MEMORY else "mmap"
    return {
        **fixed,
        "effective_cache_size": _mib(max(256 * MIB, memory // 2)),
        # A machine of less than 2 GiB gets the least, though not all of it fits.
        "work_mem": _mib(_between(4 * MIB, min(memory // 192, each), 256 * MIB)),
        "hash_mem_multiplier": str(_HASH_MULTIPLIER),
        "dynamic_shared_memory_type": dynamic,
    }


def _wal(machine: Machine) -> dict[str, str]:
    # A bulk load should not be stopped by checkpoints, and the log must never be what fills the disk. More
    # than 8 GiB would only make the recovery after a crash longer.
    largest = _between(GIB, machine.free_disk_bytes // 10, 8 * GIB)
    return {
        "max_wal_size": _mib(largest),
        "min_wal_size": _mib(largest // 4),
        "checkpoint_timeout": "15min",
        "wal_buffers": _mib(_between(16 * MIB, machine.memory_bytes // 256, 64 * MIB)),
        # The wheel has no method but pglz, which takes longer than to write the pages: decision 0019.
        "wal_compression": "off",
    }


def _disk(machine: Machine) -> dict[str, str]:
    # As many processes as there are queries at a time by default (`pool_size`) fit beside each other.
    return {"temp_file_limit": _mib(_between(GIB, machine.free_disk_bytes // 16, 64 * GIB))}


def _parallelism(machine: Machine, connections: int) -> dict[str, str]:
    cpus = machine.cpus
    return {
        "max_connections": str(max(_between(100, 25 * cpus, 400), connections + _SPARE_CONNECTIONS)),
        "max_worker_processes": str(8 + cpus),
        "max_parallel_workers": str(cpus),
        "max_parallel_workers_per_gather": str(_between(1, cpus // 2, 8)),
        "max_parallel_maintenance_workers": str(_between(1, cpus // 2, 4)),
        # The wheel's build has no io_uring.
        "io_method": "worker",
        "io_workers": str(_between(3, cpus // 4, 16)),
    }


def _fixed() -> dict[str, str]:
    return {
        # Plans come in all shapes and are run once: compiling them costs more than it saves.
        "jit": "off",
        # An SSD reads pages in any order about as fast. With 1.1, index scans come back to the same pages
        # again and again where a bitmap reads each of them once: decision 0062.
        "random_page_cost": "2",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        # Statements and the details of errors hold users' values; one detail is what a dead process ran.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "password_encryption": "scram-sha-256",
    }


def s3_memory_limit(machine: Machine) -> str:
    """Return the soft memory limit of the S3 server, in the notation of Go's ``GOMEMLIMIT``.

    400 MiB cost a third of the write rate in a measurement, and no limit let it grow to 920 MiB.
    """
    return f"{_s3_bytes(machine) // MIB}MiB"


def _s3_bytes(machine: Machine) -> int:
    return _between(256 * MIB, machine.memory_bytes // 16, GIB)
