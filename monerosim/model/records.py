"""Blocks, transactions and outputs as the model keeps them."""

from collections.abc import Hashable
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim.monero.emission import GENESIS_REWARD

GENESIS_ID = bytes.fromhex("418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3")
GENESIS_COINBASE_ID = bytes.fromhex("c88ce9783b4f11190d7b9c17a69c1c52200f9faaee8e98dd07e6811175177139")


class Holder(NamedTuple):
    """Whose an address is."""

    ledger: Hashable
    account: int
    minor: int


class Output:
    """An output of a transaction.

    Attributes:
        transaction: Where it was made.
        index: Its place there.
        keys: The public spend and view key it pays to, 64 bytes.
        amount: Atomic units.
        holder: The wallet that owns it; None where it is nobody's of this run.
        spenders: The transactions that spend it: more than one where somebody tries to spend it twice.
    """

    __slots__ = ("amount", "holder", "index", "keys", "spenders", "transaction")

    def __init__(self, transaction: "Transaction", index: int, keys: bytes, amount: int, holder: Holder | None) -> None:
        self.transaction = transaction
        self.index = index
        self.keys = keys
        self.amount = amount
        self.holder = holder
        self.spenders: list[Transaction] = []

    def _derived(self, person: bytes) -> bytes:
        place = self.transaction.id + self.index.to_bytes(4, "little")
        return blake2b(place, digest_size=32, person=person).digest()

    @property
    def key_image(self) -> bytes:
        """What marks it as spent on the chain."""
        return self._derived(b"key image")

    @property
    def public_key(self) -> bytes:
        """Its one-time key."""
        return self._derived(b"one-time key")


class Transaction:
    """A transaction, coinbases included.

    Attributes:
        id: Its hash.
        inputs: The outputs it spends; none in a coinbase.
        fee: Atomic units.
        weight: Bytes, with the surcharge for range proofs.
        payment_id: 16 hexadecimal digits, or empty.
        node: The node it was handed to, -1 before.
        released: When, microseconds.
        relayed: False while the node was told to keep it to itself.
        arrivals: When each node has it, microseconds; None before somebody asks, and again when it is settled.
        everywhere: When the last node that gets it has it; -1 where that was settled, and its block left the chain.
        mined: When each node has the first block it is in, as ``arrivals``; None while it is in none, and when it is
            settled.
        blocks: The blocks it is in, on whichever branch.
        double_spend_seen: Somebody tried to spend one of its inputs again.
        contested: Another released transaction spends one of its inputs.
    """

    __slots__ = (
        "arrivals",
        "blocks",
        "contested",
        "double_spend_seen",
        "everywhere",
        "fee",
        "id",
        "inputs",
        "mined",
        "node",
        "outputs",
        "payment_id",
        "relayed",
        "released",
        "weight",
    )

    def __init__(self, identity: bytes, inputs: tuple[Output, ...], fee: int, weight: int, payment_id: str) -> None:
        self.id = identity
        self.inputs = inputs
        self.outputs: tuple[Output, ...] = ()
        self.fee = fee
        self.weight = weight
        self.payment_id = payment_id
        self.node = -1
        self.released = 0
        self.relayed = False
        self.arrivals: NDArray[np.int64] | None = None
        self.everywhere = 0
        self.mined: NDArray[np.int64] | None = None
        self.blocks: list[Block] = []
        self.double_spend_seen = False
        self.contested = False


class Touch:
    """What a block holds for one wallet."""

    __slots__ = ("received", "spent", "transactions")

    def __init__(self) -> None:
        self.received: list[Output] = []
        self.spent: list[Output] = []
        self.transactions: dict[Transaction, None] = {}


class Block:
    """A block.

    Attributes:
        id: Its hash.
        index: Its number in the order of finding, over all branches.
        timestamp: Unix time in seconds.
        found: When it was found, microseconds since the run's start.
        node: The node that found it.
        subsidy: New coins.
        generated: All subsidies of its chain, genesis included.
        transactions: Those it confirms, coinbase aside.
        weight: The coinbase's and all the transactions' weights.
        outputs: Ring members of its chain up to here: all outputs but the genesis block's.
        transaction_count: Transactions of its chain up to here, coinbases aside.
        effective: When each node has it and its ancestors, microseconds, shape ``(nodes,)``; None once all have it.
        touches: What is in it for whom.
    """

    __slots__ = (
        "coinbase",
        "cumulative_difficulty",
        "effective",
        "found",
        "generated",
        "height",
        "id",
        "index",
        "last_arrival",
        "node",
        "outputs",
        "parent",
        "subsidy",
        "timestamp",
        "touches",
        "transaction_count",
        "transactions",
        "weight",
    )

    def __init__(self, parent: "Block | None", identity: bytes, coinbase: Transaction, *, difficulty: int) -> None:
        self.parent = parent
        self.id = identity
        self.coinbase = coinbase
        self.transactions: tuple[Transaction, ...] = ()
        self.height: int = 0 if parent is None else parent.height + 1
        self.cumulative_difficulty: int = 1 if parent is None else parent.cumulative_difficulty + difficulty
        self.index = 0
        self.timestamp = 0
        self.found = 0
        self.node = -1
        self.subsidy = 0
        self.generated = 0
        self.weight = 0
        self.outputs = 0
        self.transaction_count = 0
        self.effective: NDArray[np.int64] | None = None
        self.last_arrival = 0
        self.touches: dict[Hashable, Touch] = {}

    @property
    def reward(self) -> int:
        """What its coinbase pays: subsidy and fees, atomic units."""
        return self.coinbase.outputs[0].amount


def genesis() -> Block:
    """Make the block every chain begins with: mainnet's, as on regtest."""
    coinbase = Transaction(GENESIS_COINBASE_ID, (), 0, 60, "")
    coinbase.outputs = (Output(coinbase, 0, bytes(64), GENESIS_REWARD, None),)
    block = Block(None, GENESIS_ID, coinbase, difficulty=1)
    block.subsidy = block.generated = GENESIS_REWARD
    block.weight = 80
    coinbase.blocks.append(block)
    return block
