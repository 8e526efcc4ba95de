"""The numerics of the process that trains: threads, subnormal numbers, memory."""

import ctypes
import sys

import torch

from aae.settings.config import TrainSettings

# Of glibc's mallopt: what to set (malloc.h) and the value, in bytes.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 2**30


def prepare_process(settings: TrainSettings) -> None:
    """Set what concerns the whole process; to be called before its first parallel work."""
    torch.set_num_threads(settings.threads)
    # The gradients of pixels that are 0 in every image fade to subnormal numbers, with which a CPU is a
    # hundred times slower. Threads take this setting from the one that starts them.
    torch.set_flush_denormal(True)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Let the process keep the memory that a training step frees, for the next one; glibc alone.

    Else each step's tensors of megabytes come as fresh pages from the system: thousands of page faults,
    a tenth of a step's time.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        for what in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            libc.mallopt(what, KEPT)
