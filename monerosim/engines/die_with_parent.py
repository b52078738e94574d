"""A child that ends with the process that started it, whatever ends that one."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
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


def end_with_parent() -> None:
    """Have this process, which :mod:`multiprocessing` has started, be told to end when its parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def await_end() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=await_end, daemon=True).start()
