"""``python -m monerosim.engines.script``: runs a script of the scenario, and notes how it ended.

An engine with real programs starts it as it starts agents: the process supervisor on the engine local, Shadow itself
under Shadow, which would call a run failed whose program ends with a status that it was not told before. What the
script prints, and the event of its end, are in the folder of its name among those of its host.
"""

import argparse
import os
import signal
import subprocess
import time
from pathlib import Path
from types import FrameType

from monerosim.build.processes import PLAN
from monerosim.engines.die_with_parent import die_with_parent
from monerosim.events import Record, ScriptEnded
from monerosim.events.log import EVENTS, EventLog
from monerosim.plan.environment import EPOCH_VARIABLE
from monerosim.plan.plan import decode_plan
from monerosim.plan.scripts import script_folder
from monerosim.runtime.clock import EPOCH
from monerosim.units import SECOND

OUTPUT = "output"
"""What the script printed."""

NOT_STARTED = 127
"""The status of a script that could not be started, as in shells."""

_GRACE = 5.0
"""Seconds from SIGTERM to SIGKILL, which have to be less than Shadow goes on for after the end of the run."""


def run_script(command: list[str], output: Path, seconds: float) -> tuple[int, bool]:
    """Run a command, no longer than until the end of the run.

    Args:
        command: The program and its arguments.
        output: The file for what it prints.
        seconds: The time until the end of the run.

    Returns:
        Its exit status, the negative number of a signal if one killed it; and whether it was ended with the run.
    """
    with output.open("wb") as out:
        try:
            child = subprocess.Popen(  # noqa: S603  (the user has allowed the scenario's programs)
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=die_with_parent(),  # noqa: PLW1509  (safe here: this process has one thread)
            )
        except OSError as error:
            out.write(f"{command[0]} cannot be started: {error.strerror}\n".encode())
            return NOT_STARTED, False
    told = False

    def end(signum: int, frame: FrameType | None) -> None:
        nonlocal told
        del signum, frame
        child.send_signal(signal.SIGKILL if told else signal.SIGTERM)
        told = True

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, end)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), _GRACE)
    status = child.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    return status, told


def main() -> None:
    """Run the script that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m monerosim.engines.script", description="Runs a script.")
    parser.add_argument("--run", type=Path, required=True, help="the run directory")
    parser.add_argument("--host", required=True, help="the participant")
    parser.add_argument("--script", required=True, help="its actor that is the script")
    parser.add_argument("command", nargs="+", help="the program and its arguments")
    options = parser.parse_args()
    plan = decode_plan((options.run / PLAN).read_bytes())
    folder = options.run / script_folder(options.host, options.script)
    folder.mkdir(parents=True, exist_ok=True)
    epoch = float(os.environ.get(EPOCH_VARIABLE, EPOCH))
    left = plan.stop / SECOND - (time.time() - epoch)
    status, told = run_script(options.command, folder / OUTPUT, left)
    now = round((time.time() - epoch) * SECOND) - plan.time_zero
    log = EventLog(folder / EVENTS)
    log.append(Record(now, options.host, options.script, "", ScriptEnded(status, told)))
    log.close()


if __name__ == "__main__":
    main()
