"""What an embedded run records of its nodes by itself: what blocks contain, and how full txpools are."""

from collections.abc import Callable, Mapping

from monerosim.events import TXPOOL_INTERVAL, BlockContents, Record, TxpoolRecorded
from monerosim.model import Blockchain, WalletServer
from monerosim.model.records import Block, Owner
from monerosim.plan.plan import Plan
from monerosim.runtime.runtime import Runtime
from monerosim.units import SECOND

_INTERVAL = TXPOOL_INTERVAL * SECOND


class NodeRecorder:
    """Looks at the model, and never at its services: what actors see does not depend on what is recorded.

    Args:
        plan: The run's plan.
        blockchain: The model.
        wallets: The modelled wallets of each participant.
        record: Takes the records.
    """

    def __init__(
        self,
        plan: Plan,
        blockchain: Blockchain,
        wallets: Mapping[str, WalletServer],
        record: Callable[[Record], None],
    ) -> None:
        self._blockchain = blockchain
        self._wallets = wallets
        self._record = record
        self._time_zero = plan.time_zero
        self._nodes = [host.name for host in plan.hosts if host.node is not None]
        chosen = set(plan.record.txpool)
        self._txpools = [
            (index, host.name, host.node.start + host.node.ready_after)
            for index, host in enumerate(it for it in plan.hosts if it.node is not None)
            if host.node is not None and host.name in chosen
        ]
        self._owners: dict[Owner, str] = {}
        blockchain.sightings.on_found.append(self._record_block)

    def watch(self, runtime: Runtime) -> None:
        """Look into txpools at every whole minute of the scenario's time, if the plan names any."""
        if not self._txpools:
            return

        def look(at: int) -> None:
            self._record_txpools(at)
            runtime.call_at(at + _INTERVAL, lambda: look(at + _INTERVAL))

        first = self._time_zero % _INTERVAL
        runtime.call_at(first, lambda: look(first))

    def _record_txpools(self, now: int) -> None:
        for index, name, ready in self._txpools:
            if ready <= now:
                pool = list(self._blockchain.txpool.contents(self._blockchain.views.view(index, now)))
                event = TxpoolRecorded(len(pool), sum(transaction.weight for transaction in pool))
                self._record(Record(now - self._time_zero, name, "engine", "", event))

    def _record_block(self, block: Block) -> None:
        parent, node = block.parent, self._nodes[block.node]
        if parent is None:
            return
        event = BlockContents(
            hash=block.id.hex(),
            height=block.height,
            previous=parent.id.hex(),
            node=node,
            miner=self._paid(block),
            transactions=tuple(transaction.id.hex() for transaction in block.transactions),
            reward=block.reward,
            timestamp=block.timestamp,
            weight=block.weight,
            long_term_weight=block.long_term_weight,
            fees=block.fees - parent.fees,
            difficulty=block.difficulty,
            cumulative_difficulty=block.cumulative_difficulty,
        )
        self._record(Record(block.found - self._time_zero, node, "engine", "", event))

    def _paid(self, block: Block) -> str:
        holder = block.coinbase.outputs[0].holder
        if holder is None:
            return ""
        if holder.owner not in self._owners:
            self._owners = {wallet.owner: name for name, server in self._wallets.items() for wallet in server.wallets}
        return self._owners.get(holder.owner, "")
