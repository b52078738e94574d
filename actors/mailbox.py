"""The mailbox: letters from and to the actors of other hosts."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pykka

from monerosim.mailbox.post import Letter
from monerosim.runtime.actor import Actor, handles
from monerosim.runtime.message import Begun, Delivery, Mail, Message, Post

_SERVICES = ("supervisor", "node", "wallet")


class Arrived(Message[None], frozen=True):
    """The post office hands over a letter."""

    letter: Letter
    again: bool


class _Tray:
    """The letters of one actor that it has not begun to read."""

    def __init__(self) -> None:
        self.letters: dict[tuple[int, str, int], Arrived] = {}
        self.given: set[tuple[int, str, int]] = set()
        """Those in the inbox of ``reader``."""
        self.reader: pykka.ActorRef[Any] | None = None


class _Trays(defaultdict[str, _Tray]):
    """All actors' trays."""

    def __init__(self) -> None:
        super().__init__(_Tray)


class Mailbox(Actor):
    """Sends and receives the letters of a host.

    A letter waits for an actor that is still to start, and for one that has failed and is started again.

    Args:
        host: The host.
        name: ``mailbox``.
    """

    def begin(self) -> None:
        """Have letters delivered from now on."""
        self._numbers = self.host.world.post_office.numbers(self.host.name)
        self._trays = self.host.keep(self.name, _Trays)
        self.host.tell_of_beginnings(self.name)
        reference = self.actor_ref

        def take(letter: Letter, again: bool) -> bool:
            if reference.is_alive():
                reference.tell(Arrived(letter, again))
                return True
            return False

        self.host.world.post_office.receive(self.host.name, take)

    @handles(Post)
    def on_post(self, post: Post) -> None:
        """Send a letter."""
        letter = Letter(
            sent=self.host.now(),
            sender=self.host.name,
            number=next(self._numbers),
            recipient=post.recipient,
            actor=post.actor,
            kind=post.kind,
            data=post.data,
            cause=self.cause,
        )
        self.host.world.post_office.send(letter)
        self.log.debug("sent {} to {}/{}", post.kind, post.recipient, post.actor)

    @handles(Arrived)
    def on_arrived(self, arrived: Arrived) -> None:
        """Hand a letter to the actor it is for; it is put away when that has handled it, or nobody will."""
        letter = arrived.letter
        if letter.actor not in self.host.actors and letter.actor not in self._expected():
            self._refuse(letter)
            return
        self._trays[letter.actor].letters[letter.key] = arrived
        self._give(letter.actor)

    @handles(Begun)
    def on_begun(self, message: Begun) -> None:
        """Hand an actor the letters that have waited for it."""
        if message.actor in self._trays:
            self._give(message.actor)

    def _expected(self) -> set[str]:
        return {*_SERVICES, *(plan.name for plan in self.host.own.actors)}

    def _give(self, actor: str) -> None:
        tray, reader = self._trays[actor], self.host.actors.get(actor)
        if reader is None or not reader.is_alive():
            return
        if reader is not tray.reader:
            # What the one before did not begin has gone with its inbox.
            tray.reader = reader
            tray.given.clear()
        for key, arrived in list(tray.letters.items()):
            if not reader.actor_class.takes(arrived.letter.kind):
                del tray.letters[key]
                self._refuse(arrived.letter)
            elif key not in tray.given:
                tray.given.add(key)
                self._hand_over(arrived, tray, reader)

    def _hand_over(self, arrived: Arrived, tray: _Tray, reader: "pykka.ActorRef[Any]") -> None:
        letter, post_office = arrived.letter, self.host.world.post_office

        @contextmanager
        def handling() -> Iterator[None]:
            del tray.letters[letter.key]
            with post_office.handling(letter):
                yield

        self.cause = letter.cause
        identifier = f"{letter.sender}/mailbox@{letter.number}"
        mail = Mail(letter.sender, letter.kind, letter.data)
        self.log.debug("handed {} from {} to {}", letter.kind, letter.sender, letter.actor)
        with suppress(pykka.ActorDeadError):
            reader.tell(Delivery(mail, identifier, letter.cause, handling, arrived.again))

    def _refuse(self, letter: Letter) -> None:
        self.cause = letter.cause
        self.log.warning("no actor {!r} takes the {} from {}", letter.actor, letter.kind, letter.sender)
        with self.host.world.post_office.handling(letter):
            pass
