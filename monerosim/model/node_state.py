"""What one node is, and what its methods work on."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from monerosim.model.blockchain import Blockchain
from monerosim.model.errors import ServiceError
from monerosim.model.parameters import is_hash
from monerosim.model.records import Block, Transaction
from monerosim.model.views import View
from monerosim.network.peer_lists import PeerLists
from monerosim.network.relay import Peer
from monerosim.rpc.transport import Json

RPC_PAYMENT_FIELDS: dict[str, Json] = {"credits": 0, "top_hash": ""}
"""The fields of an answer that only a daemon paid for its RPC fills (``rpc_access_response_base``)."""

STATUS_OK: dict[str, Json] = {"status": "OK", "untrusted": False}
"""The fields of every answer that is no error (``rpc_response_base``)."""

UNLIMITED = 2**32 - 1
"""How many peers may dial a node that was not told a number (``max_in_peers`` of -1)."""


def wide(name: str, value: int) -> dict[str, Json]:
    """Return a number of up to 128 bits as monerod answers it: the low and the high half, and all in hexadecimal."""
    return {name: value % 2**64, f"{name}_top64": value >> 64, f"wide_{name}": hex(value)}


class Limits(NamedTuple):
    """How much a node connects and sends.

    Attributes:
        out_peers: Peers it dials (``P2P_DEFAULT_CONNECTIONS_COUNT``).
        in_peers: Peers that may dial it.
        up: kB/s (``default_limit_up`` in src/p2p/net_node.h).
        down: kB/s.
    """

    out_peers: int = 12
    in_peers: int = UNLIMITED
    up: int = 2048
    down: int = 8192


class Peering(Protocol):
    """The peers of nodes that find them themselves."""

    def since(self, node: int, peer: int, *, incoming: bool) -> int:
        """Return since when a node has a connection, microseconds."""

    def lists(self, node: int) -> PeerLists:
        """Return what peers a node knows."""

    def ban(self, node: int, network: int, length: int, until: int) -> None:
        """Have a node ban an address or a subnet until a time; one that is past lifts the ban."""

    def limit(self, node: int, *, out_peers: int | None = None, in_peers: int | None = None) -> None:
        """Tell a node how many connections to have."""


class NodeState:
    """One node.

    Args:
        blockchain: The run's blocks and transactions.
        index: Its index in the network.
        ready_at: When it begins to answer, microseconds.
        address: ``host:port`` where its peers reach it.

    Attributes:
        bans: Until when hosts and subnets are banned, microseconds.
        peering: Who sees to its peers; None if it has those it has, for good.
        limits: What it was told by set_limit, out_peers and in_peers.
        is_down: It was up, and does not answer.
    """

    def __init__(self, blockchain: Blockchain, index: int, *, ready_at: int, address: str) -> None:
        self.blockchain = blockchain
        self.index = index
        self.ready_at = ready_at
        self.address = address
        self.bans: dict[str, int] = {}
        self.peering: Peering | None = None
        self.limits = Limits()
        self.is_down = False
        self._others: Mapping[int, NodeState] = {}

    def meet(self, others: "Iterable[NodeState]") -> None:
        """Get to know other nodes: those that are its peers are listed as its connections while they are up."""
        self.know({**self._others, **{other.index: other for other in others}})

    def know(self, others: "Mapping[int, NodeState]") -> None:
        """Know these nodes, by their indices, and no others; all nodes of a network may share what they know."""
        self._others = others

    @property
    def is_up(self) -> bool:
        """Whether it answers."""
        return not self.is_down and self.blockchain.now() >= self.ready_at

    def view(self) -> View:
        """Return what this node sees now."""
        return self.blockchain.view(self.index)

    def accept(self, transaction: Transaction, *, relay: bool) -> str:
        """Take a transaction into this node's pool (:meth:`monerosim.model.txpool.Txpool.accept`)."""
        return self.blockchain.txpool.accept(self.view(), transaction, relay=relay)

    def other(self, index: int) -> "NodeState":
        """Return another node that it got to know, by its index."""
        return self._others[index]

    def connected(self, view: View) -> "list[tuple[Peer, NodeState]]":
        """Return the peers that are up."""
        found = ((peer, self._others.get(peer.node)) for peer in self.blockchain.network.peers(self.index))
        return [(peer, other) for peer, other in found if other is not None and view.at >= other.ready_at]

    def block_by_hash(self, wanted: str, view: View) -> Block:
        """Return a block that this node knows.

        Raises:
            ServiceError: It knows none of this hash.
        """
        if not is_hash(wanted):
            raise ServiceError(-1, f"Failed to parse hex representation of block hash. Hex = {wanted}.")
        block = self.blockchain.chain.by_id.get(bytes.fromhex(wanted))
        if block is None or not self.blockchain.views.knows(view, block):
            raise ServiceError(-5, f"Internal error: can't get block by hash. Hash = {wanted}.")
        return block

    def block_at(self, height: int, tip: Block) -> Block:
        """Return the block at a height of the chain that ends in ``tip``.

        Raises:
            ServiceError: The chain is shorter.
        """
        if height > tip.height:
            raise ServiceError(
                -2, f"Requested block height: {height} greater than current top block height: {tip.height}"
            )
        return self.blockchain.chain.at(tip, height)
