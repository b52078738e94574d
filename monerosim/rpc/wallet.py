"""monero-wallet-rpc, typed. Field names and units are the wallet's (src/wallet/wallet_rpc_server_commands_defs.h)."""

from collections.abc import Sequence

import msgspec

from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcProtocolError
from monerosim.rpc.transport import Json

TRANSFER_TIMEOUT = 300.0
"""Seconds that a transfer may take: the real wallet requests decoys from its daemon and makes ring signatures."""

NOT_OPEN = -13
TX_NOT_POSSIBLE = -16
"""What is unlocked covers the amounts and not the fee, for instance."""

NOT_ENOUGH_MONEY = -17
NOT_ENOUGH_OUTPUTS = -19
WALLET_EXISTS = -21
NOT_ENOUGH_UNLOCKED_MONEY = -37
"""Error codes (src/wallet/wallet_rpc_server_error_codes.h)."""


class Destination(msgspec.Struct, frozen=True):
    """The recipient of a payment, and the amount in atomic units."""

    address: str
    amount: int


class Transferred(msgspec.Struct, frozen=True):
    """A transaction that the wallet has made."""

    tx_hash: str
    amount: int
    """Atomic units paid, without fee and change."""
    fee: int
    tx_blob: str = ""
    """Hexadecimal, if it was requested."""


class SubaddressIndex(msgspec.Struct, frozen=True):
    """The index of an account, and of an address in it."""

    major: int
    minor: int


class TransferEntry(msgspec.Struct, frozen=True):
    """A transaction as ``get_transfers`` shows it: an output received, or a transaction sent."""

    txid: str
    amount: int
    fee: int
    height: int
    """0 while it is in the txpool."""
    timestamp: int
    """Unix time in seconds."""
    type: str
    """``in``, ``out``, ``pending``, ``failed``, ``pool`` or ``block``."""
    address: str = ""
    payment_id: str = ""
    """16 hexadecimal digits, zeros where there is none."""
    confirmations: int = 0
    locked: bool = False
    double_spend_seen: bool = False
    unlock_time: int = 0
    subaddr_index: SubaddressIndex = SubaddressIndex(0, 0)
    destinations: tuple[Destination, ...] = ()
    """The recipients of this wallet's payment."""


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


class IntegratedAddress(msgspec.Struct, frozen=True):
    """The wallet's first address together with a payment id, by which it tells the payments to it apart."""

    integrated_address: str
    payment_id: str
    """16 hexadecimal digits."""


class Output(msgspec.Struct, frozen=True):
    """An output of account 0 (``incoming_transfers``)."""

    amount: int
    key_image: str
    spent: bool
    unlocked: bool


class _Outputs(msgspec.Struct, frozen=True):
    transfers: list[Output] = []


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
        client: The connection to it.
    """

    def __init__(self, client: RpcClient) -> None:
        self.client = client

    def get_version(self) -> int:
        """Return the RPC's version; works without an open wallet."""
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
        """Return all addresses of account 0, the primary one first."""
        return [entry.address for entry in self.client.call("get_address", {"account_index": 0}, _Addresses).addresses]

    def create_address(self, label: str) -> str:
        """Create another address of account 0."""
        params: dict[str, Json] = {"account_index": 0, "label": label}
        return self.client.call("create_address", params, _Address, repeat=False).address

    def make_integrated_address(self) -> IntegratedAddress:
        """Return the first address with a payment id that the wallet draws."""
        return self.client.call("make_integrated_address", {}, IntegratedAddress)

    def get_balance(self) -> Balance:
        """Return the balance of account 0."""
        return self.client.call("get_balance", {"account_index": 0}, Balance)

    def get_height(self) -> int:
        """Return the height up to which the wallet has scanned."""
        return self.client.call("get_height", {}, _Height).height

    def set_daemon(self, address: str) -> None:
        """Have the wallet use a daemon, ``http://host:port``, that it trusts."""
        self.client.call("set_daemon", {"address": address, "trusted": True}, _Nothing)

    def refresh(self) -> None:
        """Have the wallet scan the newest blocks now."""
        self.client.call("refresh", {}, _Nothing, timeout=TRANSFER_TIMEOUT)

    def transfer(self, destinations: Sequence[Destination], *, priority: int = 0) -> Transferred:
        """Pay. Never repeated: where the outcome is in doubt, the caller looks it up."""
        params: dict[str, Json] = {
            "destinations": [{"address": to.address, "amount": to.amount} for to in destinations],
            "priority": priority,
            "get_tx_key": False,
        }
        return self.client.call("transfer", params, Transferred, timeout=TRANSFER_TIMEOUT, repeat=False)

    def sweep_all(self, address: str, *, priority: int = 0) -> list[Transferred]:
        """Send the unlocked balance to one address. Never repeated."""
        # Without the second parameter, the wallet takes the coins of one subaddress, chosen at random.
        params: dict[str, Json] = {"address": address, "subaddr_indices_all": True, "priority": priority}
        swept = self.client.call("sweep_all", params, _Sweep, timeout=TRANSFER_TIMEOUT, repeat=False)
        if not len(swept.tx_hash_list) == len(swept.amount_list) == len(swept.fee_list):
            raise RpcProtocolError("sweep_all: the lists of transactions, amounts and fees differ in length")
        return [Transferred(*one) for one in zip(swept.tx_hash_list, swept.amount_list, swept.fee_list, strict=True)]

    def get_unspent_outputs(self) -> list[Output]:
        """Return the outputs of account 0 that no transaction in a block spends."""
        params: dict[str, Json] = {"transfer_type": "available", "account_index": 0}
        return self.client.call("incoming_transfers", params, _Outputs).transfers

    def draft_sweep(self, key_image: str, address: str, *, priority: int = 0) -> Transferred:
        """Make a transaction that sends one output to an address, and hand it to nobody: it is in ``tx_blob``."""
        params: dict[str, Json] = {
            "key_image": key_image,
            "address": address,
            "priority": priority,
            "do_not_relay": True,
            "get_tx_hex": True,
        }
        return self.client.call("sweep_single", params, Transferred, timeout=TRANSFER_TIMEOUT)

    def get_transfers(self, *kinds: str, min_height: int | None = None) -> Transfers:
        """Return incoming and outgoing transactions.

        Args:
            kinds: Any of ``in``, ``out``, ``pending``, ``failed``, ``pool``.
            min_height: Leave out transactions in blocks up to this height.
        """
        params: dict[str, Json] = {"account_index": 0}
        params.update(dict.fromkeys(kinds, True))
        if min_height is not None:
            params.update(filter_by_height=True, min_height=min_height)
        return self.client.call("get_transfers", params, Transfers)

    def get_transfer_by_txid(self, txid: str) -> TransferEntry:
        """Return one transaction."""
        return self.client.call("get_transfer_by_txid", {"txid": txid}, _Entry).transfer
