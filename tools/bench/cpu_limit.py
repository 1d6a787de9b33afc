"""Holds a process to a share of one core, by the kernel's CPU controller (control groups, version 1 or 2).

A stand-in for more cores: what each process may take is then less than the machine has, so that broker, database and
load have room beside two of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION_1 = Path("/sys/fs/cgroup/cpu")
VERSION_2 = Path("/sys/fs/cgroup")
PERIOD_US = 10_000  # short, so that a held process rests 7 ms at a time and not 70


class CannotLimit(RuntimeError):
    """This machine doesn't let us: no controller, or not ours to write."""


@contextmanager
def held_to(share: float, pid: int) -> Iterator[None]:
    """The process gets at most `share` of one core meanwhile, with all of its threads.

    Raises:
        CannotLimit: the machine doesn't let us.
    """
    root = _controller()
    group = root / f"pitpilot-bench-{pid}"
    try:
        group.mkdir()
        _limit(group, round(share * PERIOD_US))
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        if group.exists():
            group.rmdir()
        raise CannotLimit(f"no control group for CPU can be made here: {error}") from error
    try:
        yield
    finally:
        _empty(group, root)
        group.rmdir()


def _controller() -> Path:
    if (VERSION_1 / "cgroup.procs").exists():
        return VERSION_1
    handed_on = VERSION_2 / "cgroup.subtree_control"
    if handed_on.exists() and "cpu" in handed_on.read_text().split():
        return VERSION_2
    raise CannotLimit("the kernel has no CPU controller for groups here")


def _limit(group: Path, quota_us: int) -> None:
    if (group / "cpu.max").exists():
        (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        return
    (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (group / "cpu.cfs_quota_us").write_text(str(quota_us))


def _empty(group: Path, root: Path) -> None:
    """Back to where all processes are; one that has ended has left by itself."""
    for pid in (group / "cgroup.procs").read_text().split():
        (root / "cgroup.procs").write_text(pid)
