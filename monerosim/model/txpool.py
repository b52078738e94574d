"""The nodes' txpools: transactions on their way, when each node has them, and which of them conflict.

The transactions on their way are followed as far as somebody asks; what is in a node's pool at a time follows from
their arrivals, from the chain the node follows, and from what else spends the same outputs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.model import owners
from monerosim.model.chain import Chain
from monerosim.model.following import Following
from monerosim.model.records import ArrivalTimes, Block, Output, Transaction
from monerosim.model.rules import POOL_LIFETIME
from monerosim.model.sightings import Sightings
from monerosim.model.views import View
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import least_fee
from monerosim.network.flight import Flight, Transactions
from monerosim.network.propagation import NEVER

UNSPENT, SPENT_IN_BLOCKCHAIN, SPENT_IN_POOL = 0, 1, 2
"""What a node knows of a key image (``COMMAND_RPC_IS_KEY_IMAGE_SPENT`` in src/rpc/core_rpc_server_commands_defs.h)."""


class Txpool:
    """The pools of all nodes.

    Args:
        chain: All blocks of the run.
        relay: What carries transactions to the nodes.
        sightings: Where arrivals are reported.
        nodes: How many nodes there are.
        lifetime: How long a transaction stays in a node's pool, microseconds.
        following: Which chain each node follows; None if all go by monerod's rules.

    Attributes:
        transactions: All transactions that were handed to a node, by hash.
        drafts: Those that a wallet made and kept, by hash.
        is_down: Returns whether a node is down that was up.
        on_released: Called when a transaction was handed to a node.
        weight: The weights of all transactions that are on their way or in pools, bytes.
    """

    def __init__(
        self,
        chain: Chain,
        relay: Transactions,
        sightings: Sightings,
        *,
        nodes: int,
        lifetime: int = POOL_LIFETIME,
        following: Following | None = None,
    ) -> None:
        self._following = following
        self.lifetime = lifetime
        self.transactions: dict[bytes, Transaction] = {}
        self.drafts: dict[bytes, Transaction] = {}
        self.is_down: Callable[[int], bool] = lambda _node: False
        self.on_released: Callable[[], None] = lambda: None
        self.weight = 0
        self._deferred: list[Transaction] = []
        """What is settled but for the node that sent it, which is down."""
        self._chain = chain
        self._nodes = nodes
        self._relay = relay
        self._sightings = sightings
        self._unsettled: dict[Transaction, None] = {}
        self._spent: dict[bytes, Output] = {}
        self._settled_tip = chain.main[0]

    def accept(self, view: View, transaction: Transaction, *, relay: bool) -> str:
        """Hand a transaction to a node, which passes it on if ``relay`` (``tx_memory_pool::add_tx``).

        Returns:
            Why the node refuses it, as a field of send_raw_transaction's answer; empty if it takes or has it.
        """
        if self.knows(view, transaction):
            if relay and not transaction.relayed:
                self._release(view, transaction, relay=True)
            return ""
        for output in transaction.inputs:
            if self._chain.spent(view.tip, output):
                return "double_spend"
            for other in output.spenders:
                if other is not transaction and self.contains(view, other):
                    other.double_spend_seen = True
                    return "double_spend"
            if not self._chain.spendable(view.tip, output):
                return "invalid_input"
        refused = ""
        if self._is_outdated(view, transaction):
            refused = "invalid_output"
        elif transaction.fee < least_fee(transaction.weight, base_reward(view.tip.generated), *view.tip.medians):
            refused = "fee_too_low"
        else:
            self._release(view, transaction, relay=relay)
        return refused

    def flush(self, view: View, transaction: Transaction) -> None:
        """Remove a transaction from a node's pool; the node has it again with a block, or when it is handed it."""
        if transaction.flight is not None:
            self._relay.drop(transaction.flight, view.node)

    def _release(self, view: View, transaction: Transaction, *, relay: bool) -> None:
        if transaction.relayed and transaction in self._unsettled and transaction.flight is not None:
            self._relay.advance(view.at)
            self._relay.release_again(transaction.flight, view.node, view.at)
            return
        transaction.node, transaction.released, transaction.relayed = view.node, view.at, relay
        if relay:
            self._relay.advance(view.at)
            transaction.flight = self._relay.release(
                transaction.id, view.node, view.at, transaction.weight, transaction.format.slower
            )
        else:
            arrivals = np.full(self._nodes, NEVER, dtype=np.int64)
            arrivals[view.node] = view.at
            transaction.flight = Flight.known(transaction.id, arrivals)
        self.drafts.pop(transaction.id, None)
        if transaction.id not in self.transactions:
            self.transactions[transaction.id] = transaction
            for output in transaction.inputs:
                for rival in output.spenders:
                    rival.conflicted = transaction.conflicted = True
                output.spenders.append(transaction)
                self._spent[output.key_image] = output
        self._add(transaction)
        self.on_released()

    def _add(self, transaction: Transaction) -> None:
        if transaction not in self._unsettled:
            self.weight += transaction.weight
        self._unsettled[transaction] = None
        owners.announce(transaction)

    def share(self, views: Sequence[View]) -> None:
        """Hand each node the transactions of the pools that it lacks (``NOTIFY_GET_TXPOOL_COMPLEMENT``).

        Args:
            views: What the nodes see now, where connections were cut and are back.
        """
        for transaction in list(self._unsettled):
            if transaction.relayed and any(self.contains(view, transaction) for view in views):
                for view in views:
                    if not self.knows(view, transaction):
                        self.accept(view, transaction, relay=True)

    def advance(self, until: int) -> None:
        """Let the transactions go on their ways up to a time, microseconds."""
        self._relay.advance(until)

    def lacking(self, block: Block, nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return of how many of a block's transactions nodes have to be sent the data.

        Those in their stem phase are sent, too (``relay_category::broadcasted`` in ``handle_notify_new_fluffy_block``).

        Args:
            block: The block.
            nodes: The nodes, shape ``(nodes,)``.
            at: When each of them gets it, microseconds; :meth:`advance` has been called for it.
        """
        flights = [flight for flight in _flights(block) if flight.everywhere_at == NEVER]
        followed = [flight for flight in flights if flight.arrivals is None]
        lacking = np.zeros(len(nodes), dtype=np.int64)
        if followed:
            lacking += np.count_nonzero(self._relay.lacking(followed, nodes, at), axis=0)
        for flight in flights:
            if flight.arrivals is not None:
                lacking += flight.arrivals[nodes] > at
        return lacking

    def everywhere(self, block: Block) -> bool:
        """Return whether all nodes have all of a block's transactions."""
        return all(flight.everywhere_at < NEVER for flight in _flights(block))

    def _since(self, transaction: Transaction, node: int) -> int:
        """Return since when a node has a transaction by itself, NEVER if it has not."""
        return NEVER if transaction.flight is None else self._relay.since(transaction.flight, node)

    def _arrived(self, view: View, transaction: Transaction) -> bool:
        """Return whether a node has received a transaction that is on its way."""
        self._relay.advance(view.at)
        return self._since(transaction, view.node) <= view.at

    def received_at(self, view: View, transaction: Transaction) -> int:
        """Return when a node received a transaction that is in its pool, microseconds."""
        if transaction.flight is None:
            return transaction.released
        return max(self._since(transaction, view.node), 0)

    def public_since(self, view: View, transaction: Transaction) -> int:
        """Return since when a transaction in a node's pool is public there, microseconds; NEVER if it is not."""
        if transaction.flight is None:
            return transaction.released
        return max(self._relay.public_since(transaction.flight, view.node), 0)

    def is_put_back(self, transaction: Transaction) -> bool:
        """Return whether a transaction is in pools because its block left the chain (``kept_by_block``)."""
        return transaction.flight is not None and transaction.flight.everywhere_at < 0

    def pooled_since(self, view: View, transaction: Transaction) -> int:
        """Return since when a transaction is in a node's pool, of late, NEVER if it is not.

        One whose block left the node's chain is there since the node left that branch.
        """
        if not self.contains(view, transaction):
            return NEVER
        since = self.received_at(view, transaction)
        for block in transaction.blocks:
            if block.arrival_times is not None and block.arrival_times.item(view.node) <= view.at:
                above = self._chain.fork(view.tip, block).height + 1
                if above <= view.tip.height:
                    arrivals = self._chain.at(view.tip, above).arrival_times
                    since = since if arrivals is None else max(since, arrivals.item(view.node))
        return since

    def is_expired(self, view: View, transaction: Transaction) -> bool:
        """Return whether a node has dropped a transaction because it was too long in its pool.

        One whose block left the chain stays (in monerod a week, ``CRYPTONOTE_MEMPOOL_TX_FROM_ALT_BLOCK_LIVETIME``).
        """
        if view.at - transaction.released <= self.lifetime or self.is_put_back(transaction):
            return False
        return view.at - self.received_at(view, transaction) > self.lifetime

    def _is_outdated(self, view: View, transaction: Transaction) -> bool:
        """Return whether the next block by a node's rules cannot have transactions of such a format."""
        if self._following is None:
            return False
        return transaction.format is not self._following.format(view.node, view.tip.height + 1)

    def contents(self, view: View) -> Iterator[Transaction]:
        """List a node's pool, in the order of release."""
        return (transaction for transaction in list(self._unsettled) if self.contains(view, transaction))

    def contains(self, view: View, transaction: Transaction) -> bool:
        """Return whether a transaction is in a node's pool.

        It is if the node has received it, not too long ago, does not have it on its chain, and neither has on its chain
        nor received earlier another one that spends the same output.
        """
        if transaction not in self._unsettled or not self._arrived(view, transaction):
            return False
        if self.is_expired(view, transaction) or self._is_outdated(view, transaction):
            return False
        if transaction.blocks and self._chain.block_of(view.tip, transaction) is not None:
            return False
        return not transaction.conflicted or not any(
            self._refused(view, transaction, rival)
            for output in transaction.inputs
            for rival in output.spenders
            if rival is not transaction
        )

    def _refused(self, view: View, transaction: Transaction, rival: Transaction) -> bool:
        """Return whether a node refuses a transaction it has received because of one that spends the same output."""
        if self._chain.block_of(view.tip, rival) is not None:
            return True
        if rival not in self._unsettled or not self._arrived(view, rival):
            return False
        received, earlier = self._since(transaction, view.node), self._since(rival, view.node)
        return received - self.lifetime <= earlier and (earlier, rival.id) < (received, transaction.id)

    def knows(self, view: View, transaction: Transaction) -> bool:
        """Return whether a node has a transaction, in its pool or on its chain."""
        return transaction.id in self.transactions and (
            self._chain.block_of(view.tip, transaction) is not None or self.contains(view, transaction)
        )

    def key_image_status(self, view: View, image: bytes) -> int:
        """Return what a node knows of a key image: :data:`UNSPENT` or where it is spent."""
        output = self._spent.get(image)
        if output is None:
            return UNSPENT
        if self._chain.spent(view.tip, output):
            return SPENT_IN_BLOCKCHAIN
        return SPENT_IN_POOL if any(self.contains(view, spender) for spender in output.spenders) else UNSPENT

    def add_block(self, block: Block) -> None:
        """Take in a block that was found: whoever has it has its transactions.

        Where it leaves the chain below what was settled, the transactions it leaves out are on their way again.
        """
        if block.parent is not None:
            self.reopen(block.parent)
        if block.arrival_times is not None:
            for transaction in block.transactions:
                transaction.mined_arrivals.append(block.arrival_times)

    def reopen(self, tip: Block) -> None:
        """Take in that a node may follow a chain that ends in ``tip``: what that leaves out is on its way again."""
        if not self._chain.contains(tip, self._settled_tip):
            self._settled_tip = self._put_back(tip)

    def _put_back(self, branch: Block) -> Block:
        """Put back into the pools what was settled above the point where a branch leaves; return that point."""
        fork = self._chain.fork(branch, self._settled_tip)
        step = self._settled_tip
        while step is not fork and step.parent is not None:
            for transaction in step.transactions:
                if transaction not in self._unsettled:
                    transaction.flight = Flight.known(transaction.id, np.full(self._nodes, -1, dtype=np.int64))
                    self._add(transaction)
            step = step.parent
        return fork

    def settle(self, common: Block, until: int) -> None:
        """Forget the transactions of blocks that all nodes follow, and those that these rule out.

        Args:
            common: The last block that all nodes follow.
            until: The time up to which that is so, microseconds.
        """
        if common.height <= self._settled_tip.height:
            return
        deferred, self._deferred = self._deferred, []
        for transaction in deferred:
            self._settle(transaction, until)
        for height in range(self._settled_tip.height + 1, common.height + 1):
            for transaction in self._chain.at(common, height).transactions:
                self._settle(transaction, until)
        self._settled_tip = common

    def _settle(self, transaction: Transaction, until: int) -> None:
        rivals = transaction.rivals()
        self._report(rivals, until)
        if self.is_down(transaction.node):
            # Its wallet finds it in that node's pool as soon as the node is up, and before that has caught up.
            self._deferred.append(transaction)
            return
        for rival in rivals:
            if rival in self._unsettled:
                del self._unsettled[rival]
                self.weight -= rival.weight
            if rival.flight is not None:
                self._relay.land(rival.flight)
            rival.flight = None
            rival.mined_arrivals.clear()
            owners.forget(rival)

    def finish(self, at: int) -> None:
        """Report the transactions that are on their way when the run ends."""
        self._report(self._unsettled, at)

    def _report(self, transactions: Iterable[Transaction], until: int) -> None:
        """Report transactions with all their rivals."""
        self._relay.advance(until)
        for transaction in [it for it in transactions if it in self._unsettled]:
            self._sightings.report_transaction(transaction, self._first_seen, until)

    def _first_seen(self, transaction: Transaction) -> ArrivalTimes:
        """Return when each node had a transaction, by itself or with a block."""
        if transaction.flight is None:
            seen = np.full(self._nodes, NEVER, dtype=np.int64)
        else:
            seen = self._relay.arrivals(transaction.flight)
        for mined in transaction.mined_arrivals:
            seen = np.minimum(seen, mined)
        return seen


def _flights(block: Block) -> list[Flight]:
    return [transaction.flight for transaction in block.transactions if transaction.flight is not None]
