"""Telling others of alerts: a webhook on loopback or a program, while the run is played.

It is real time's side of them: it reads the run's events as they are written, and nothing of it reaches the run.
"""

import queue
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeVar

import msgspec
import requests

from monerosim.events import AlertCleared, AlertRaised, Record, RecordReader, event_tag
from monerosim.events.feed import Feed
from monerosim.files import append_lines
from monerosim.plan.plan import AlertPlan, Plan

NOTICES = "notices.jsonl"
"""Where a run directory has who was told of what, a :class:`Notice` a line."""

_LOOK = 0.5
"""Seconds of real time between two looks for alerts."""

_PATIENCE = 10.0
"""Seconds that somebody who is told may take."""

_MOST = 1000
"""Notices of a run: whoever gets more does not read them."""

_KINDS = frozenset({event_tag(AlertRaised), event_tag(AlertCleared)})
_P = TypeVar("_P")


class Notice(msgspec.Struct, frozen=True):
    """Somebody was told of an alert."""

    t: int
    """When it was raised or cleared, microseconds since the scenario's time zero."""
    alert: str
    told: str
    """The URL or the program."""
    error: str
    """Why that failed; empty if it did not."""


class Notifier:
    """Tells whom a plan names. To be used in a ``with`` statement, at whose end everything is told.

    Args:
        plan: The plan.
        run: The run directory.
    """

    def __init__(self, plan: Plan, run: Path) -> None:
        self._alerts: Mapping[str, AlertPlan] = {it.name: it for it in plan.alerts if it.webhook or it.command}
        self._run = run
        self._feed = Feed(run, [host.name for host in plan.hosts])
        self._position = ""
        self._next = 0.0
        self._left = _MOST
        self._told: Counter[tuple[str, ...]] = Counter()
        self._again: Counter[tuple[str, ...]] = Counter()
        """What was told already, and is still to come again."""
        self._waiting: queue.SimpleQueue[tuple[AlertPlan, bytes, int] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="notices", daemon=True)

    def __enter__(self) -> Self:
        if self._alerts:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._alerts:
            self._look()
            self._waiting.put(None)
            self._thread.join()

    def passing(self, on_progress: Callable[[_P], bool]) -> Callable[[_P], bool]:
        """Return a callback that passes progress on, and looks for alerts now and then."""
        if not self._alerts:
            return on_progress

        def pass_on(progress: _P) -> bool:
            if time.monotonic() >= self._next:
                self._look()
                self._next = time.monotonic() + _LOOK
            return on_progress(progress)

        return pass_on

    def _look(self) -> None:
        if self._feed.put_together(self._position):
            # The run's one log has again what was told while it was played, and what was found afterwards.
            self._position, self._again = "", self._told.copy()
        read, more = RecordReader().read, True
        while more:
            batch = self._feed.read(self._position)
            for line in batch.lines:
                if line.kind in _KINDS:
                    self._take(read(line.text), line.text)
            self._position, more = batch.position, batch.more

    def _take(self, record: Record, event: bytes) -> None:
        data = record.data
        if not isinstance(data, AlertRaised | AlertCleared) or data.alert not in self._alerts:
            return
        key = (record.tag, record.participant, data.alert, data.item)
        if self._again[key]:
            self._again[key] -= 1
        elif self._left:
            self._left -= 1
            self._told[key] += 1
            self._waiting.put((self._alerts[data.alert], event, record.t))

    def _work(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            alert, event, t = waiting
            if alert.webhook:
                self._note(Notice(t, alert.name, alert.webhook, _post(alert.webhook, event)))
            if alert.command:
                self._note(Notice(t, alert.name, alert.command[0], _start(alert.command, event)))

    def _note(self, notice: Notice) -> None:
        append_lines(self._run / NOTICES, msgspec.json.encode(notice) + b"\n")


def _post(url: str, event: bytes) -> str:
    """Post an event; return what went wrong."""
    session = requests.Session()
    # Neither a proxy nor a redirection may lead it away from loopback.
    session.trust_env = False
    headers = {"Content-Type": "application/json"}
    try:
        answer = session.post(url, data=event, headers=headers, timeout=_PATIENCE, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__
    return "" if answer.ok else f"status {answer.status_code}"


def _start(command: tuple[str, ...], event: bytes) -> str:
    """Start a program; return what went wrong."""
    try:
        done = subprocess.run(  # noqa: S603  (the user has allowed it)
            command,
            input=event,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else f"exit status {done.returncode}"
