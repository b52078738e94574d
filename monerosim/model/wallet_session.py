"""A monero-wallet-rpc at work: its files, the wallet that is open, the daemon it asks."""

from collections.abc import Mapping
from typing import NamedTuple

from monerosim.model.blockchain import Blockchain
from monerosim.model.errors import ServiceError
from monerosim.model.node_state import NodeState
from monerosim.model.views import View
from monerosim.model.wallet_state import WalletState
from monerosim.monero.address import Keys
from monerosim.units import SECOND

REFRESH_PERIOD = 20 * SECOND
"""How often a wallet refreshes by itself, microseconds (``DEFAULT_AUTO_REFRESH_PERIOD``)."""


class WalletFile(NamedTuple):
    """A wallet on disk."""

    wallet: WalletState
    password: str


class WalletSession:
    """One monero-wallet-rpc.

    Args:
        blockchain: The run's blocks and transactions.
        node: The node it asks.
        name: Its name, unique in the run.
        seed: The keys of its wallets follow from it, the name and the file's name.
        ready_at: When it begins to answer, microseconds.

    Attributes:
        node: None after it was told to ask a node that is not there.
        nodes: The nodes it can be told to ask, by ``host:port``.
        files: Its wallets, by file name.
        opened: The wallet that is open.
        period: How often it refreshes by itself, microseconds; 0 for never.
        trusted: Its daemon may be asked for what only one's own is asked for.
        stopped: It was told to end.
    """

    def __init__(self, blockchain: Blockchain, node: NodeState, *, name: str, seed: int, ready_at: int) -> None:
        self.blockchain = blockchain
        self.node: NodeState | None = node
        self.nodes: Mapping[str, NodeState] = {node.address: node}
        self.name = name
        self.ready_at = ready_at
        self.is_down = False
        self.files: dict[str, WalletFile] = {}
        self.opened: WalletFile | None = None
        self.period = REFRESH_PERIOD
        self.trusted = True
        self.stopped = False
        self._seed = f"{seed}/{name}"
        self._refreshed = -1

    @property
    def wallet(self) -> WalletState:
        """The wallet that is open.

        Raises:
            ServiceError: There is none.
        """
        if self.opened is None:
            raise ServiceError(-13, "No wallet file")
        return self.opened.wallet

    def require_wallet(self) -> None:
        """Check that a wallet is open, for methods that do nothing else with it.

        Raises:
            ServiceError: There is none.
        """
        _ = self.wallet

    def new_keys(self, filename: str) -> tuple[Keys, bytes]:
        """Return the keys of a new wallet, and the bytes that all about it follows from."""
        seed = self.blockchain.digest("wallet", f"{self._seed}/{filename}".encode())
        return Keys.from_seed(seed), seed

    def open(self, file: WalletFile, filename: str = "") -> None:
        """Open a wallet; keep it as a file if it has a name."""
        if filename:
            self.files[filename] = file
        self.opened = file
        now = self.blockchain.now()
        self._refreshed = now - (now - self.ready_at) % (self.period or REFRESH_PERIOD)

    def catch_up(self) -> None:
        """Refresh the wallet that is open as of the last time it would have done so by itself."""
        now = self.blockchain.now()
        if self.opened is None or self.node is None or not self.period:
            return
        due = now - (now - self.ready_at) % self.period
        if due > self._refreshed and due >= self.node.ready_at:
            self._refreshed = due
            self.opened.wallet.refresh(self.blockchain.view(self.node.index, due))

    def daemon(self, code: int = -38, message: str = "no connection to daemon") -> NodeState:
        """Return the node; raise an error of this code and text if it does not answer."""
        if self.node is None or not self.node.is_up:
            raise ServiceError(code, message)
        return self.node

    def daemon_view(self, code: int = 0, message: str = "") -> View:
        """Return what the node sees now; raise an error of this code and text if it does not answer."""
        return self.daemon(code, message).view()
