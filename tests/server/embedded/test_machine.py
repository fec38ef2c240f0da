from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded.machine import Machine, cgroup_cpus, cgroup_memory_bytes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path


def put(groups: Path, name: str, text: str) -> None:
    path = groups / "root" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def belongs_to(groups: Path, *lines: str) -> None:
    (groups / "self").write_text("".join(f"{line}\n" for line in lines))


def test_version_2_takes_the_smallest_limit_on_the_way_up(groups: Path) -> None:
    belongs_to(groups, "0::/user/job")
    put(groups, "user/job/memory.max", "max")
    put(groups, "user/memory.max", "4000")
    put(groups, "memory.max", "9000")
    put(groups, "user/job/cpu.max", "150000 100000")
    put(groups, "cpu.max", "max 100000")
    assert cgroup_memory_bytes(groups / "root", groups / "self") == 4000
    assert cgroup_cpus(groups / "root", groups / "self") == 1.5


def test_version_1_in_a_container_sees_only_its_own_root(groups: Path) -> None:
    belongs_to(groups, "4:memory:/docker/abc", "1:cpu,cpuacct:/docker/abc")
    put(groups, "memory/memory.limit_in_bytes", "5000")
    put(groups, "cpu/cpu.cfs_quota_us", "50000")
    put(groups, "cpu/cpu.cfs_period_us", "100000")
    assert cgroup_memory_bytes(groups / "root", groups / "self") == 5000
    assert cgroup_cpus(groups / "root", groups / "self") == 0.5


def test_no_limits(groups: Path) -> None:
    belongs_to(groups, "0::/", "1:cpu:/")
    put(groups, "cpu/cpu.cfs_quota_us", "-1")
    put(groups, "cpu/cpu.cfs_period_us", "100000")
    assert cgroup_memory_bytes(groups / "root", groups / "self") is None
    assert cgroup_cpus(groups / "root", groups / "self") is None
    assert cgroup_memory_bytes(groups / "root", groups / "absent") is None


def test_this_machine(tmp_path: Path) -> None:
    found = Machine.detect(tmp_path)
    assert found.memory_bytes > 0
    assert found.cpus >= 1
    assert found.free_disk_bytes > 0
    assert found.shared_memory_bytes > 0
