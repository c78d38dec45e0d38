"""Memory and cores within the limits of a container."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from covey.resources import available_threads, memory_bytes, processor_name, require_memory
from covey.types import MemoryLimitError

MIB = 1 << 20


def machine(root: Path, files: dict[str, object]) -> tuple[int | None, int | None]:
    """Figures of a machine of 8,000 MiB, 6,000 of them available, with these files."""
    meminfo = f"MemTotal: {8000 << 10} kB\nMemFree: 5 kB\nMemAvailable: {6000 << 10} kB\n"
    for name, text in ({"proc/meminfo": meminfo} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return memory_bytes(str(root))


def test_the_processor_says_its_name(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text("processor : 0\nmodel name\t: A: fast one\n")
    assert processor_name(str(tmp_path)) == "A: fast one"
    other = platform.processor() or platform.machine()
    assert processor_name(str(tmp_path / "none")) == other


def test_without_control_groups_the_machine_decides(tmp_path: Path) -> None:
    assert machine(tmp_path, {}) == (8000 * MIB, 6000 * MIB)


def test_no_linux_no_figures(tmp_path: Path) -> None:
    assert memory_bytes(str(tmp_path)) == (None, None)


def test_version_2_the_tightest_group_around_decides(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/slice"
    found = machine(
        tmp_path,
        {
            "proc/self/cgroup": "0::/slice/inner",
            f"{group}/inner/memory.max": "max",
            f"{group}/inner/memory.current": 100 * MIB,
            f"{group}/memory.max": 2000 * MIB,
            f"{group}/memory.current": 1500 * MIB,
            f"{group}/memory.stat": f"anon 7\nactive_file {200 * MIB}\ninactive_file {50 * MIB}",
        },
    )
    assert found == (2000 * MIB, 750 * MIB)


@pytest.mark.parametrize("path", ["/docker/abc", "/"])
def test_version_1_the_limit_may_stand_at_the_top(tmp_path: Path, path: str) -> None:
    group = "sys/fs/cgroup/memory"
    found = machine(
        tmp_path,
        {
            "proc/self/cgroup": f"9:cpu,cpuacct:/x\n4:hugetlb,memory:{path}\n0::/",
            f"{group}/memory.limit_in_bytes": 1000 * MIB,
            f"{group}/memory.usage_in_bytes": 900 * MIB,
            f"{group}/memory.stat": f"active_file 1\ntotal_inactive_file {300 * MIB}",
        },
    )
    assert found == (1000 * MIB, 400 * MIB)


def test_no_limit_of_version_1_is_a_large_number(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 9223372036854771712,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": 7000 * MIB,
    }
    assert machine(tmp_path, files) == (8000 * MIB, 6000 * MIB)


def test_more_than_there_is_is_refused() -> None:
    require_memory("it", 5 * MIB, 5 * MIB, remedy="wait")
    with pytest.raises(
        MemoryLimitError, match=r"needs about 5\.24 MB, the limit is 4\.19 MB: wait"
    ):
        require_memory("it", 5 * MIB, 4 * MIB, remedy="wait")
    if memory_bytes() != (None, None):
        with pytest.raises(MemoryLimitError, match="the system has"):
            require_memory("it", 1 << 60, None, remedy="wait")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity here")
def test_cores_are_those_of_the_affinity() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert available_threads() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert 1 <= available_threads() <= len(before)
