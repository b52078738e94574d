"""Blocks and transactions on their way from node to node, where a scenario's table ``[record]`` asks for it."""

from typing import Literal, TypeAlias

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


class Relayed(Event, frozen=True):
    """A node got a block or a transaction from a peer, whether or not it had it already.

    The participant is the node that got it, the time that of its arrival, before it is verified. Recorded where
    ``record.relays`` names sender or receiver. Items that came in one message have an event each.
    """

    optional = True

    item: str
    """The hash of the block or the transaction."""
    sender: str
    """The participant whose node sent it; an address where it is nobody's."""
    kind: RelayKind
    message: int
    """How many transactions came in the same message, this one included; 1 for a block."""


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
