"""The mailbox: letters to and from the actors of other hosts."""

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import pykka

from actors.host.registrar import REGISTRAR
from monerosim.agent.actor import Actor, handles
from monerosim.agent.messages import ActorStarted, IncomingLetter, Message, SendLetter, TracedMessage
from monerosim.mailbox.post import Envelope


class LettersArrived(Message[None], frozen=True):
    """The post office has delivered letters."""


class ActorGone(Message[None], frozen=True):
    """An actor of the host was given up or stopped: it takes no letters unless it is started again."""

    actor: str


class _Arrival(msgspec.Struct, frozen=True):
    """A letter, and whether an earlier process of the host was handling it when it was killed."""

    letter: Envelope
    redelivered: bool


class _Tray:
    """The letters of one actor that it has not begun to handle."""

    def __init__(self) -> None:
        self.letters: dict[tuple[int, str, int], _Arrival] = {}
        self.delivered: set[tuple[int, str, int]] = set()
        """Those in the inbox of ``reader``."""
        self.reader: pykka.ActorRef[Any] | None = None


class _Desk:
    """The letters on hand, retained while the mailbox is restarted."""

    def __init__(self) -> None:
        self.arrivals: deque[_Arrival] = deque()
        self.trays: defaultdict[str, _Tray] = defaultdict(_Tray)
        self.gone: set[str] = set()


class Mailbox(Actor):
    """Sends and receives the letters of a host.

    A letter waits for an actor that has not started yet or is being restarted.

    Args:
        host: The host.
        name: ``mailbox``.
    """

    def begin(self) -> None:
        """Take deliveries from now on."""
        self._numbers = self.host.environment.post_office.numbers(self.host.name)
        self._desk = self.host.retained(self.name, _Desk)
        self.host.notify_of_starts(self.name)
        reference, arrivals = self.actor_ref, self._desk.arrivals

        def take(letter: Envelope, redelivered: bool) -> bool:
            if not reference.is_alive():
                return False
            arrivals.append(_Arrival(letter, redelivered))
            # If it has failed meanwhile, it finds the letter when it is restarted.
            with suppress(pykka.ActorDeadError):
                reference.tell(LettersArrived())
            return True

        self._sort()
        self.host.environment.post_office.receive(self.host.name, take)

    @handles(SendLetter)
    def on_send_letter(self, post: SendLetter) -> None:
        """Send a letter."""
        letter = Envelope(
            sent=self.host.now(),
            sender=self.host.name,
            number=next(self._numbers),
            recipient=post.recipient,
            actor=post.actor,
            kind=post.kind,
            data=post.data,
            cause=self.cause,
        )
        self.host.environment.post_office.send(letter)
        self.log.debug("sent {} to {}/{}", post.kind, post.recipient, post.actor)

    @handles(LettersArrived)
    def on_letters_arrived(self, _: LettersArrived) -> None:
        """Deliver letters to their actors; each is done when its actor has handled it, or none will."""
        self._sort()

    @handles(ActorStarted)
    def on_actor_started(self, message: ActorStarted) -> None:
        """Deliver the letters that have waited for an actor."""
        self._desk.gone.discard(message.actor)
        if message.actor in self._desk.trays:
            self._deliver_to(message.actor)

    @handles(ActorGone)
    def on_actor_gone(self, message: ActorGone) -> None:
        """Drop the letters of an actor that will not handle them."""
        self._desk.gone.add(message.actor)
        letters = self._desk.trays.pop(message.actor, _Tray()).letters
        for arrival in letters.values():
            self._refuse(arrival.letter)

    def _sort(self) -> None:
        while self._desk.arrivals:
            arrival = self._desk.arrivals.popleft()
            letter = arrival.letter
            if not self._is_expected(letter.actor):
                self._refuse(letter)
                continue
            self._desk.trays[letter.actor].letters[letter.key] = arrival
            self._deliver_to(letter.actor)

    def _is_expected(self, actor: str) -> bool:
        """Return whether the host has an actor of this name, or will have one."""
        reference = self.host.actors.get(actor)
        if reference is not None:
            return reference.is_alive() or actor not in self._desk.gone
        own = self.host.own
        services = {
            "node": own.uses_node is not None,
            "wallet": bool(own.wallets),
            REGISTRAR: self.host.plan.registrar == own.name,
            "supervisor": True,
        }
        return services.get(actor, False) or any(behaviour.name == actor for behaviour in own.actors)

    def _deliver_to(self, actor: str) -> None:
        tray, reader = self._desk.trays[actor], self.host.actors.get(actor)
        if reader is None or not reader.is_alive():
            return
        if reader is not tray.reader:
            # What its former life had not begun is lost with its inbox.
            tray.reader = reader
            tray.delivered.clear()
        for key, arrival in list(tray.letters.items()):
            if not reader.actor_class.accepts(arrival.letter.kind):
                del tray.letters[key]
                self._refuse(arrival.letter)
            elif key not in tray.delivered:
                tray.delivered.add(key)
                self._deliver_letter(arrival, tray, reader)

    def _deliver_letter(self, arrival: _Arrival, tray: _Tray, reader: "pykka.ActorRef[Any]") -> None:
        letter, post_office = arrival.letter, self.host.environment.post_office

        @contextmanager
        def handling() -> Iterator[None]:
            del tray.letters[letter.key]
            with post_office.handling(letter):
                yield

        self.cause = letter.cause
        identifier = f"{letter.sender}/mailbox@{letter.number}"
        mail = IncomingLetter(letter.sender, letter.kind, letter.data)
        self.log.debug("delivered {} from {} to {}", letter.kind, letter.sender, letter.actor)
        with suppress(pykka.ActorDeadError):
            reader.tell(TracedMessage(mail, identifier, letter.cause, handling, arrival.redelivered))

    def _refuse(self, letter: Envelope) -> None:
        self.cause = letter.cause
        self.log.warning("no actor {!r} takes the {} from {}", letter.actor, letter.kind, letter.sender)
        with self.host.environment.post_office.handling(letter):
            pass
