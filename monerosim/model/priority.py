"""The priority of a payment that names none (``adjust_priority`` in src/wallet/wallet2.cpp)."""

from monerosim.model.blockchain import Blockchain
from monerosim.model.views import View

LOWEST, NORMAL = 1, 2

ADJUSTED_SINCE = (0, 18, 3, 3)
"""The version of Monero from which on a wallet leaves the lowest priority when blocks are full. Before, it meant to and
paid the lowest fee all the same."""

GRACE_BLOCKS = 10
"""Blocks for which a wallet's fee is to be enough (``FEE_ESTIMATE_GRACE_BLOCKS``)."""

_BLOCKS = 10
_FULL = 80
"""Percent of the penalty-free weight that the last ten blocks may fill."""


def automatic_priority(blockchain: Blockchain, view: View) -> int:
    """Return the priority that a wallet chooses, 1 or 2.

    It is 2 if the node's pool has a block's worth of transactions that pay the lowest fee or more, or if the last ten
    blocks are more than 80 % full.
    """
    tip = view.tip
    if blockchain.rules.version(view.node) < ADJUSTED_SINCE:
        return LOWEST
    lowest, zone = blockchain.mining.weights.fees(tip, GRACE_BLOCKS)[0], tip.medians.effective
    waiting = (entry.weight for entry in blockchain.txpool.contents(view) if entry.fee / entry.weight >= lowest)
    if sum(waiting) >= zone:
        return NORMAL
    recent = blockchain.chain.recent(tip, _BLOCKS)
    if len(recent) < _BLOCKS:
        return LOWEST
    return NORMAL if 100 * sum(block.weight for block in recent) // (_BLOCKS * zone) > _FULL else LOWEST
