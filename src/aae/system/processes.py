"""Processes: how many at a time, and an end with their parent."""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CGROUP = Path("/sys/fs/cgroup")


def cores() -> int:
    """Cores that this process may use: by affinity and, on Linux, by its control group's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return max(1, min(count, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # No such file, or "max".
        return count


def end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, however it dies, so that no orphan goes on.

    Had the parent died before this call, nothing would happen: the caller is to look whose child it is.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
