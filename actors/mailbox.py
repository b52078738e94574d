"""The mailbox: letters from and to the actors of other hosts."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from monerosim.mailbox.post import Letter
from monerosim.observe.events import Record
from monerosim.runtime.actor import Actor, handles
from monerosim.runtime.message import Delivery, Happened, Message

EVENT = "event"
"""The kind of letter that brings an event of another host; its actor gets it as it gets its own host's."""


class Post(Message[None], frozen=True):
    """Send a letter to an actor of another host.

    Raises:
        UnknownHostError: There is no such host.
    """

    recipient: str
    actor: str
    kind: str
    data: Mapping[str, object]


class Mail(Message[None], frozen=True):
    """A letter from another host has come; behaviours that expect letters handle it."""

    waits: ClassVar[bool] = True
    sender: str
    kind: str
    data: Mapping[str, object]


class Arrived(Message[None], frozen=True):
    """The post office hands over a letter."""

    letter: Letter


class Mailbox(Actor):
    """Sends and receives the letters of a host.

    Args:
        host: The host.
        name: ``mailbox``.
    """

    def begin(self) -> None:
        """Have letters delivered from now on."""
        self._numbers = self.host.world.post_office.numbers(self.host.name)
        reference = self.actor_ref

        def take(letter: Letter) -> bool:
            if reference.is_alive():
                reference.tell(Arrived(letter))
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
        self.cause = letter.cause
        post_office = self.host.world.post_office
        actor = self.host.actors.get(letter.actor)
        message = self._open(letter)
        if message is None:
            post_office.handled(letter)
            return
        if actor is None or not actor.is_alive() or not actor.actor_class.understands(type(message)):
            self.log.warning("no actor {!r} takes the {} from {}", letter.actor, letter.kind, letter.sender)
            post_office.handled(letter)
            return
        identifier = f"{letter.sender}/mailbox@{letter.number}"
        actor.tell(Delivery(message, identifier, letter.cause, lambda: post_office.handled(letter)))
        self.log.debug("handed {} from {} to {}", letter.kind, letter.sender, letter.actor)

    def _open(self, letter: Letter) -> Message[Any] | None:
        if letter.kind != EVENT:
            return Mail(letter.sender, letter.kind, letter.data)
        try:
            return Happened(msgspec.convert(letter.data, Record))
        except msgspec.ValidationError as error:
            self.log.warning("{} sent an event that is none: {}", letter.sender, error)
            return None
