"""Settings of the embedded servers for a machine: a pure function of its memory, processors and disk.

The machine is shared with the Flight server, its cache and often with the notebook of the one user, so
the shares are those of a good neighbour. The work is bulk loads and large streaming reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vxdata.server.embedded.machine import Machine

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

_SMALLEST_SHARED_MEMORY = 256 * MIB


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _mib(size: int) -> str:
    return f"{size // MIB}MB"


def postgres_settings(machine: Machine) -> dict[str, str]:
    """Return the PostgreSQL settings for a machine, by name, in PostgreSQL's own notation."""
    return {**_memory(machine), **_wal(machine), **_parallelism(machine), **_disk(machine), **_fixed()}


def _memory(machine: Machine) -> dict[str, str]:
    memory = machine.memory_bytes
    # Parallel queries share memory through /dev/shm; where a container made that tiny, files must do.
    dynamic = "posix" if machine.shared_memory_bytes >= _SMALLEST_SHARED_MEMORY else "mmap"
    return {
        "shared_buffers": _mib(_between(128 * MIB, memory // 4, 8 * GIB)),
        "effective_cache_size": _mib(max(256 * MIB, memory // 2)),
        "work_mem": _mib(_between(8 * MIB, memory // 192, 256 * MIB)),
        "maintenance_work_mem": _mib(_between(64 * MIB, memory // 16, GIB)),
        "autovacuum_work_mem": _mib(_between(64 * MIB, memory // 64, 256 * MIB)),
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


def _parallelism(machine: Machine) -> dict[str, str]:
    cpus = machine.cpus
    return {
        "max_connections": str(_between(100, 25 * cpus, 400)),
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
        # Random reads cost about what sequential ones do on an SSD.
        "random_page_cost": "1.1",
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
    return f"{_between(256 * MIB, machine.memory_bytes // 16, GIB) // MIB}MiB"
