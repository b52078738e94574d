"""The process supervisor: starts a plan's programs at their times, restarts dead and hung ones, and ends all in order.

A process of its own with one thread: ``python -m monerosim.engines.local.process_supervisor``. It ends the run when its
standard input can be read or ends, which it does when the launcher dies; when it dies itself, the kernel kills the
programs. It prints what went wrong, and its status is 1 then.
"""

import argparse
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

import msgspec

from monerosim.agent.conditions import Crash, Freeze, ShutDown, StartUp, Thaw, name_of
from monerosim.agent.real_conditions import REQUESTS, Request
from monerosim.build.processes import MONEROD
from monerosim.build.rundir import hold
from monerosim.config import load_config
from monerosim.engines.local.health import HealthCheck, health_check
from monerosim.engines.local.notices import ProcessNotices, how_it_ended
from monerosim.engines.local.process import SupervisedProcess
from monerosim.engines.readback import EPOCH_FILE, read_back
from monerosim.events import (
    Event,
    ProcessDied,
    ProcessGivenUp,
    ProcessHung,
    ProcessRestarted,
    RunEnded,
)
from monerosim.plan.environment import EPOCH_VARIABLE, TRACE_VARIABLE, WATCH_VARIABLE
from monerosim.plan.plan import Plan, decode_plan
from monerosim.plan.restarts import Restarts
from monerosim.units import SECOND, format_duration

ENDING = 60 * SECOND
"""How long agents may take to end by themselves when the run is over: they ask for the last state."""

REQUEST_INTERVAL = SECOND // 2
"""From one look for what agents ask for to the next."""

TIMEOUT = 30 * SECOND
"""How long a program may take to end after SIGTERM, before it is killed. (monerod stores its chain in under one.)"""


class ProcessSupervisorError(Exception):
    """The run cannot go on; the message is for the user."""


class ProcessSupervisor:
    """Plays the programs of a plan.

    Args:
        plan: The plan.
        directory: The run directory.
        epoch: The run's start in Unix time.
        trace_level: The least important level of traces that agents keep.
        waiter: How to wait.

    Attributes:
        ended: When the programs were told to end, microseconds since the run's start; None before.
    """

    def __init__(self, plan: Plan, directory: Path, *, epoch: float, trace_level: str, waiter: "Waiter") -> None:
        environment = {
            **os.environ,
            # monerod's log has local times without a zone.
            "TZ": "UTC",
            EPOCH_VARIABLE: repr(epoch),
            TRACE_VARIABLE: trace_level,
            WATCH_VARIABLE: "1",
        }
        self.ended: int | None = None
        self._plan = plan
        self._epoch = epoch
        self._waiter = waiter
        self._limits = {host.name: load_config(host.restarts, Restarts) for host in plan.hosts}
        self._processes: list[SupervisedProcess] = []
        self._checks: dict[SupervisedProcess, HealthCheck] = {}
        for host in plan.hosts:
            for program in host.processes:
                self._processes.append(process := SupervisedProcess(host.name, program, directory, environment))
                check = health_check(host, program.name, self._limits[host.name], waiter, self._now)
                if check is not None:
                    self._checks[process] = check
        self._requests = directory / REQUESTS
        self._requests.mkdir(exist_ok=True)
        self._notices = ProcessNotices(plan, directory, trace_level)

    def play(self) -> None:
        """Play the run until its stop, or until told to end it.

        Raises:
            ProcessSupervisorError: A program that the run cannot begin without does not stay alive.
        """
        try:
            while not self._waiter.told and (now := self._now()) < self._plan.stop:
                self._start_due(now)
                for check in self._checks.values():
                    check.ask()
                self._take_requests()
                self._upgrade_due(now)
                planned = [due for process in self._processes for due in (process.due, process.upgrade_due)]
                starts = [due for due in planned if due is not None]
                checks = [check.due for check in self._checks.values() if check.due is not None]
                self._wait_until(min([*starts, *checks, self._now() + REQUEST_INTERVAL, self._plan.stop]))
                self._take_note()
            self._end()
        finally:
            for process in self._processes:
                process.kill()
            self._notices.close()

    def _now(self) -> int:
        return round((time.time() - self._epoch) * SECOND)

    def _wait_until(self, when: int) -> None:
        self._waiter.wait(max(0, when - self._now()) / SECOND)

    def _start_due(self, now: int) -> None:
        due = [(process.due, process) for process in self._processes if process.due is not None and process.due <= now]
        for _, process in sorted(due, key=lambda one: one[0]):
            try:
                process.start(now)
            except OSError as error:
                raise ProcessSupervisorError(f"{process.plan.argv[0]} cannot be started: {error}") from error
            if process in self._checks:
                self._checks[process].begin()
            if process.restarted:
                self._record(process, ProcessRestarted(process.plan.name, len(process.restarted)))

    def _take_requests(self) -> None:
        """Do what agents ask for: end, start, kill, stop and continue programs (conditions of the network)."""
        for file in sorted(self._requests.glob("*.json")):
            request = msgspec.json.decode(file.read_bytes(), type=Request)
            file.unlink()
            for process in self._processes:
                is_node = process.plan.name == MONEROD
                if process.host == request.host and not process.is_agent and is_node == (request.program == "node"):
                    self._change(process, request.do)

    def _upgrade_due(self, now: int) -> None:
        """End programs that are to be of another version, so that they are started again as such."""
        for process in self._processes:
            if process.upgrade_due is not None and process.upgrade_due <= now:
                process.upgrade_due = None
                if process.runs and process.is_wanted:
                    self._change(process, name_of(ShutDown()))
                    process.returns = True

    def _change(self, process: SupervisedProcess, do: str) -> None:
        check = self._checks.get(process)
        if do == name_of(StartUp()):
            if process.is_gone:
                process.due, process.is_wanted = self._now(), True
            else:
                # It may still be ending.
                process.returns = not process.is_wanted
        elif do == name_of(Thaw()):
            process.signal(signal.SIGCONT)
            if check is not None and process.runs:
                check.begin()
        else:
            process.is_wanted = process.is_wanted and do == name_of(Freeze())
            process.returns = process.returns and do == name_of(Freeze())
            process.due = process.due if process.is_wanted else None
            numbers = {name_of(ShutDown()): signal.SIGTERM, name_of(Crash()): signal.SIGKILL}
            process.signal(numbers.get(do, signal.SIGSTOP))
            if check is not None:
                check.end()

    def _take_note(self) -> None:
        """Look who has died or hangs, and plan its next start."""
        for process in self._processes:
            check = self._checks.get(process)
            silent = None if check is None else check.silent
            if silent is not None:
                self._record(process, ProcessHung(process.plan.name, silent))
                process.kill()
            status = process.reap()
            if status is None:
                continue
            if check is not None:
                check.end()
            if not process.is_wanted:
                if process.returns:
                    process.due, process.is_wanted, process.returns = self._now(), True, False
                continue
            if process.is_script and status == 0:
                continue
            if not (process.is_agent and status == 0 and self._now() >= self._plan.stop):
                self._record(process, ProcessDied(process.plan.name, status))
                ended = how_it_ended(status)
                if silent is not None:
                    ended = f"did not answer for {format_duration(silent // SECOND * SECOND)} and was killed"
                self._plan_restart(process, ended)

    def _plan_restart(self, process: SupervisedProcess, how: str) -> None:
        """Start a process again after a while, or give it up.

        Args:
            process: The process.
            how: What has become of it.
        """
        now, limits = self._now(), self._limits[process.host]
        recent = [then for then in process.restarted if now - then < limits.window]
        # An agent's actors hold what they have done and plan to do: a new one would pay and mine all over again.
        if not process.is_agent and len(recent) < limits.max_restarts:
            process.restarted = [*recent, now]
            process.due = now + limits.backoff * 2 ** len(recent)
            return
        self._record(process, ProcessGivenUp(process.plan.name, len(recent)))
        gone = f"{process.plan.name} of {process.host} {how} and is started no more after {len(recent)} restarts"
        if now < self._plan.time_zero:
            words = f"Its last words ({process.output}):\n{process.output_tail()}"
            raise ProcessSupervisorError(f"the run cannot begin: {gone}. {words}")
        if process.plan.needed_by:
            # The launcher reads it, and has the run end.
            self._record(process, RunEnded(f"{gone}; it was needed by {' and '.join(process.plan.needed_by)}"))

    def _end(self) -> None:
        """End agents, then wallets, then daemons, each while what they ask still answers."""
        self.ended = self._now()
        agents = [process for process in self._processes if process.is_agent]
        daemons = [process for process in self._processes if process.plan.name == "monerod"]
        wallets = [process for process in self._processes if process not in agents and process not in daemons]
        if not self._waiter.told:
            self._wait_for(agents, ENDING, lambda: self._waiter.told)
        for group in (agents, wallets, daemons):
            for process in group:
                if status := process.reap():
                    self._record(process, ProcessDied(process.plan.name, status))
                process.terminate()
            self._wait_for(group, TIMEOUT, lambda: self._waiter.hurry)
            for process in group:
                if process.runs:
                    # What it would have told at its end is missing.
                    self._record(process, ProcessDied(process.plan.name, -signal.SIGKILL))
                process.kill()

    def _wait_for(self, group: Iterable[SupervisedProcess], timeout: int, unwanted: Callable[[], bool]) -> None:
        """Wait until a group has ended, or waiting is not wanted any more."""
        deadline = self._now() + timeout
        while any(process.runs for process in group) and self._now() < deadline and not unwanted():
            self._wait_until(deadline)

    def _record(self, process: SupervisedProcess, event: Event) -> None:
        self._notices.tell(process.host, event, self._now(), of_agent=process.is_agent)


class Waiter:
    """Waits for a time, the end of a child, a socket, or being told to end."""

    def __init__(self) -> None:
        self.told = False
        """Whether the run is to end."""
        self.hurry = False
        """Whether that has been said twice."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ, self._tell)
        here, there = socket.socketpair()
        here.setblocking(False)
        there.setblocking(False)
        # Signals, SIGCHLD among them, write a byte here, so none is missed between a look and the wait.
        signal.set_wakeup_fd(there.fileno())
        self._sockets = here, there
        self._selector.register(here, selectors.EVENT_READ, self._drain)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def wait(self, seconds: float) -> None:
        """Wait until something happens, no longer than ``seconds``."""
        for key, _ in self._selector.select(seconds):
            react: Callable[[], None] = key.data
            react()

    def watch(self, sock: socket.socket, events: int, react: Callable[[], None]) -> None:
        """Call ``react`` whenever a socket is ready for ``events``, and for no others."""
        self.forget(sock)
        self._selector.register(sock, events, react)

    def forget(self, sock: socket.socket) -> None:
        """Watch a socket no more, if it is watched."""
        if sock in self._selector.get_map():
            self._selector.unregister(sock)

    def _tell(self) -> None:
        self._selector.unregister(sys.stdin)
        self.told = True

    def _drain(self) -> None:
        self._sockets[0].recv(4096)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self.hurry = self.told
        self.told = True


def main() -> int:
    """Play the run directory that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m monerosim.engines.local.process_supervisor")
    parser.add_argument("--run", type=Path, required=True, help="the run directory")
    parser.add_argument("--epoch", type=float, required=True, help="the run's start in Unix time")
    parser.add_argument("--trace-level", required=True, help="the least important level of traces to keep")
    options = parser.parse_args()
    plan = decode_plan((options.run / "plan.json").read_bytes())
    supervisor = ProcessSupervisor(
        plan, options.run, epoch=options.epoch, trace_level=options.trace_level, waiter=Waiter()
    )
    # The launcher holds the run directory; when it is gone, the run goes on for as long as programs take to end.
    with hold(options.run / EPOCH_FILE):
        try:
            supervisor.play()
        except ProcessSupervisorError as error:
            sys.stdout.write(f"{error}\n")
            return 1
        finally:
            read_back(plan, options.run, epoch=options.epoch, end=supervisor.ended)
    return 0


if __name__ == "__main__":
    sys.exit(main())
