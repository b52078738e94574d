"""One host's actors in a process of their own, with real daemons: on threads, over HTTP, with letters as files."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from monerosim.agent.conditions import Condition
from monerosim.agent.host import Host
from monerosim.agent.messages import AwaitChange, StopHost
from monerosim.agent.real_conditions import RealNetwork
from monerosim.agent.registry import SUPERVISOR, load_actor
from monerosim.events import Record
from monerosim.events.log import EVENTS, EventLog
from monerosim.events.traces import USUAL_LEVEL, Traces
from monerosim.mailbox.disk import MAILBOXES, DiskPostOffice
from monerosim.mailbox.shared import DiskState
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginFiles
from monerosim.rpc.http import HttpTransport
from monerosim.rpc.transport import Transport
from monerosim.runtime.clock import Clock
from monerosim.runtime.threads import ThreadsRuntime
from monerosim.units import SECOND

if TYPE_CHECKING:
    from loguru import Logger

    from monerosim.events.traces import Source


class RealEnvironment:
    """Everything around a host whose daemons are real.

    Args:
        plan: The plan.
        host: The host's name.
        directory: The run directory.
        epoch: The run's start in Unix time.
        trace_level: The least important level of traces to keep.
        watches: Whether letters are taken as soon as they are there.
    """

    records_nodes = False

    def __init__(
        self,
        plan: Plan,
        host: str,
        directory: Path,
        *,
        epoch: float,
        trace_level: str = USUAL_LEVEL,
        watches: bool = False,
    ) -> None:
        self.runtime = ThreadsRuntime(epoch)
        self.post_office = DiskPostOffice(self.runtime, directory / MAILBOXES, plan.letters, watches=watches)
        self.shared = DiskState(directory / "shared")
        self._hosts = {own.name: own for own in plan.hosts}
        self._network = RealNetwork(
            plan,
            directory,
            self.shared,
            node=self.node,
            wallet=self.wallet,
            clock=Clock(self.runtime, plan.time_zero),
            me=host,
        )
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

    def watch_tip(self, host: str, changed: Callable[[], None]) -> bool:
        """Return False: real daemons are polled."""
        del host, changed
        return False

    def watch_wallet(self, host: str, wish: AwaitChange, changed: Callable[[], None]) -> bool:
        """Return False: real wallets are polled."""
        del host, wish, changed
        return False

    def crowd(self, host: str) -> None:
        """Return None: real wallets have a service each."""
        del host

    def change(self, condition: Condition, *, scheduled: bool) -> None:
        """Change the network by the means there are."""
        self._network.change(condition, scheduled=scheduled)

    def record(self, record: Record) -> None:
        """Append an event to the event log."""
        with self._lock:
            self._events.append(record)
            self._events.flush()

    def logger(self, source: "Source") -> "Logger":
        """Return the logger of an actor."""
        return self._traces.logger(source)

    def close(self) -> None:
        """Write everything to the run directory."""
        self.runtime.close()
        self._events.close()
        self._traces.close()


def play_host(
    plan: Plan, name: str, environment: RealEnvironment, files: PluginFiles, stopped: threading.Event
) -> None:
    """Run one host until the run's stop, or earlier on a signal or when the run ends."""
    host = Host(plan, next(own for own in plan.hosts if own.name == name), environment, files)
    host.on_over = stopped.set
    supervisor = host.start(load_actor(SUPERVISOR), SUPERVISOR)
    while not stopped.is_set() and (left := plan.stop - host.now()) > 0:
        stopped.wait(left / SECOND)
    host.closing = True
    # One that failed when it started has nothing to end.
    if supervisor.is_alive():
        supervisor.ask(StopHost())
        supervisor.stop()
