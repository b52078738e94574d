"""Reading back a run whose agents wrote to disk: one event log, as the embedded engine writes it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import msgspec

from monerosim.observe.events import LineDamaged, Record, Reorganised
from monerosim.observe.log import EVENTS, EventLog
from monerosim.plan.model import Plan
from monerosim.units import SECOND

ENGINE_EVENTS = "engine.jsonl"
"""What an engine itself has to tell, beside the agents."""

_LINE = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\t\s*(?P<thread>\S+)\t\w+\t\S+\t\S+\t(?P<text>.*)")
_BEGINS = re.compile(r"###### REORGANIZE on height: \d+ of (?P<tip>\d+)")
_ALTERNATIVE = re.compile(r"----- BLOCK ADDED AS ALTERNATIVE ON HEIGHT (?P<height>\d+)")
_ADDED = re.compile(r"\+\+\+\+\+ BLOCK SUCCESSFULLY ADDED")
_ID = re.compile(r"id:\t<(?P<hash>[0-9a-f]{64})>")
_DONE = re.compile(r"REORGANIZE SUCCESS! on height: (?P<split>\d+), new blockchain size: \d+")
"""Lines of src/cryptonote_core/blockchain.cpp; all but _ADDED are logged at monerod's default level."""


def read_back(plan: Plan, directory: Path, *, epoch: float) -> None:
    """Write a run's ``events.jsonl`` from what agents, engine and daemons have written.

    In the order of :meth:`monerosim.observe.events.Record.sort_key`, the events of one source in the order in which it
    wrote them. A torn last line is left out; a damaged line is left out and told of by an event.

    Args:
        plan: The run's plan.
        directory: The run directory.
        epoch: The run's start in Unix time, on the clock of the processes.
    """
    logs = [(host.name, directory / "hosts" / host.name / EVENTS) for host in plan.hosts]
    sources = [_events(path, host, str(path.relative_to(directory))) for host, path in logs]
    sources.append(_events(directory / ENGINE_EVENTS, "", ENGINE_EVENTS))
    zero = round(epoch * SECOND) + plan.time_zero
    nodes = [host.name for host in plan.hosts if host.node is not None]
    sources += [reorganisations(directory / "hosts" / node / "monerod.log", node, zero) for node in nodes]
    log = EventLog(directory / EVENTS)
    try:
        for record in sorted(chain.from_iterable(sources), key=Record.sort_key):
            log.append(record)
    finally:
        log.close()


def reorganisations(log: Path, node: str, zero: int) -> Iterator[Record]:
    """Find the reorganisations in a monerod's log.

    Args:
        log: The log; the older parts that monerod has moved aside are read too. None is there if there is none.
        node: The host.
        zero: The scenario's time zero in microseconds of Unix time.

    Yields:
        Events; the new tip's hash is empty unless monerod logs at ``blockchain:INFO`` or above.
    """
    waiting: dict[str, int | None] = {}
    old_tip: int | None = None
    alternatives: dict[int, str] = {}
    new = ""
    for when, thread, text in _log_lines(log):
        if begins := _BEGINS.match(text):
            old_tip, alternatives, new = int(begins["tip"]), {}, ""
        elif alternative := _ALTERNATIVE.match(text):
            waiting[thread] = int(alternative["height"])
        elif _ADDED.match(text):
            waiting[thread] = None
        elif (block := _ID.match(text)) and thread in waiting:
            height = waiting.pop(thread)
            if height is None:
                new = block["hash"]
            else:
                alternatives[height] = block["hash"]
        elif (done := _DONE.match(text)) and old_tip is not None:
            # The blocks of the old branch become alternatives before the change is reported.
            event = Reorganised(node, old_tip - int(done["split"]) + 1, alternatives.get(old_tip, ""), new)
            yield Record(when - zero, node, "node", "", event)
            old_tip = None


def _log_lines(log: Path) -> Iterator[tuple[int, str, str]]:
    """Read monerod's log: time (microseconds of Unix time), thread and text of each line."""
    for path in (*sorted(log.parent.glob(f"{log.name}-*")), log):
        if not path.is_file():
            continue
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if found := _LINE.match(line):
                    # The processes run with TZ=UTC.
                    moment = datetime.fromisoformat(found["time"]).replace(tzinfo=UTC)
                    yield round(moment.timestamp() * SECOND), found["thread"], found["text"]


def _events(path: Path, participant: str, shown: str) -> Iterator[Record]:
    if not path.is_file():
        return
    decode = msgspec.json.Decoder(Record).decode
    last = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                record = decode(line)
            except (ValueError, RecursionError) as error:
                yield Record(last, participant, "engine", "", LineDamaged(shown, number, str(error)))
                continue
            last = record.t
            yield record
