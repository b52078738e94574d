"""A child that ends with the process that started it, whatever ends that one."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
"""Linux: include/uapi/linux/prctl.h."""


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child does before it executes its program: have the kernel kill it when its parent is gone.

    For processes with one thread only.
    """
    if sys.platform != "linux":
        return None
    # Looked up before the fork: a child should not load libraries.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # The parent was gone before that, so nothing will come.
            os._exit(1)

    return arrange
