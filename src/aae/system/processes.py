"""Processes that end with their parent."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, however it dies, so that no orphan goes on.

    Had the parent died before this call, nothing would happen: the caller is to look whose child it is.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
