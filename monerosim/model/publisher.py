"""What monerod publishes by ZMQ (``--zmq-pub``; src/rpc/zmq_pub.cpp): blocks of the main chain, and transactions.

Needs the package pyzmq, which monerosim is installed with as ``monerosim[zmq]``.
"""

from collections.abc import Iterable

import msgspec
import zmq

from monerosim.model.blobs import blob_size
from monerosim.model.blockchain import Blockchain
from monerosim.model.records import Block, Transaction
from monerosim.model.server import LOOPBACK
from monerosim.rpc.transport import Json

CHAIN = b"json-minimal-chain_main:"
"""What a message of a block begins with."""

TXPOOL = b"json-minimal-txpool_add:"
"""What a message of a transaction begins with."""


class Publisher:
    """Publishes what a node sees, whenever it is asked to look: transactions first, then blocks, in chain order.

    Args:
        blockchain: The run's blocks and transactions.
        node: The node's index in the network.
        port: Where it listens; 0 to choose a free port.

    Attributes:
        endpoint: Where it listens, ``tcp://address:port``.

    Raises:
        OSError: The port is taken; the message names it.
    """

    def __init__(self, blockchain: Blockchain, node: int, port: int) -> None:
        self._blockchain = blockchain
        self._node = node
        self._tip = blockchain.view(node).tip
        self._told: set[Transaction] = set()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        # A subscriber that does not read misses messages; nobody waits for it when this ends.
        self._socket.linger = 0
        try:
            self._socket.bind(f"tcp://{LOOPBACK}:{port or '*'}")
        except zmq.ZMQError as error:
            self.close()
            raise OSError(error.errno, f"port {port} of {LOOPBACK}: {error.strerror}") from error
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def publish(self) -> None:
        """Publish what has changed since the last time."""
        view = self._blockchain.view(self._node)
        chain, before = self._blockchain.chain, self._tip
        blocks: list[Block] = []
        if view.tip is not before:
            fork = chain.fork(before, view.tip)
            blocks = [chain.at(view.tip, height) for height in range(fork.height + 1, view.tip.height + 1)]
            self._tip = view.tip
        self._publish_transactions(transaction for block in blocks for transaction in block.transactions)
        for block in blocks:
            self._send(CHAIN, _chain_main(block))
        self._publish_transactions(self._blockchain.txpool.contents(view))

    def _publish_transactions(self, transactions: Iterable[Transaction]) -> None:
        """Publish those of the transactions that were not published before: each is once."""
        for transaction in transactions:
            if transaction not in self._told:
                self._told.add(transaction)
                self._send(TXPOOL, [_txpool_add(transaction)])

    def _send(self, topic: bytes, content: Json) -> None:
        self._socket.send(topic + msgspec.json.encode(content))

    def close(self) -> None:
        """Close the port."""
        self._socket.close()
        self._context.term()


def _chain_main(block: Block) -> Json:
    previous = bytes(32) if block.parent is None else block.parent.id
    return {"first_height": block.height, "first_prev_id": previous.hex(), "ids": [block.id.hex()]}


def _txpool_add(transaction: Transaction) -> Json:
    return {
        "id": transaction.id.hex(),
        "blob_size": blob_size(transaction),
        "weight": transaction.weight,
        "fee": transaction.fee,
    }
