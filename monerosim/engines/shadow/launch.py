"""``python -m monerosim.engines.shadow.launch PARENT PROGRAM ARGUMENT...``: become a program that dies with its parent.

A program of its own, because a fork of a process with threads (a progress bar's) must not do anything before it
executes another program.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""Linux: include/uapi/linux/prctl.h."""


def main() -> None:
    """Have the kernel end this process when the parent is gone, and execute the program."""
    parent, program, *arguments = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == int(parent):
        # Otherwise the parent was gone before that, and nothing would come.
        os.execv(program, [program, *arguments])  # noqa: S606  (no shell is wanted)


if __name__ == "__main__":
    main()
