"""A chain examined block by block: whether anything is spent twice, and whether its coins add up."""

from collections.abc import Iterator

from monerosim.monero.emission import base_reward
from monerosim.monero.fees import PENALTY_FREE_WEIGHT
from monerosim.rpc.node import BlockHeader, NodeRpc
from monerosim.units import format_amount

_HEADERS = 500
_TRANSACTIONS = 100
"""How many are asked for in one call."""


class ChainAudit:
    """What was found in the blocks of a chain so far; each is looked at once, and genesis is taken as it is.

    Args:
        supply: The coins that there are before the first block after genesis, atomic units.

    Attributes:
        height: The highest block that was looked at.
        hash: Its hash.
    """

    def __init__(self, supply: int) -> None:
        self.height = 0
        self.hash = ""
        self._supply = supply
        self._subsidies = 0
        """What all blocks are allowed to create, atomic units."""
        self._paid = 0
        """What all blocks pay their miners, atomic units."""
        self._blocks: dict[str, int] = {}
        """The heights of transactions."""
        self._spenders: dict[str, str] = {}
        """The transactions that spend outputs, by the outputs' key images."""

    @property
    def transactions(self) -> int:
        """How many transactions the chain has, without coinbases."""
        return len(self._blocks)

    def go_on(self, node: NodeRpc, top: int) -> Iterator[str]:
        """Look at the blocks up to a height, and yield a sentence for each thing that is wrong.

        Raises:
            RpcError: The node does not answer.
        """
        if top <= self.height:
            return
        while self.height < top:
            for header in node.get_block_headers_range(self.height + 1, min(top, self.height + _HEADERS)):
                yield from self._count(node, header)
                if header.num_txes:
                    yield from self._look_for_double_spends(node, header)
                self.height, self.hash = header.height, header.hash
        yield from self._add_up(node)

    def _count(self, node: NodeRpc, header: BlockHeader) -> Iterator[str]:
        """Add a block's coins."""
        allowed = base_reward(self._supply)
        if header.block_weight > PENALTY_FREE_WEIGHT:
            # How much less a heavy block may create depends on the weights of many before it.
            created = node.get_emission(header.height, 1)
            if created > allowed:
                told = f"{format_amount(created)}, where {format_amount(allowed)} is allowed"
                yield f"block {header.height} creates {told}"
            allowed = created
        self._supply += allowed
        self._subsidies += allowed
        self._paid += header.reward

    def _look_for_double_spends(self, node: NodeRpc, header: BlockHeader) -> Iterator[str]:
        hashes = node.get_block(header.hash).tx_hashes
        for txid in hashes:
            if txid in self._blocks:
                yield f"transaction {txid} is in block {header.height} and in block {self._blocks[txid]} before"
            self._blocks[txid] = header.height
        for start in range(0, len(hashes), _TRANSACTIONS):
            for txid, images in node.get_key_images(hashes[start : start + _TRANSACTIONS]).items():
                for image in images:
                    spender = self._spenders.setdefault(image, txid)
                    if spender != txid:
                        yield f"transactions {spender} and {txid} of the chain spend the same output, {image}"

    def _add_up(self, node: NodeRpc) -> Iterator[str]:
        created, fees = node.get_emission(1, self.height), node.get_fees(1, self.height)
        told = f"the {self.height} blocks of the chain"
        if created != self._subsidies:
            yield f"{told} create {format_amount(created)}, where {format_amount(self._subsidies)} is right"
        if self._paid != created + fees:
            right = format_amount(created + fees)
            yield f"{told} pay {format_amount(self._paid)}, where subsidies and fees are {right}"
