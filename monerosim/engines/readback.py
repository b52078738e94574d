"""Reading back a run whose agents wrote to disk: one event log, as the embedded engine writes it."""

from array import array
from collections.abc import Callable, Iterator
from functools import partial
from heapq import merge
from itertools import chain
from pathlib import Path

import numpy as np

from monerosim.alerts.afterwards import alerts_of
from monerosim.alerts.heights import TipHeights
from monerosim.build.rundir import hold
from monerosim.build.shadow import data_directory
from monerosim.engines.daemon_log import (
    BlockHad,
    BranchLeft,
    Connected,
    Disconnected,
    Finding,
    TransactionHad,
    read_daemon_log,
)
from monerosim.engines.message_log import MessageFinding
from monerosim.engines.relay_log import RelayLog
from monerosim.engines.spreads import SpreadRecorder
from monerosim.events import (
    BlockSpread,
    LineCorrupted,
    PeerConnected,
    PeerDisconnected,
    Record,
    RecordReader,
    Reorganised,
    TransactionSpread,
)
from monerosim.events.feed import ALERTS_SO_FAR, ENGINE_EVENTS
from monerosim.events.log import EVENTS, CorruptedLineError, EventLog, read_lines
from monerosim.network.propagation import NEVER
from monerosim.plan.plan import Plan
from monerosim.plan.scripts import script_folder, scripts_of
from monerosim.runtime.clock import EPOCH
from monerosim.units import SECOND

EPOCH_FILE = "epoch"
"""The file of the run directory that has the run's start in Unix time, where it is not Shadow's."""

SHADOW_END = "sim-stats.json"
"""What Shadow writes into its data directory when it has come to its end, and only then."""


def epoch_of(directory: Path) -> float:
    """Return when a run with real programs began, in Unix time on the clock of its processes."""
    file = directory / EPOCH_FILE
    return float(file.read_text(encoding="ascii")) if file.is_file() else EPOCH


def read_back(plan: Plan, directory: Path, *, epoch: float, end: int | None = None) -> None:
    """Write a run's ``events.jsonl`` from what agents, engine and daemons have written.

    In the order of :meth:`monerosim.events.Record.sort_key`, the events of one source in the order in which it
    wrote them. A torn last line is left out; a damaged line is left out and reported by an event. The file is there
    when it is whole.

    Args:
        plan: The run's plan.
        directory: The run directory.
        epoch: The run's start in Unix time, on the clock of the processes.
        end: When programs were told to end, microseconds since the run's start: what daemons do then, such as parting
            from their peers, is left out. None if they were not told.
    """
    sources = [_events(path, host, str(path.relative_to(directory))) for host, path in _logs(plan, directory)]
    sources.append(_events(directory / ENGINE_EVENTS, "", ENGINE_EVENTS))
    logs = _DaemonLogs(plan, directory, epoch, end)
    sources.append(logs.records())
    unfinished = directory / f"{EVENTS}.new"
    log = EventLog(unfinished)
    try:
        records = sorted(chain.from_iterable(sources), key=Record.sort_key)
        last = max((record.t for record in records), default=0)
        alerts = alerts_of(plan, records, last if end is None else end - plan.time_zero, logs.tips)
        for record in merge(records, alerts, key=Record.sort_key):
            log.append(record)
    finally:
        log.close()
    unfinished.replace(directory / EVENTS)


def read_back_again(plan: Plan, directory: Path) -> bool:
    """Read back what programs have left that nobody watched to their end.

    Returns:
        Whether it is all. Where Shadow was started by hand and has not come to its end, it may still play.

    Raises:
        RunDirectoryError: The programs are just being ended.
        OSError: The run directory cannot be written.
    """
    epoch = directory / EPOCH_FILE
    if epoch.is_file():
        with hold(epoch):
            if not (directory / EVENTS).is_file():
                read_back(plan, directory, epoch=epoch_of(directory))
        return True
    if any((directory / "hosts" / host.name / EVENTS).is_file() for host in plan.hosts):
        read_back(plan, directory, epoch=EPOCH)
        return (data_directory(plan, directory) / SHADOW_END).is_file()
    return True


def read_so_far(plan: Plan, directory: Path) -> list[Record]:
    """Read what agents and engine have told of a run that is going on; what daemons log is left out until its end."""
    logs = [_events(path, host, EVENTS) for host, path in _logs(plan, directory)]
    logs += [_events(directory / name, "", name) for name in (ENGINE_EVENTS, ALERTS_SO_FAR)]
    return sorted(chain(*logs), key=Record.sort_key)


def _logs(plan: Plan, directory: Path) -> Iterator[tuple[str, Path]]:
    """List the event logs of agents and scripts, each with its host."""
    for host in plan.hosts:
        yield host.name, directory / "hosts" / host.name / EVENTS
        for script in scripts_of(host):
            yield host.name, directory / script_folder(host.name, script) / EVENTS


class _DaemonLogs:
    """What all daemons' logs together tell.

    Items are kept as arrays of times, a number a node, so that memory follows items times nodes at eight bytes each.
    """

    def __init__(self, plan: Plan, directory: Path, epoch: float, end: int | None) -> None:
        self._directory = directory
        self._start = round(epoch * SECOND)
        self._time_zero = plan.time_zero
        self._end = NEVER if end is None else self._start + end
        nodes = [(host, host.node) for host in plan.hosts if host.node is not None]
        self._nodes = [host.name for host, _ in nodes]
        self._names = {f"{host.address}:{node.p2p_port}": host.name for host, node in nodes}
        self._spreads = SpreadRecorder(plan)
        self._relays = RelayLog(plan, self._start)
        self._blocks: dict[str, array[int]] = {}
        self._heights: dict[str, int] = {}
        self._transactions: dict[str, array[int]] = {}

    def records(self) -> Iterator[Record]:
        """Read all logs, one after the other; then tell of each item when each node had it first."""
        for index, node in enumerate(self._nodes):
            log = self._directory / "hosts" / node / "monerod.log"
            for finding in read_daemon_log(log, messages=self._relays.wanted):
                if finding.at > self._end:
                    continue
                event = self._take(finding, index)
                if event is not None:
                    yield Record(self._time(finding.at), node, "node", "", event)
        for block, times in self._blocks.items():
            yield from self._spread(times, partial(BlockSpread, block, self._heights[block]))
        for txid, times in self._transactions.items():
            yield from self._spread(times, partial(TransactionSpread, txid))
        if self._relays.wanted:
            yield from self._relays.records()

    def tips(self) -> TipHeights:
        """Return how high the tip of each node was, once all logs have been read."""
        tips = TipHeights(self._nodes)
        for block, times in self._blocks.items():
            for node, at in zip(self._nodes, times, strict=True):
                if at < NEVER:
                    tips.add(self._time(at), self._heights[block], node)
        return tips

    def _take(
        self, finding: Finding | MessageFinding, index: int
    ) -> Reorganised | PeerConnected | PeerDisconnected | None:
        """Note what is told when all logs have been read; give what is told at once."""
        match finding:
            case BlockHad(at, block, height):
                # Every chain begins with the genesis block; nobody sends it.
                if height:
                    self._heights[block] = height
                    self._note(self._blocks, block, index, at)
                return None
            case TransactionHad(at, txid):
                self._note(self._transactions, txid, index, at)
                self._relays.had(self._nodes[index], txid, at)
                return None
            case BranchLeft(_, depth, old, new):
                return Reorganised(self._nodes[index], depth, old, new)
            case Connected(_, address):
                return PeerConnected(self._names.get(address, address))
            case Disconnected(_, address):
                return PeerDisconnected(self._names.get(address, address))
            case _:
                self._relays.take(self._nodes[index], finding)
                return None

    def _note(self, items: dict[str, "array[int]"], item: str, index: int, at: int) -> None:
        times = items.get(item)
        if times is None:
            times = items[item] = array("q", [NEVER]) * len(self._nodes)
        times[index] = min(times[index], at)

    def _spread(
        self, times: "array[int]", event: Callable[[int, tuple[int, ...]], BlockSpread | TransactionSpread]
    ) -> Iterator[Record]:
        seen = np.frombuffer(times, dtype=np.int64)
        record = self._spreads.record(np.where(seen < NEVER, seen - self._start - self._time_zero, NEVER), event)
        if record is not None:
            yield record

    def _time(self, at: int) -> int:
        return at - self._start - self._time_zero


def _events(path: Path, participant: str, shown: str) -> Iterator[Record]:
    if not path.is_file():
        return
    last = 0

    def damaged(error: CorruptedLineError) -> Record:
        return Record(last, participant, "engine", "", LineCorrupted(shown, error.line, error.reason))

    for record in read_lines(path, RecordReader().read, damaged=damaged):
        last = record.t
        yield record
