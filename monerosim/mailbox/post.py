"""Letters between hosts, and the grid on which they are delivered."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import Protocol, TypeAlias

import msgspec

from monerosim.runtime.runtime import Runtime

POLL_GRID = 1_000_000
"""Microseconds between two looks into a mailbox."""

DELAY = 500_000
"""Microseconds before a letter is due: longer than Shadow's scheduling round, within which the order in which two
hosts see each other's files is not fixed. A round lasts as long as the network's shortest link takes, and at least 1 ms
(src/main/core/runahead.rs in Shadow's repository)."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message to an actor of another host."""

    sent: int
    """Microseconds since the run's start."""
    sender: str
    number: int
    """Counts the sender's letters."""
    recipient: str
    actor: str
    """The recipient's actor that it is for."""
    kind: str
    data: Mapping[str, object]
    cause: str

    @property
    def key(self) -> tuple[int, str, int]:
        """The letter's name, and its place in the order of delivery."""
        return self.sent, self.sender, self.number


Deliver: TypeAlias = Callable[[Envelope, bool], bool]
"""Is given a letter, and whether an earlier process of the host was handling it when it was killed; tells whether it
takes it. One that it does not take waits for the next receiver."""


def delivery_time(sent: int) -> int:
    """When a letter is delivered: at the first point of the grid at which it is due."""
    return -(-(sent + DELAY) // POLL_GRID) * POLL_GRID


class PostOffice(Protocol):
    """Brings letters from host to host."""

    def send(self, letter: Envelope) -> None:
        """Take a letter.

        Raises:
            UnknownHostError: There is no such recipient.
        """

    def receive(self, host: str, deliver: Deliver) -> None:
        """Have the letters to ``host`` given to ``deliver`` from now on."""

    def handling(self, letter: Envelope) -> AbstractContextManager[None]:
        """Give what the actor that a letter is for handles it in; afterwards it is put away."""

    def numbers(self, host: str) -> Iterator[int]:
        """Number the letters of ``host``, upwards from 1; no number comes twice in a run, whoever is started again."""


class UnknownHostError(Exception):
    """A letter is addressed to nobody."""


class MemoryPostOffice:
    """A post office within one process: the grid's delivery times, and no cost while nothing is sent.

    Args:
        runtime: Whose clock it goes by.
        hosts: All participants.
    """

    def __init__(self, runtime: Runtime, hosts: tuple[str, ...]) -> None:
        self._runtime = runtime
        self._waiting: dict[str, list[Envelope]] = {host: [] for host in hosts}
        self._receivers: dict[str, Deliver] = {}
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def send(self, letter: Envelope) -> None:
        """Take a letter.

        Raises:
            UnknownHostError: There is no such recipient.
        """
        waiting = self._waiting.get(letter.recipient)
        if waiting is None:
            raise UnknownHostError(f"there is no participant {letter.recipient!r}")
        waiting.append(letter)
        self._runtime.call_at(delivery_time(letter.sent), lambda: self._deliver(letter.recipient))

    def receive(self, host: str, deliver: Deliver) -> None:
        """Have the letters to ``host`` given to ``deliver`` from now on."""
        self._receivers[host] = deliver
        self._deliver(host)

    def handling(self, letter: Envelope) -> AbstractContextManager[None]:
        """Do nothing: a letter was put away when it was taken, as the process that keeps it also plays its receiver."""
        del letter
        return nullcontext()

    def numbers(self, host: str) -> Iterator[int]:
        """Number the letters of ``host``."""
        return self._numbers[host]

    def _deliver(self, host: str) -> None:
        deliver = self._receivers.get(host)
        if deliver is None:
            return
        now = self._runtime.now()
        due = [letter for letter in self._waiting[host] if delivery_time(letter.sent) <= now]
        self._waiting[host] = [letter for letter in self._waiting[host] if delivery_time(letter.sent) > now]
        for letter in sorted(due, key=lambda letter: letter.key):
            if not deliver(letter, False):
                self._waiting[host].append(letter)
