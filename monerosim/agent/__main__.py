"""The agent process of one host, beside its real daemons: ``python -m monerosim.agent --plan PLAN --host NAME``.

Started by Shadow or by the local engine. It runs the same actors as the embedded engine, on threads and over HTTP.
"""

import argparse
import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType

from loguru import logger

import monerosim.agent.lean  # noqa: F401  (before all that follows)
from monerosim.agent.process import RealEnvironment, play_host
from monerosim.agent.registry import SUPERVISOR, load_actor, load_behaviour
from monerosim.events.traces import USUAL_LEVEL
from monerosim.plan.environment import EPOCH_VARIABLE, TRACE_VARIABLE, WATCH_VARIABLE
from monerosim.plan.plan import Plan, decode_plan
from monerosim.plugins import PluginError, PluginFiles
from monerosim.runtime.clock import EPOCH


def load_modules(plan: Plan, files: PluginFiles) -> None:
    """Import all modules of a plan's agents, so that Python caches them compiled."""
    load_actor(SUPERVISOR)
    for use in sorted({actor.use for host in plan.hosts for actor in host.actors}):
        load_behaviour(use, files)


def main() -> None:
    """Run the host that the command line names, or only load the modules of all."""
    parser = argparse.ArgumentParser(prog="python -m monerosim.agent", description="Runs one host of a plan.")
    parser.add_argument("--plan", type=Path, required=True, help="plan.json of a run directory")
    parser.add_argument("--host", help="the host's name; if left out, the modules of all hosts are only loaded")
    options = parser.parse_args()
    plan = decode_plan(options.plan.read_bytes())
    files = PluginFiles.of_run(options.plan.parent, plan.plugins)
    if options.host is None:
        try:
            load_modules(plan, files)
        except PluginError as error:
            parser.exit(1, f"{error}\n")
        return
    logging.getLogger("pykka").addHandler(logging.NullHandler())
    logger.configure(handlers=[])
    stopped = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    environment = RealEnvironment(
        plan,
        options.host,
        options.plan.parent,
        epoch=float(os.environ.get(EPOCH_VARIABLE, EPOCH)),
        trace_level=os.environ.get(TRACE_VARIABLE, USUAL_LEVEL),
        watches=os.environ.get(WATCH_VARIABLE) == "1",
    )
    try:
        play_host(plan, options.host, environment, files, stopped)
    finally:
        environment.close()


if __name__ == "__main__":
    main()
