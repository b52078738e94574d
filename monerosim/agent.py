"""The agent process of one host, beside its real daemons: ``python -m monerosim.agent --plan PLAN --host NAME``.

Started by Shadow or by the local engine. It plays the same actors as the embedded engine, on threads and over HTTP.
"""

import argparse
import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from loguru import logger

from monerosim.mailbox.disk import DiskPostOffice
from monerosim.mailbox.shared import DiskState
from monerosim.observe.events import Record
from monerosim.observe.log import EVENTS, EventLog
from monerosim.observe.traces import USUAL_LEVEL, Traces
from monerosim.plan.model import Plan, decode_plan
from monerosim.plan.processes import EPOCH_VARIABLE, SHADOW_EPOCH, TRACE_VARIABLE
from monerosim.plugins import PluginError, PluginFiles
from monerosim.rpc.http import HttpTransport
from monerosim.rpc.transport import Transport
from monerosim.runtime.blocks import load_block, load_supervisor
from monerosim.runtime.host import Host
from monerosim.runtime.message import EndHost
from monerosim.runtime.threads import ThreadsRuntime
from monerosim.units import SECOND

if TYPE_CHECKING:
    from loguru import Logger

    from monerosim.observe.traces import Source


class RealWorld:
    """Everything around a host whose daemons are real.

    Args:
        plan: The plan.
        host: The host's name.
        directory: The run directory.
        epoch: The run's start in Unix time.
        trace_level: The least important level of traces to keep.
    """

    def __init__(self, plan: Plan, host: str, directory: Path, *, epoch: float, trace_level: str = USUAL_LEVEL) -> None:
        self.runtime = ThreadsRuntime(epoch)
        self.post_office = DiskPostOffice(self.runtime, directory / "shared" / "mailbox")
        self.shared = DiskState(directory / "shared")
        self._hosts = {own.name: own for own in plan.hosts}
        self._lock = threading.Lock()
        home = directory / "hosts" / host
        home.mkdir(parents=True, exist_ok=True)
        self._events = EventLog(home / EVENTS)
        self._traces = Traces(directory / "hosts", trace_level, buffered_lines=1)

    def node(self, host: str) -> Transport:
        """The way to the monerod of ``host``."""
        own = self._hosts[host]
        if own.node is None:
            raise ValueError(f"{host} has no node")
        return HttpTransport(f"monerod of {host}", f"http://{own.address}:{own.node.rpc_port}")

    def wallet(self, host: str) -> Transport:
        """The way to the monero-wallet-rpc of ``host``."""
        own = self._hosts[host]
        return HttpTransport(f"monero-wallet-rpc of {host}", f"http://{own.address}:{own.wallets[0].rpc_port}")

    def record(self, record: Record) -> None:
        """Write down an event."""
        with self._lock:
            self._events.append(record)
            self._events.flush()

    def logger(self, source: "Source") -> "Logger":
        """Make the log of an actor."""
        return self._traces.logger(source)

    def close(self) -> None:
        """Write everything to the run directory."""
        self.runtime.close()
        self._events.close()
        self._traces.close()


def play_host(plan: Plan, name: str, world: RealWorld, files: PluginFiles, stopped: threading.Event) -> None:
    """Play one host until the run's stop, or until told to stop, by a signal or by the host that ends the run."""
    host = Host(plan, next(own for own in plan.hosts if own.name == name), world, files)
    host.on_over = stopped.set
    supervisor = host.start(load_supervisor(), "supervisor")
    while not stopped.is_set() and (left := plan.stop - host.now()) > 0:
        stopped.wait(left / SECOND)
    host.closing = True
    # One that failed when it started has nothing to end; its trace says why.
    if supervisor.is_alive():
        supervisor.ask(EndHost())
        supervisor.stop()


def load_modules(plan: Plan, files: PluginFiles) -> None:
    """Import all that the agents of a plan import, so that Python keeps it compiled."""
    load_supervisor()
    for use in sorted({actor.use for host in plan.hosts for actor in host.actors}):
        load_block(use, files)


def main() -> None:
    """Play the host that the command line names, or only load the modules of all."""
    parser = argparse.ArgumentParser(prog="python -m monerosim.agent", description="Plays one host of a plan.")
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
    world = RealWorld(
        plan,
        options.host,
        options.plan.parent,
        epoch=float(os.environ.get(EPOCH_VARIABLE, SHADOW_EPOCH)),
        trace_level=os.environ.get(TRACE_VARIABLE, USUAL_LEVEL),
    )
    try:
        play_host(plan, options.host, world, files, stopped)
    finally:
        world.close()


if __name__ == "__main__":
    main()
