"""A world small enough for a test: real mail, shared state and traces, events in a list, no daemons."""

from monerosim.agent.host import Host
from monerosim.events.traces import Traces, read_traces
from monerosim.mailbox.post import MemoryPostOffice
from monerosim.mailbox.shared import MemoryState
from monerosim.plan.plan import PLAN_VERSION, ConsensusPlan, HostPlan, Plan, TopologyPlan
from monerosim.units import SECOND


def make_plan(*hosts, time_zero=0, seed=1):
    return Plan(
        version=PLAN_VERSION,
        name="small",
        seed=seed,
        engine="embedded",
        time_zero=time_zero,
        duration=3600 * SECOND,
        stop=time_zero + 3600 * SECOND,
        consensus=ConsensusPlan(block_time=120 * SECOND, difficulty=1, block_arrivals="fixed"),
        topology=TopologyPlan(bandwidth=(10**9,), links=(), places={host.name: 0 for host in hosts}),
        bootstrap=None,
        hosts=hosts,
    )


def make_host_plan(name, *actors, restarts=None):
    return HostPlan(name=name, group=name, address="10.0.0.1", actors=actors, restarts=restarts or {}, agent_start=0)


class SmallWorld:
    """What a host needs of an engine.

    Args:
        runtime: Where the actors live.
        directory: Where their traces go.
        plan: Who takes part.
    """

    records_nodes = True

    def __init__(self, runtime, directory, plan):
        self.runtime = runtime
        self.plan = plan
        self.post_office = MemoryPostOffice(runtime, tuple(host.name for host in plan.hosts), plan.letters)
        self.shared = MemoryState()
        self.records = []
        self._directory = directory
        self._traces = Traces(directory, "TRACE")
        self.hosts = {own.name: Host(plan, own, self) for own in plan.hosts}

    def node(self, host):
        raise KeyError(host)

    def wallet(self, host):
        raise KeyError(host)

    def watch_tip(self, _host, _changed):
        return False

    def watch_wallet(self, _host, _wish, _changed):
        return False

    def crowd(self, _host):
        return None

    def record(self, record):
        self.records.append(record)

    def logger(self, actor):
        return self._traces.logger(actor)

    def events(self, kind):
        return [record for record in self.records if isinstance(record.data, kind)]

    def lines(self, **choice):
        self._traces.flush()
        return list(read_traces(self._directory, **choice))

    def close(self):
        for host in self.hosts.values():
            host.closing = True
        self._traces.close()
