"""monero-wallet-rpc, typed. Field names and units are its own (src/wallet/wallet_rpc_server_commands_defs.h)."""

from collections.abc import Sequence

import msgspec

from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcProtocolError
from monerosim.rpc.transport import Json

TRANSFER_TIMEOUT = 300.0
"""Seconds a transfer may take: the real wallet makes ring signatures and asks its daemon for decoys."""

NOT_OPEN = -13
NOT_ENOUGH_MONEY = -17
NOT_ENOUGH_OUTPUTS = -19
WALLET_EXISTS = -21
NOT_ENOUGH_UNLOCKED_MONEY = -37
"""Error codes (src/wallet/wallet_rpc_server_error_codes.h)."""


class Destination(msgspec.Struct, frozen=True):
    """Who is paid, and how many atomic units."""

    address: str
    amount: int


class Transferred(msgspec.Struct, frozen=True):
    """A transaction that the wallet has made."""

    tx_hash: str
    amount: int
    """Atomic units paid, fee and change apart."""
    fee: int
    tx_blob: str = ""
    """Hexadecimal, where it was asked for."""


class SubaddressIndex(msgspec.Struct, frozen=True):
    """An account's number and an address's number in it."""

    major: int
    minor: int


class TransferEntry(msgspec.Struct, frozen=True):
    """A transaction as ``get_transfers`` shows it: an output received, or a transaction sent."""

    txid: str
    amount: int
    fee: int
    height: int
    """0 while it is in the pool."""
    timestamp: int
    """Unix time in seconds."""
    type: str
    """``in``, ``out``, ``pending``, ``failed``, ``pool`` or ``block``."""
    address: str = ""
    confirmations: int = 0
    locked: bool = False
    double_spend_seen: bool = False
    unlock_time: int = 0
    subaddr_index: SubaddressIndex = SubaddressIndex(0, 0)
    destinations: tuple[Destination, ...] = ()
    """Where this wallet's payment went."""


class Transfers(msgspec.Struct, frozen=True, rename={"incoming": "in", "outgoing": "out"}):
    """The answer of ``get_transfers``."""

    incoming: list[TransferEntry] = []
    outgoing: list[TransferEntry] = []
    pending: list[TransferEntry] = []
    failed: list[TransferEntry] = []
    pool: list[TransferEntry] = []


class Balance(msgspec.Struct, frozen=True):
    """An account's balance in atomic units."""

    balance: int
    unlocked_balance: int
    blocks_to_unlock: int = 0


class _Address(msgspec.Struct, frozen=True):
    address: str


class _Addresses(msgspec.Struct, frozen=True):
    address: str
    addresses: list[_Address] = []


class _Height(msgspec.Struct, frozen=True):
    height: int


class _Version(msgspec.Struct, frozen=True):
    version: int


class _Nothing(msgspec.Struct, frozen=True):
    pass


class _Sweep(msgspec.Struct, frozen=True):
    tx_hash_list: list[str] = []
    amount_list: list[int] = []
    fee_list: list[int] = []


class _Entry(msgspec.Struct, frozen=True):
    transfer: TransferEntry


class WalletRpc:
    """One monero-wallet-rpc.

    All methods raise :class:`monerosim.rpc.errors.RpcError`.

    Args:
        client: The way to it.
    """

    def __init__(self, client: RpcClient) -> None:
        self.client = client

    def get_version(self) -> int:
        """Ask for the RPC's version; answers without an open wallet."""
        return self.client.call("get_version", {}, _Version).version

    def create_wallet(self, filename: str) -> None:
        """Create a wallet and open it."""
        params: dict[str, Json] = {"filename": filename, "password": "", "language": "English"}
        self.client.call("create_wallet", params, _Nothing)

    def open_wallet(self, filename: str) -> None:
        """Open a wallet."""
        self.client.call("open_wallet", {"filename": filename, "password": ""}, _Nothing)

    def close_wallet(self) -> None:
        """Save and close the wallet."""
        self.client.call("close_wallet", {}, _Nothing)

    def store(self) -> None:
        """Save the wallet."""
        self.client.call("store", {}, _Nothing)

    def get_addresses(self) -> list[str]:
        """Ask for all addresses of account 0, the primary one first."""
        return [entry.address for entry in self.client.call("get_address", {"account_index": 0}, _Addresses).addresses]

    def create_address(self, label: str) -> str:
        """Make another address of account 0."""
        params: dict[str, Json] = {"account_index": 0, "label": label}
        return self.client.call("create_address", params, _Address, repeat=False).address

    def get_balance(self) -> Balance:
        """Ask for the balance of account 0."""
        return self.client.call("get_balance", {"account_index": 0}, Balance)

    def get_height(self) -> int:
        """Ask up to which height the wallet has looked."""
        return self.client.call("get_height", {}, _Height).height

    def refresh(self) -> None:
        """Have the wallet look at the newest blocks now."""
        self.client.call("refresh", {}, _Nothing, timeout=TRANSFER_TIMEOUT)

    def transfer(self, destinations: Sequence[Destination], *, priority: int = 0) -> Transferred:
        """Pay. Never repeated: a call whose outcome is in doubt is looked up by the caller."""
        params: dict[str, Json] = {
            "destinations": [{"address": to.address, "amount": to.amount} for to in destinations],
            "priority": priority,
            "get_tx_key": False,
        }
        return self.client.call("transfer", params, Transferred, timeout=TRANSFER_TIMEOUT, repeat=False)

    def sweep_all(self, address: str, *, priority: int = 0) -> list[Transferred]:
        """Send everything that is unlocked to one address. Never repeated."""
        # Without the second parameter, the wallet takes the coins of one subaddress, chosen at random.
        params: dict[str, Json] = {"address": address, "subaddr_indices_all": True, "priority": priority}
        swept = self.client.call("sweep_all", params, _Sweep, timeout=TRANSFER_TIMEOUT, repeat=False)
        if not len(swept.tx_hash_list) == len(swept.amount_list) == len(swept.fee_list):
            raise RpcProtocolError("sweep_all: transactions, amounts and fees are not as many")
        return [Transferred(*one) for one in zip(swept.tx_hash_list, swept.amount_list, swept.fee_list, strict=True)]

    def get_transfers(self, *kinds: str, min_height: int | None = None) -> Transfers:
        """Ask for transactions.

        Args:
            kinds: Of ``in``, ``out``, ``pending``, ``failed``, ``pool``.
            min_height: Leave out those in blocks up to this height.
        """
        params: dict[str, Json] = {"account_index": 0}
        params.update(dict.fromkeys(kinds, True))
        if min_height is not None:
            params.update(filter_by_height=True, min_height=min_height)
        return self.client.call("get_transfers", params, Transfers)

    def get_transfer_by_txid(self, txid: str) -> TransferEntry:
        """Ask for one transaction."""
        return self.client.call("get_transfer_by_txid", {"txid": txid}, _Entry).transfer
