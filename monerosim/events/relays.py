"""Blocks and transactions on their way from node to node, where a scenario's table ``[record]`` asks for it."""

from typing import Literal, NamedTuple, TypeAlias

from monerosim.events.event import Event

RelayKind: TypeAlias = Literal["stem", "fluff", "embargo", "block", "fetched", "unknown"]
"""Why an item was sent.

``stem``: a transaction in its stem phase. ``fluff``: a public transaction. ``embargo``: a transaction that the sender
made public itself, since it had not come back from its stem in time. ``block``: a block that joined the sender's main
chain. ``fetched``: a block or transaction that the receiver had asked for. ``unknown``: a log does not tell.
"""

StemEnd: TypeAlias = Literal["fluff", "no-stem", "loop", "embargo", "unknown"]
"""Why a stem ended.

``fluff``: its last node was in a fluff epoch. ``no-stem``: its last node had no connection for stems. ``loop``: it came
back to a node that had passed it on. ``embargo``: it got lost, and the first embargo that ended made it public.
``unknown``: a log does not tell.
"""


class Relay(NamedTuple):
    """A message with an item, from one node to another."""

    t: int
    """When it came, before it was verified, microseconds since the scenario's time zero."""
    sender: str
    receiver: str
    """The participants whose nodes these are; a sender that is nobody's is an address."""
    message: int
    """How many transactions came in the same message, this one included; 1 for a block."""


class ItemRelayed(Event, frozen=True, omit_defaults=True):
    """Nodes got a block or a transaction from peers, whether or not they had it already.

    Recorded where ``record.relays`` names sender or receiver: one event for many messages, and more than one for an
    item if they were sent at different times or for different reasons. The participant is the node that got the first
    of them, the time that of the last. :meth:`relays` has them one by one.
    """

    optional = True

    item: str
    """The hash of the block or the transaction."""
    kind: RelayKind
    nodes: tuple[str, ...]
    """The participants whose nodes sent or got it; an address in the place of a sender that is nobody's."""
    first: int
    """When the first message came, before it was verified."""
    delays: tuple[int, ...]
    """How much later each message came than the first."""
    senders: tuple[int, ...]
    """Who sent each message, as places in ``nodes``."""
    receivers: tuple[int, ...]
    """Who got each message, as places in ``nodes``."""
    messages: tuple[int, ...] = ()
    """How many transactions came in each message, this one included; empty if it was alone in all of them."""

    def relays(self) -> list[Relay]:
        """List the messages one by one."""
        alone = self.messages or (1,) * len(self.delays)
        columns = zip(self.delays, self.senders, self.receivers, alone, strict=True)
        return [Relay(self.first + delay, self.nodes[one], self.nodes[other], n) for delay, one, other, n in columns]


class TransactionStem(Event, frozen=True):
    """The stem phase of a transaction, recorded once, where ``record.stems`` names one of the nodes on its way.

    The participant is the node of the transaction's sender, the time that at which the first node made it public.
    """

    optional = True

    txid: str
    nodes: tuple[str, ...]
    """The participants whose nodes had it in its stem phase, in the order of its way, the sender's first; the last is
    where the stem ended or got lost. A node to which it came back is in it twice."""
    since: tuple[int, ...]
    """When it came to each of them, microseconds since the scenario's time zero."""
    end: StemEnd
    published_by: str
    """The participant whose node made it public first; empty if none did by the end of the run."""
