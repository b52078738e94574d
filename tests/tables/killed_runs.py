"""Plays runs, each in a process of its own that is killed when its event log has come to a size; prints nothing.

python killed_runs.py SCENARIO DIRECTORY SIZE...
"""

import os
import signal
import sys
import time
from pathlib import Path

from monerosim import run


def play_and_kill(scenario, directory, size):
    child = os.fork()
    if child == 0:
        run(scenario, directory)
        os._exit(0)
    log = directory / "events.jsonl"
    while not log.is_file() or log.stat().st_size < size:
        if os.waitpid(child, os.WNOHANG)[0]:
            sys.exit(f"{directory} ended before its log had {size} bytes")
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    for number, size in enumerate(sys.argv[3:]):
        play_and_kill(Path(sys.argv[1]), Path(sys.argv[2]) / str(number), int(size))
