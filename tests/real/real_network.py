"""Two hosts with real daemons, and their actors in the test's own process."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
from small_runs import build

from monerosim.agent.host import Host
from monerosim.agent.messages import StopHost
from monerosim.agent.process import RealEnvironment
from monerosim.agent.registry import load_actor
from monerosim.build.processes import arguments, host_processes
from monerosim.build.rundir import write_run_directory
from monerosim.events.log import read_events
from monerosim.plan.plan import (
    PLAN_VERSION,
    ActorPlan,
    ConsensusPlan,
    HostPlan,
    NodePlan,
    Plan,
    TopologyPlan,
    WalletPlan,
)
from monerosim.runs import play as play_directory
from monerosim.units import SECOND, XMR

PAID = 20 * XMR

FUNDING_BLOCKS = 100
"""Forty of them are unlocked when the last one has come, so many payments can be made."""


def wait_until(condition, within=600.0):
    """Wait for something to be so, and return it."""
    deadline = time.monotonic() + within
    while not (met := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return met


def play_together(folder, scenarios):
    """Play scenarios on local beside each other, and return the runs by name.

    Args:
        folder: Where they are written, and their runs.
        scenarios: Of each the name, the text, and the beginning of its hosts' addresses, ``b"127.N.0."``.
    """
    runs = {}

    def play_it(name, text, network):
        file = folder / f"{name}.toml"
        file.write_text(text)
        build(file, folder / name, 'simulation.engine="local"', network=network)
        runs[name] = play_directory(folder / name)

    threads = [threading.Thread(target=play_it, args=one) for one in scenarios]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs


def running(directory):
    """Find the processes that have to do with a run directory: pid to command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(directory) in command:
                found[int(entry.name)] = command
    return found


def read_kind(directory, host, kind):
    """Read the events of a kind that a host's actors have recorded so far."""
    path = directory / "hosts" / host / "events.jsonl"
    return [record.data for record in read_events(path) if isinstance(record.data, kind)]


def make_plan():
    """Plan a payer (funder) with a node, and a shop (marketplace) that uses it."""
    funder = {
        "payees": [{"participant": "shop", "amount": "20 XMR"}],
        "funding_blocks": FUNDING_BLOCKS,
        "unlock_blocks": 1,
        "block_interval": "10ms",
    }
    payer = HostPlan(
        name="payer",
        group="payer",
        address="127.2.0.1",
        uses_node="payer",
        node=NodePlan(p2p_port=18_080, rpc_port=18_081, start=0, ready_after=0, peers=()),
        wallets=(WalletPlan(name="wallet", rpc_port=18_082, start=0, ready_after=0, node="payer"),),
        actors=(ActorPlan(name="funder", use="funder", start=0, config=funder),),
        agent_start=0,
    )
    shop = HostPlan(
        name="shop",
        group="shop",
        address="127.2.0.2",
        uses_node="payer",
        wallets=(WalletPlan(name="wallet", rpc_port=18_082, start=0, ready_after=0, node="payer", addresses=2),),
        actors=(ActorPlan(name="marketplace", use="marketplace", start=0, config={"check_interval": "1s"}),),
        agent_start=0,
    )
    hosts = {"payer": payer, "shop": shop}
    consensus = ConsensusPlan(block_time=120 * SECOND, difficulty=1, block_arrivals="fixed")
    return Plan(
        version=PLAN_VERSION,
        name="real",
        seed=1,
        engine="local",
        time_zero=3600 * SECOND,
        duration=3600 * SECOND,
        stop=7200 * SECOND,
        consensus=consensus,
        topology=TopologyPlan(bandwidth=(10**9,), links=(), places={"payer": 0, "shop": 0}),
        bootstrap=None,
        hosts=tuple(
            msgspec.structs.replace(own, processes=host_processes(own, consensus, hosts)) for own in hosts.values()
        ),
    )


class RealNetwork:
    """The two hosts.

    Args:
        directory: The run directory; it is made.
    """

    def __init__(self, directory):
        self.directory = directory
        self.plan = make_plan()
        self.epoch = time.time()
        self.hosts = {}
        self._worlds = []
        self._supervisors = []
        self._processes = {}
        write_run_directory(self.plan, b"", directory)

    def world(self, host, plan=None, directory=None):
        """Make the surroundings of a host's actors, in another run directory if there are such already."""
        plan, directory = plan or self.plan, directory or self.directory
        world = RealEnvironment(plan, host, directory, epoch=self.epoch, trace_level="DEBUG")
        self._worlds.append(world)
        return world

    def start_actors(self):
        """Start both hosts' supervisors, and by them all actors."""
        for own in self.plan.hosts:
            self.hosts[own.name] = host = Host(self.plan, own, self.world(own.name))
            self._supervisors.append(host.start(load_actor("supervisor"), "supervisor"))

    def start_daemons(self):
        """Start the wallets, and then the daemon that they ask."""
        for own in reversed(self.plan.hosts):
            for process in reversed(own.processes):
                if process.runs_to_end:
                    self.start(own.name, process.name)

    def start(self, host, name):
        """Start a daemon."""
        own = next(own for own in self.plan.hosts if own.name == host)
        process = next(process for process in own.processes if process.name == name)
        self._processes[host, name] = subprocess.Popen(
            arguments(process, self.directory, sys.executable),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TZ": "UTC", **process.environment},
        )

    def kill(self, host, name):
        """Kill a daemon."""
        process = self._processes.pop((host, name))
        process.send_signal(signal.SIGKILL)
        process.wait()

    def ask(self, host, actor, message):
        """Ask an actor."""
        return self.hosts[host].actor(actor).ask(message)

    def events(self, host, kind):
        """Read what a host's actors have told so far."""
        return read_kind(self.directory, host, kind)

    def close(self):
        """End actors, then wallets, then the daemon."""
        for host in self.hosts.values():
            host.closing = True
        for supervisor in self._supervisors:
            supervisor.ask(StopHost())
            supervisor.stop()
        for world in self._worlds:
            world.close()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(60)
