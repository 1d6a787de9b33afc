"""What processes cost and how numbers are summed up. CPU in seconds, memory in MB of 2^20 bytes."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import psutil

MB = 2**20


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process and all below it, with those that have ended and been waited for."""
    return _sum(pid, lambda process: sum(process.cpu_times()[:4]))  # user, system, and both of ended children


def rss_mb(pid: int) -> float:
    """Resident memory of a process and all below it; pages they share are counted for each."""
    return _sum(pid, lambda process: process.memory_info().rss) / MB


def pss_mb(pid: int) -> float:
    """Proportional memory of a process and all below it: shared pages are counted once. Linux only."""
    return _sum(pid, lambda process: process.memory_full_info().pss) / MB


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty when it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all values don't exceed (nearest rank).

    Raises ValueError when there are none.
    """
    if not values:
        raise ValueError("no values, no percentile")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Key by key the median of several runs, of those runs that have the key."""
    keys = dict.fromkeys(key for run in runs for key in run)
    return {key: statistics.median(run[key] for run in runs if key in run) for key in keys}


def _sum(pid: int, cost: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):  # ended meanwhile
            total += cost(process)
    return total
