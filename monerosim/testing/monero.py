"""The verbs of a network for tests, and what modelled and real networks have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from monerosim.monero.constants import COINBASE_UNLOCK, SPENDABLE_AGE
from monerosim.rpc.transport import Json
from monerosim.rpc.wallet import Destination
from monerosim.testing.services import Node, Wallet, described
from monerosim.units import XMR, format_amount, parse_amount

MOST_FUNDED = 2_000 * XMR
"""What a wallet can be funded with, atomic units: more would not fit into one transaction."""

MOST_SERVICES = 100
"""Nodes and wallets that a network may have, each."""

_SMALLEST_REWARD = 34 * XMR
"""Less than a coinbase of the first thousand blocks pays (``get_block_reward``: 35.18 XMR, slowly falling)."""

_RING_BLOCKS = 80
"""Blocks after which there are enough outputs for a ring (the first payment works at 76)."""

_PIECES = 4
"""Outputs in which a wallet is funded, so that it can pay that often before its change is unlocked."""


class TestingError(Exception):
    """What is asked of the network cannot be done; the message says why."""

    __test__ = False


class NotPossibleError(TestingError):
    """This kind of network cannot do that at all."""


class Monero(ABC):
    """A network of nodes and wallets, all of them connected.

    When a verb returns, every node that does not lag and every wallet has seen what it did.

    Attributes:
        nodes: The nodes.
        wallets: The wallets, each with coins that it can spend.
        miner: Blocks are mined to this wallet unless something else is said.
        control: ``http://address:port`` of the control RPC; empty if there is none.
    """

    miner: Wallet

    def __init__(self) -> None:
        self.control = ""
        self.nodes: list[Node] = []
        self.wallets: list[Wallet] = []
        self._floor = 0

    @abstractmethod
    def mine(self, blocks: int = 1, *, node: int = 0, to: str | None = None) -> list[str]:
        """Mine blocks and return their hashes.

        Args:
            blocks: How many.
            node: The node that finds them, counted from 0.
            to: The address that they pay; the miner's if left out.

        Raises:
            TestingError: There is no such node.
        """

    @abstractmethod
    def reorg(self, depth: int, *, node: int = 0) -> list[str]:
        """Replace the last blocks by one more, which contain no transactions, and return the hashes of the new ones.

        The transactions of the replaced blocks are in the pools again, and the next block may contain them.

        Args:
            depth: The number of blocks that are replaced.
            node: The node that finds the new ones.

        Raises:
            TestingError: There are not that many blocks above those that fund the wallets.
        """

    @abstractmethod
    def advance(self, duration: str) -> None:
        """Let time pass.

        Args:
            duration: Such as ``"1h"`` or ``"90s"``.

        Raises:
            NotPossibleError: The nodes follow the machine's clock.
            ValueError: No duration.
        """

    @abstractmethod
    def drop(self, txid: str) -> None:
        """Remove a transaction from all pools, as if it had never been sent.

        Raises:
            TestingError: It is in no pool.
        """

    @abstractmethod
    def lag(self, node: int) -> "Lag":
        """Have a node lag behind: it receives and sends nothing until :meth:`catch_up`; its RPC goes on answering.

        Returns:
            A context manager, whose end is the end of the lag: ``with monero.lag(1): monero.mine(3)``.

        Raises:
            TestingError: There is no such node.
            NotPossibleError: This kind of network cannot do that.
        """

    @abstractmethod
    def catch_up(self, node: int) -> None:
        """End the lag of a node: it gets what it lacks, and the others what it has.

        Raises:
            TestingError: There is no such node.
        """

    def close(self) -> None:
        """End the network."""
        for service in (*self.nodes, *self.wallets):
            service.close()
        if hasattr(self, "miner"):
            self.miner.close()

    @property
    def height(self) -> int:
        """The number of blocks at the first node, the genesis block included."""
        return self.nodes[0].height

    @property
    @abstractmethod
    def time(self) -> int:
        """The nodes' time, Unix seconds."""

    def describe(self) -> Mapping[str, Json]:
        """Return where nodes, wallets and the control RPC are, and the height: the line ``monerosim model`` prints."""
        control: dict[str, Json] = {"control": self.control} if self.control else {}
        return {**described(self.nodes, self.wallets), "miner": self.miner.address, "height": self.height, **control}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fund(self, funded: int) -> None:
        """Create the wallets, and pay each an amount that it can spend."""
        for wallet in (self.miner, *self.wallets):
            wallet.create()
        if not funded:
            return
        self.mine(funding_blocks(len(self.wallets), funded))
        self.miner.rpc.refresh()
        pieces = [funded // _PIECES] * (_PIECES - 1)
        pieces.append(funded - sum(pieces))
        for wallet in self.wallets:
            self.miner.rpc.transfer([Destination(amount=piece, address=wallet.address) for piece in pieces])
        self.mine(SPENDABLE_AGE)
        self._refresh()
        self._floor = self.height - 1

    def _refresh(self) -> None:
        """Have all wallets scan the newest blocks."""
        for wallet in (self.miner, *self.wallets):
            wallet.rpc.refresh()

    def _fork(self, depth: int, height: int) -> int:
        """Return the height of the block from which a branch leaves that replaces some at a number of blocks."""
        above = height - 1 - self._floor
        if depth < 1:
            raise TestingError(f"a reorganisation replaces at least one block, not {depth}")
        if depth > above + SPENDABLE_AGE - 1:
            raise TestingError(
                f"a reorganisation of {depth} blocks would take back the payments that fund the wallets: "
                f"mine {depth - above - SPENDABLE_AGE + 1} more blocks first"
            )
        return height - 1 - depth

    def _known(self, node: int) -> int:
        if not 0 <= node < len(self.nodes):
            raise TestingError(f"there is no node {node}: the network has nodes 0 to {len(self.nodes) - 1}")
        return node


class Lag:
    """The lag of a node; it ends with the ``with`` statement.

    Args:
        monero: The network.
        node: The node that lags.
    """

    def __init__(self, monero: Monero, node: int) -> None:
        self._monero = monero
        self._node = node

    def __enter__(self) -> Node:
        return self._monero.nodes[self._node]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._monero.catch_up(self._node)


def funding_blocks(wallets: int, funded: int) -> int:
    """Return how many blocks are mined until there are coins for wallets, each funded with an amount."""
    coinbases = wallets * (-(-funded // _SMALLEST_REWARD) + 1)
    return max(_RING_BLOCKS, COINBASE_UNLOCK + coinbases) if funded else 0


def checked_size(nodes: int, wallets: int, funded: str | float) -> int:
    """Check how large a network is to be; return what a wallet is funded with, atomic units.

    Raises:
        TestingError: Too many nodes, wallets or coins, or too few nodes.
        ValueError: No amount.
    """
    if not (1 <= nodes <= MOST_SERVICES and 0 <= wallets <= MOST_SERVICES):
        raise TestingError(f"a network has 1 to {MOST_SERVICES} nodes and up to {MOST_SERVICES} wallets")
    amount = parse_amount(funded)
    if amount > MOST_FUNDED:
        raise TestingError(f"a wallet can be funded with at most {format_amount(MOST_FUNDED)}")
    if 0 < amount < _PIECES:
        raise TestingError(f"a wallet is funded in {_PIECES} outputs: {amount} atomic units are too few")
    return amount
