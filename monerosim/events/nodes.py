"""Nodes and their connections."""

from monerosim.events.event import Event


class ServiceReady(Event, frozen=True):
    """A daemon or wallet answered for the first time."""

    service: str
    attempts: int


class NodeSynced(Event, frozen=True):
    """A node has caught up with its peers."""

    height: int
    """Of its tip."""
    elapsed: int
    """Microseconds since the behaviour that watches it began."""


class NodeClosed(Event, frozen=True):
    """Where a node's chain stood at the end of the run."""

    height: int
    """Of the tip; the genesis block has height 0."""
    tip: str
    emitted: int = 0
    """The subsidies of the blocks of its main chain above the genesis block, atomic units."""


class NetworkChanged(Event, frozen=True):
    """An actor or the timeline has changed the network; recorded of the participant that did."""

    do: str
    """What: ``shut-down``, ``partition`` and so on."""
    who: tuple[str, ...]
    """The participants that it is for; all, if empty."""
    details: str
    """Its other keys, as in the timeline: JSON."""


class NodeCaughtUp(Event, frozen=True):
    """A node that was down, or had no connection, has the tip of its first peer again."""

    height: int
    """Of that tip."""
    elapsed: int
    """Microseconds since the node was up, or had lost its last connection."""
    peer: str


class PeerConnected(Event, frozen=True):
    """A node that dialled another is connected to it; recorded of the one that dialled."""

    peer: str
    """The participant that was dialled."""


class PeerDisconnected(Event, frozen=True):
    """A connection that a node dialled is over."""

    peer: str


TXPOOL_INTERVAL = 60
"""Seconds of the scenario's time between two looks into a txpool."""


class TxpoolRecorded(Event, frozen=True):
    """How full a node's txpool is, once a minute of the run; recorded of the nodes that ``record.txpool`` names."""

    optional = True

    transactions: int
    """Stem transactions included."""
    weight: int
    """Of all of them, bytes."""


class PeersChanged(Event, frozen=True):
    """An observer found its node with other connections than before."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    """Addresses."""
    incoming: int
    outgoing: int


class PeerLost(Event, frozen=True):
    """A node has lost a connection; sent to subscribers only, not recorded."""

    node: str
    address: str
