"""A network as small and as plain as can be, for the model."""

import numpy as np

from monerosim.network.relay import LinkTo
from monerosim.testing.network import DirectTransactions
from monerosim.units import SECOND


class Line:
    """Nodes in a row: an item takes ``delay`` microseconds from one to the next, and a transaction is no stem."""

    height_memory = 0
    uplinks = None

    def __init__(self, nodes: int, delay: int) -> None:
        self.nodes = nodes
        self.delay = delay

    def block_arrivals(self, _item, origin, released, _weight):
        return released + self.delay * np.abs(np.arange(self.nodes, dtype=np.int64) - origin)

    def block_hops(self, _item, _weight):
        return np.full(2 * self.nodes, self.delay, dtype=np.int64)

    def block_verification(self, _item):
        return np.zeros(self.nodes, dtype=np.int64)

    def request_waits(self, _place, count):
        return np.where(count > 0, 2 * self.delay, 0)

    def uplink_waits(self, _node, _at, _item, _weight, links):
        return [0] * len(links)

    def links_from(self, node):
        ends = ((node - 1, 2 * node), (node + 1, 2 * node + 1))
        return [LinkTo(peer, index, self.delay) for peer, index in ends if 0 <= peer < self.nodes]

    def ready(self, _node):
        return 0

    def is_down(self, _node):
        return False

    def keeps_blocks(self, _node, _item):
        return False

    def is_kept(self, _item):
        return False

    def next_timed_sync(self, _node, after):
        return (after // (60 * SECOND) + 1) * 60 * SECOND

    def peers(self, _node):
        return []

    def upgrade(self, _node, _version):
        pass

    def relay_transactions(self, _height_at):
        return DirectTransactions(self.block_arrivals)
