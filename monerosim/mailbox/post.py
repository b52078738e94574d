"""Letters between hosts, and those who deliver them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import Protocol, TypeAlias

import msgspec

from monerosim.plan.letters import USUAL, LettersPlan
from monerosim.runtime.runtime import Runtime


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message to an actor of another host."""

    sent: int
    """Microseconds since the run's start."""
    sender: str
    number: int
    """Counts the sender's letters."""
    recipient: str
    actor: str
    """The actor of the recipient to which it is addressed."""
    kind: str
    data: Mapping[str, object]
    cause: str

    @property
    def key(self) -> tuple[int, str, int]:
        """The letter's name, and its place in the order of delivery."""
        return self.sent, self.sender, self.number


Deliver: TypeAlias = Callable[[Envelope, bool], bool]
"""Takes a letter, and whether an earlier process of the host was handling it when it was killed; returns whether the
letter was accepted. One that was not waits for the next receiver."""


class PostOffice(Protocol):
    """Delivers letters from host to host."""

    def send(self, letter: Envelope) -> None:
        """Send a letter.

        Raises:
            UnknownHostError: There is no such recipient.
        """

    def receive(self, host: str, deliver: Deliver) -> None:
        """Deliver the letters to ``host`` by calling ``deliver`` from now on."""

    def handling(self, letter: Envelope) -> AbstractContextManager[None]:
        """Return the context in which an actor handles a letter; afterwards the letter is filed as done."""

    def numbers(self, host: str) -> Iterator[int]:
        """Return numbers for the letters of ``host``, from 1 upwards; none is used twice, restarts included."""


class UnknownHostError(Exception):
    """A letter's recipient does not exist."""


class MemoryPostOffice:
    """A post office within one process: the same delivery times without polling.

    Args:
        runtime: The runtime whose clock it uses.
        hosts: All participants.
        letters: How long letters take.
    """

    def __init__(self, runtime: Runtime, hosts: tuple[str, ...], letters: LettersPlan = USUAL) -> None:
        self._runtime = runtime
        self._due = letters.due
        self._waiting: dict[str, list[Envelope]] = {host: [] for host in hosts}
        self._receivers: dict[str, Deliver] = {}
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def send(self, letter: Envelope) -> None:
        """Send a letter.

        Raises:
            UnknownHostError: There is no such recipient.
        """
        waiting = self._waiting.get(letter.recipient)
        if waiting is None:
            raise UnknownHostError(f"unknown participant {letter.recipient!r}")
        waiting.append(letter)
        self._runtime.call_at(self._due(letter.sent), lambda: self._deliver(letter.recipient))

    def receive(self, host: str, deliver: Deliver) -> None:
        """Deliver the letters to ``host`` by calling ``deliver`` from now on."""
        self._receivers[host] = deliver
        self._deliver(host)

    def handling(self, letter: Envelope) -> AbstractContextManager[None]:
        """Return a context that does nothing: letters are removed on delivery, as all hosts share the process."""
        del letter
        return nullcontext()

    def numbers(self, host: str) -> Iterator[int]:
        """Return the numbers for the letters of ``host``."""
        return self._numbers[host]

    def _deliver(self, host: str) -> None:
        deliver = self._receivers.get(host)
        if deliver is None:
            return
        now = self._runtime.now()
        due = [letter for letter in self._waiting[host] if self._due(letter.sent) <= now]
        self._waiting[host] = [letter for letter in self._waiting[host] if self._due(letter.sent) > now]
        for letter in sorted(due, key=lambda letter: letter.key):
            if not deliver(letter, False):
                self._waiting[host].append(letter)
