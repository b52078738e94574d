"""Blocks, transactions and outputs as the model keeps them."""

from hashlib import blake2b
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monerosim.model.formats import MONEROD, TransactionFormat
from monerosim.monero.address import Keys
from monerosim.monero.constants import HARD_FORK
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.monero.serial import BlockParts
from monerosim.monero.weights import FLOOR, Medians
from monerosim.network.flight import Flight

GENESIS_ID = bytes.fromhex("418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3")
GENESIS_COINBASE_ID = bytes.fromhex("c88ce9783b4f11190d7b9c17a69c1c52200f9faaee8e98dd07e6811175177139")


ArrivalTimes: TypeAlias = NDArray[np.int64]
"""When each node has an item: microseconds since the run's start, ``NEVER`` where it does not arrive, shape
``(nodes,)``."""


class Watcher(Protocol):
    """A wallet that is notified of what concerns its owner."""

    def announce(self, transaction: "Transaction") -> None:
        """Note that a transaction that pays the owner is on its way."""

    def forget(self, transaction: "Transaction") -> None:
        """Note that a transaction that pays the owner was confirmed for good, or ruled out for good."""


class Owner:
    """Whoever has some keys: coins are its own, whichever wallets are made of the keys, and when.

    Args:
        keys: The keys.

    Attributes:
        wallets: The wallets that were made of them.
        blocks: The blocks that pay it or in which it spends, in the order they were found.
        coming: The transactions that pay it and are on their way.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.wallets: list[Watcher] = []
        self.blocks: list[Block] = []
        self.coming: dict[Transaction, None] = {}

    def announce(self, transaction: "Transaction") -> None:
        """Note that a transaction that pays it is on its way."""
        self.coming[transaction] = None
        for wallet in self.wallets:
            wallet.announce(transaction)

    def forget(self, transaction: "Transaction") -> None:
        """Note that a transaction that pays it is no longer on its way."""
        self.coming.pop(transaction, None)
        for wallet in self.wallets:
            wallet.forget(transaction)

    def touch(self, block: "Block") -> "Touch":
        """Return what a block contains for it, to be added to."""
        touch = block.touches.get(self)
        if touch is None:
            touch = block.touches[self] = Touch()
            self.blocks.append(block)
        return touch


class Holder(NamedTuple):
    """Whose an address is, and which of its addresses."""

    owner: Owner
    account: int
    minor: int


class Output:
    """An output of a transaction.

    Attributes:
        transaction: The transaction that created it.
        index: Its place there.
        keys: The public spend and view key it pays to, 64 bytes.
        amount: Atomic units.
        holder: Who owns it; None if nobody of this run does.
        key: Its one-time public key where a block that was submitted says it, else None.
        spenders: The released transactions that spend it: more than one where somebody tries to spend it twice.
    """

    __slots__ = ("amount", "holder", "index", "key", "keys", "spenders", "transaction")

    def __init__(self, transaction: "Transaction", index: int, keys: bytes, amount: int, holder: Holder | None) -> None:
        self.key: bytes | None = None
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
        """The key image that a transaction spending it shows, 32 bytes."""
        return self._derived(b"key image")

    @property
    def public_key(self) -> bytes:
        """Its one-time public key, 32 bytes."""
        return self._derived(b"one-time key") if self.key is None else self.key


class Transaction:
    """A transaction, coinbases included.

    Attributes:
        id: Its hash.
        inputs: The outputs it spends; none in a coinbase.
        fee: Atomic units.
        weight: Bytes, with the surcharge for range proofs.
        format: What it looks like.
        payment_id: 16 hexadecimal digits, or empty.
        unlock_time: The height or the unix time until which its outputs are locked beyond their age; 0 for none.
        node: The node it was handed to, -1 before.
        released: When, microseconds.
        relayed: False while the node was told to keep it to itself.
        flight: Its way to the nodes by itself; None before it is released, and again once it is settled.
        mined_arrivals: When each node has each of the blocks that contain it; empty once it is settled.
        blocks: The blocks that contain it, on any branch.
        double_spend_seen: Somebody tried to spend one of its inputs again.
        conflicted: Another released transaction spends one of its inputs.
        reported: It was told when each node had it first.
    """

    __slots__ = (
        "blocks",
        "conflicted",
        "double_spend_seen",
        "fee",
        "flight",
        "format",
        "id",
        "inputs",
        "mined_arrivals",
        "node",
        "outputs",
        "payment_id",
        "relayed",
        "released",
        "reported",
        "unlock_time",
        "weight",
    )

    def __init__(self, identity: bytes, inputs: tuple[Output, ...], fee: int, weight: int, payment_id: str) -> None:
        self.id = identity
        self.inputs = inputs
        self.outputs: tuple[Output, ...] = ()
        self.fee = fee
        self.weight = weight
        self.format: TransactionFormat = MONEROD
        self.payment_id = payment_id
        self.unlock_time = 0
        self.node = -1
        self.released = 0
        self.relayed = False
        self.flight: Flight | None = None
        self.mined_arrivals: list[ArrivalTimes] = []
        self.blocks: list[Block] = []
        self.double_spend_seen = False
        self.conflicted = False
        self.reported = False

    def rivals(self) -> "list[Transaction]":
        """List the released transactions that spend one of its inputs, itself included if it was released."""
        return list({rival: None for output in self.inputs for rival in output.spenders})


class Touch:
    """What a block contains for one owner."""

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
        difficulty: Of the block alone.
        timestamp: Unix time in seconds.
        found: When it was found, microseconds since the run's start.
        node: The node that found it.
        generated: All subsidies of its chain up to here, genesis included, atomic units: of each block the base reward
            less the penalty for its weight.
        fees: All fees of its chain up to here, atomic units.
        transactions: Those it confirms, without its coinbase.
        weight: The weights of its coinbase and its transactions together.
        long_term_weight: What it counts in the long-term median.
        medians: What the block after it is judged by.
        outputs: Outputs of its chain up to here that can be ring members: all but the genesis block's.
        transaction_count: Transactions of its chain up to here, without coinbases.
        arrival_times: When each node has it and its ancestors; None once all have it.
        last_arrival: When the last node that receives it has it, microseconds.
        submitted: What it was when somebody submitted it whole; None if its node made it.
        touches: What it contains for each owner that it pays or that spends in it.
        uncles: Blocks off its chain that it refers to, where a rule has it.
        version: The hard fork by which it was made.
    """

    __slots__ = (
        "arrival_times",
        "coinbase",
        "cumulative_difficulty",
        "difficulty",
        "fees",
        "found",
        "generated",
        "height",
        "id",
        "index",
        "last_arrival",
        "long_term_weight",
        "medians",
        "node",
        "outputs",
        "parent",
        "submitted",
        "timestamp",
        "touches",
        "transaction_count",
        "transactions",
        "uncles",
        "version",
        "weight",
    )

    def __init__(self, parent: "Block | None", identity: bytes, coinbase: Transaction, *, difficulty: int) -> None:
        self.parent = parent
        self.id = identity
        self.coinbase = coinbase
        self.transactions: tuple[Transaction, ...] = ()
        self.height: int = 0 if parent is None else parent.height + 1
        self.difficulty = difficulty
        self.cumulative_difficulty: int = difficulty if parent is None else parent.cumulative_difficulty + difficulty
        self.index = 0
        self.timestamp = 0
        self.found = 0
        self.node = -1
        self.generated = 0
        self.fees = 0
        self.weight = 0
        self.long_term_weight = 0
        self.medians = FLOOR
        self.outputs = 0
        self.transaction_count = 0
        self.arrival_times: ArrivalTimes | None = None
        self.last_arrival = 0
        self.submitted: BlockParts | None = None
        self.touches: dict[Owner, Touch] = {}
        self.uncles: tuple[Block, ...] = ()
        self.version = 1 if parent is None else HARD_FORK

    @property
    def reward(self) -> int:
        """The amount its coinbase pays: subsidy and fees, atomic units."""
        return sum(output.amount for output in self.coinbase.outputs)


def genesis(supply: int = GENESIS_REWARD, medians: Medians = FLOOR) -> Block:
    """Make the genesis block: mainnet's, which regtest has too.

    Args:
        supply: The coins that it creates, atomic units.
        medians: What the block after it is judged by.
    """
    coinbase = Transaction(GENESIS_COINBASE_ID, (), 0, 60, "")
    coinbase.outputs = (Output(coinbase, 0, bytes(64), supply, None),)
    block = Block(None, GENESIS_ID, coinbase, difficulty=1)
    block.generated = supply
    block.weight = block.long_term_weight = 80
    block.medians = medians
    coinbase.blocks.append(block)
    return block
