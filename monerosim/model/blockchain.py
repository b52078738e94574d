"""One run's blocks and transactions, and what each node knows of them when.

The work is done by :mod:`~monerosim.model.views` (what nodes see), :mod:`~monerosim.model.txpool` and
:mod:`~monerosim.model.mining`; here stands what they share, and what concerns several of them. Nothing happens when
nobody asks, and nothing is stored for each node and item longer than :data:`~monerosim.model.views.HORIZON` after all
nodes have the item.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b

from monerosim.model.blobs import block_parts
from monerosim.model.chain import Chain
from monerosim.model.difficulty import Difficulty
from monerosim.model.following import Following
from monerosim.model.heights import Heights
from monerosim.model.medians import BlockWeights
from monerosim.model.miners import Miners
from monerosim.model.mining import Mining
from monerosim.model.owners import Owners, notify_of_block
from monerosim.model.pool_order import PoolOrder
from monerosim.model.records import Block, Transaction, genesis
from monerosim.model.rules import Rules, Version
from monerosim.model.sightings import Sightings
from monerosim.model.start import GENESIS, Start
from monerosim.model.txpool import Txpool
from monerosim.model.views import HORIZON, P2PNetwork, View, Views
from monerosim.monero.difficulty import FUTURE_LIMIT
from monerosim.monero.serial import BlockParts, block_hash
from monerosim.monero.weights import FLOOR
from monerosim.network.propagation import NEVER
from monerosim.network.relay import Rewiring
from monerosim.runtime.clock import EPOCH
from monerosim.runtime.rng import stable_seed
from monerosim.units import SECOND

RULES = Rules()
"""What nodes go by where nothing else is said."""


class Blockchain:
    """All blocks and transactions of a run, on all nodes.

    Args:
        seed: The run's seed; hashes follow from it.
        now: Returns the time, microseconds since the run's start.
        network: Carries items to the nodes.
        difficulty: Of every block, or of the first ones where it aims at a pace.
        target: Seconds between two blocks at which the difficulty aims; None if it is fixed.
        start: Where the chain begins.
        epoch: Unix time of the run's start, seconds.
        rules: What its nodes go by.

    Attributes:
        chain: The tree of blocks.
        owners: The addresses of the run's wallets.
        sightings: Reports when nodes had an item first, and reorganisations.
        views: What each node sees of the chain.
        relay: The transactions on their way.
        txpool: The nodes' pools.
        miners: The miners in the nodes.
        mining: Makes block templates.
        on_caught_up: Called with a node that had no connection and has a peer's tip again, that peer, the height, and
            when.
        following: Which chain each node follows; None if all go by monerod's rules.
    """

    def __init__(
        self,
        *,
        seed: int,
        now: Callable[[], int],
        network: P2PNetwork,
        difficulty: int,
        target: int | None = None,
        start: Start = GENESIS,
        epoch: int = EPOCH,
        rules: Rules = RULES,
    ) -> None:
        self.rules = rules
        self.now = now
        self.network = network
        self.epoch = epoch
        medians = FLOOR if start.past is None else start.past.medians
        self.chain = Chain(genesis(start.before, medians))
        self.owners = Owners()
        self.sightings = Sightings()
        self._heights = Heights(network.height_memory)
        self.relay = network.relay_transactions(self._heights.at)
        self.on_caught_up: Callable[[int, int, int, int], None] | None = None
        self._asking: set[int] = set()
        """Nodes that ask the first peer for its pool that they are in step with."""
        self.following = None
        if not rules.all_monerods:
            self.following = Following(self.chain, rules, network.nodes, stable_seed(seed, "rules"))
        self.txpool = Txpool(
            self.chain,
            self.relay,
            self.sightings,
            nodes=network.nodes,
            lifetime=rules.pool_lifetime,
            following=self.following,
        )
        self.views = Views(self.chain, network, self.sightings, self.txpool, self.following)
        self.miners = Miners(seed)
        self.mining = Mining(
            self.chain,
            self.views,
            PoolOrder(self.txpool, rules, self._all_views),
            self.owners,
            weights=BlockWeights(self.chain, start.past, start.until),
            difficulty=Difficulty(self.chain, difficulty, target=target, until=start.until, epoch=epoch),
            start=start,
            digest=self.digest,
        )
        self.views.relay.on_in_step = self._on_in_step
        self.relay.pools = self
        self._seed = str(seed).encode()
        first = self.chain.main[0].coinbase
        self._coinbases = {first.id: first}
        self._handed: tuple[BlockParts, Block] | None = None

    def digest(self, purpose: str, *parts: bytes) -> bytes:
        """Derive 32 bytes from the seed, their purpose and ``parts``."""
        state = blake2b(purpose.encode(), digest_size=32, key=self._seed)
        for part in parts:
            state.update(len(part).to_bytes(4, "little") + part)
        return state.digest()

    def unix(self, at: int) -> int:
        """Return the unix time in seconds at a time of the run in microseconds."""
        return self.epoch + at // SECOND

    def view(self, node: int, at: int | None = None) -> View:
        """Return what a node sees, to be passed on for as long as the time and the blocks stay the same.

        Args:
            node: Its index in the network.
            at: Microseconds, at most :data:`~monerosim.model.views.HORIZON` ago; now by default.
        """
        if self.miners.at_work:
            self._mine_due()
        if at is None:
            at = self.now()
        if at >= self.views.due:
            self.settle(self.now() - HORIZON)
        return self.views.view(node, at)

    def _all_views(self) -> Iterator[View]:
        return (self.view(node) for node in range(self.network.nodes))

    def find(self, identity: bytes) -> Transaction | None:
        """Return the transaction of a hash: confirmed, on its way, or only made; None if there is none."""
        for known in (self.txpool.transactions, self.txpool.drafts, self._coinbases):
            if identity in known:
                return known[identity]
        return None

    def mine(self, node: int, parent: Block, keys: bytes, *, empty: bool = False) -> Block:
        """Find a block at a node, now, and send it to the other nodes.

        Args:
            node: The node's index in the network.
            parent: The block it follows.
            keys: The keys of the address its coinbase pays, 64 bytes.
            empty: Leave out all transactions.
        """
        self.settle(self.now() - HORIZON)
        view = self.view(node)
        return self._add(self.mining.make_block(view, parent, keys, self.unix(view.at), empty=empty))

    def _mine_due(self) -> None:
        """Let the nodes' miners find the blocks that are due by now."""
        now = self.now()
        while (found := self.miners.first_due(now)) is not None:
            node, miner = found
            self.settle(miner.due - HORIZON)
            view = self.views.view(node, miner.due)
            self._add(self.mining.make_block(view, view.tip, miner.keys, self.unix(view.at)))

    def _add(self, block: Block) -> Block:
        if self.following is not None:
            tip = self.views.view(block.node, block.found).tip
            block.uncles = self.following.uncles(block.node, tip, block.parent or tip, block.found)
        self.views.spread(block)
        self._heights.add(block)
        self.txpool.add_block(block)
        self.chain.add(block)
        self._coinbases[block.coinbase.id] = block.coinbase
        notify_of_block(block)
        self.sightings.report_found(block)
        return block

    def reconnect(self) -> None:
        """Have nodes exchange what they lack of blocks and pools, where connections were cut and are back."""
        self.views.reconnect(self.now())
        self.txpool.share([self.view(node) for node in range(self.network.nodes)])

    def rewire(self, change: Rewiring, apply: Callable[[int, Rewiring], None]) -> None:
        """Change the network, now. Ends of new connections tell their tips, and fetch what they lack.

        Args:
            change: How it changes; empty where nodes keep to themselves what they relayed, or relay it again.
            apply: Changes it (:meth:`monerosim.network.relay.RelayNetwork.rewire`, ``silence``).
        """
        now = self.now()
        self.settle(now - HORIZON)
        self.txpool.is_down = self.network.is_down
        self.views.advance(now)
        self.txpool.advance(now)
        self._asking.update(change.up)
        self.views.rewire(now, change, lambda: apply(now, change))
        self._asking.update(node for pair in change.close for node in pair if not self.network.links_from(node))

    def _on_in_step(self, node: int, peer: int, at: int) -> None:
        """Have a node that was alone ask for the pool of its first peer (``on_connection_synchronized``)."""
        link = next((link for link in self.network.links_from(node) if link.peer == peer), None)
        if node in self._asking and link is not None:
            self._asking.discard(node)
            if self.on_caught_up is not None:
                self.on_caught_up(node, peer, self.views.view(node, at).tip.height, at)
            self.relay.ask_for_pool(node, peer, at, link.latency)

    def received(self, item: bytes, node: int, at: int) -> int:
        """Return since when a transaction is in a node's pool at a time; NEVER if it is not."""
        transaction = self.txpool.transactions.get(item)
        return NEVER if transaction is None else self.txpool.pooled_since(self.views.view(node, at), transaction)

    def forks(self, node: int) -> dict[int, int]:
        """Return the heights of the scenario's hard forks that a node knows of, by the versions of blocks."""
        return {} if self.following is None else self.following.forks(node)

    def upgrade(self, node: int, version: Version) -> None:
        """Have a node run another version of monerod, now.

        It drops the blocks of its chain that this version refuses (``Blockchain::init``), and fetches others.
        """
        self.settle(self.now() - HORIZON)
        view = self.view(node)
        self.rules.upgrade(node, version)
        self.network.upgrade(node, version)
        if self.following is None:
            return
        self.following.upgrade(node)
        valid = view.tip
        while valid.parent is not None and not self.following.accepts(node, valid):
            valid = valid.parent
        self.views.take_off(view, valid)
        self.txpool.reopen(valid)

    def submit(self, node: int, parts: BlockParts) -> bool:
        """Hand a whole block to a node, now (``core::handle_block_found``).

        The node relays it if it joins the main chain. One whose parent the node does not know is dropped, one that the
        node has already changes nothing.

        Returns:
            Whether the node has nothing against it.
        """
        self.settle(self.now() - HORIZON)
        view, known = self.view(node), self._same(parts)
        if known is not None and self.views.knows(view, known):
            return True
        chosen = [self.find(identity) for identity in parts.hashes]
        carried = tuple(one for one in chosen if one is not None and self.txpool.contains(view, one))
        if len(carried) != len(chosen):
            return False
        parent = self.chain.by_id.get(parts.parent)
        if parent is None or not self.views.knows(view, parent):
            return True
        if known is not None:
            self.views.hand(view, known)
            return True
        block = self.mining.submitted(view, parent, parts, carried) if self._is_timely(view, parent, parts) else None
        if block is not None:
            self._add(block)
        return block is not None

    def pop(self, node: int, count: int) -> Block:
        """Have a node forget the last blocks of its chain, now (``Blockchain::pop_blocks``); return its new tip."""
        view = self.view(node)
        tip = self.chain.at(view.tip, max(view.tip.height - count, 0))
        if tip is not view.tip:
            self.views.take_off(view, tip)
            self.txpool.reopen(tip)
        return tip

    def _same(self, parts: BlockParts) -> Block | None:
        """Return the block that consists of some parts, None if there is none yet."""
        if self._handed is not None and self._handed[0] == parts:
            # Whoever hands a block in does so at many nodes.
            return self._handed[1]
        found = self.chain.by_id.get(block_hash(parts)) or self._likeness(parts)
        self._handed = None if found is None else (parts, found)
        return found

    def _likeness(self, parts: BlockParts) -> Block | None:
        """Return the block that a node made and that looks like some parts."""
        height, tip = parts.coinbase.height, self.chain.main[-1]
        there = [block for block in self.chain.off(tip) if block.height == height]
        return next((one for one in (*self.chain.main[height : height + 1], *there) if block_parts(one) == parts), None)

    def _is_timely(self, view: View, parent: Block, parts: BlockParts) -> bool:
        """Return whether a block's timestamp is allowed (``Blockchain::check_block_timestamp``)."""
        if parts.timestamp > self.unix(view.at) + FUTURE_LIMIT:
            return False
        return parts.timestamp >= self.mining.earliest(parent)

    def settle(self, until: int) -> None:
        """Settle what nodes saw up to a time; views before it cannot be asked for any more.

        Args:
            until: Microseconds.
        """
        known = min(until + HORIZON, self.now())
        self.views.advance(known)
        self.txpool.advance(known)
        if self.views.settle(until):
            self.txpool.settle(self.views.common_block(), until)

    def finish(self, at: int) -> None:
        """Settle the end of the run, and report what is still on its way."""
        self.settle(at)
        self.views.finish(at)
        self.txpool.finish(at)
