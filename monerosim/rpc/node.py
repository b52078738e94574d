"""monerod's RPC, typed. Field names and units are monerod's (src/rpc/core_rpc_server_commands_defs.h)."""

from collections.abc import Mapping, Sequence

import msgspec

from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcError, RpcProtocolError
from monerosim.rpc.transport import Json


class NodeInfo(msgspec.Struct, frozen=True):
    """Part of ``get_info``."""

    height: int
    """Number of blocks, the genesis block included."""
    top_block_hash: str
    difficulty: int
    tx_pool_size: int
    incoming_connections_count: int
    outgoing_connections_count: int
    synchronized: bool = True
    """It has caught up with a peer since it started."""
    target_height: int = 0
    """The peers' number of blocks while it is behind them; otherwise 0 or the last such value."""


class BlockHeader(msgspec.Struct, frozen=True):
    """A block's header, as ``get_last_block_header`` and similar calls return it."""

    hash: str
    height: int
    prev_hash: str
    timestamp: int
    """Unix time in seconds."""
    reward: int
    """Subsidy and fees, atomic units."""
    num_txes: int
    difficulty: int
    orphan_status: bool
    """Whether it is off the main chain; then difficulties and weights are those of the main chain's block."""
    cumulative_difficulty: int = 0
    block_weight: int = 0
    """Bytes, as is ``long_term_weight``."""
    long_term_weight: int = 0


class BlockDetails(msgspec.Struct, frozen=True):
    """Part of ``get_block``."""

    block_header: BlockHeader
    tx_hashes: list[str] = []
    """Without the coinbase."""
    blob: str = ""
    """The whole block, hexadecimal."""


class PoolStats(msgspec.Struct, frozen=True):
    """Part of ``/get_transaction_pool_stats``."""

    txs_total: int
    bytes_total: int
    """The sum of the transactions' weights."""


class PoolTransaction(msgspec.Struct, frozen=True):
    """A transaction of ``/get_transaction_pool``."""

    id_hash: str
    fee: int
    weight: int
    receive_time: int
    """Unix time in seconds."""


class GeneratedBlocks(msgspec.Struct, frozen=True):
    """The answer of ``generateblocks``."""

    height: int
    """The height of the last one."""
    blocks: list[str] = []
    """The hashes of the blocks."""


class AlternateChain(msgspec.Struct, frozen=True):
    """A branch off the main chain."""

    block_hash: str
    height: int
    length: int
    difficulty: int


class Connection(msgspec.Struct, frozen=True):
    """A connection to a peer."""

    address: str
    incoming: bool
    height: int
    state: str


class _Entry(msgspec.Struct, frozen=True):
    tx_hash: str
    in_pool: bool
    as_json: str = ""


class _Entries(msgspec.Struct, frozen=True):
    txs: list[_Entry] = []


class _Key(msgspec.Struct, frozen=True):
    k_image: str


class _Input(msgspec.Struct, frozen=True):
    key: _Key | None = None
    """None of a coinbase's."""


class _Inputs(msgspec.Struct, frozen=True):
    vin: list[_Input] = []


class _Header(msgspec.Struct, frozen=True):
    block_header: BlockHeader


class _Headers(msgspec.Struct, frozen=True):
    headers: list[BlockHeader] = []


class _Pool(msgspec.Struct, frozen=True):
    transactions: list[PoolTransaction] = []


class _PoolStats(msgspec.Struct, frozen=True):
    pool_stats: PoolStats


class _Chains(msgspec.Struct, frozen=True):
    chains: list[AlternateChain] = []


class _Connections(msgspec.Struct, frozen=True):
    connections: list[Connection] = []


class _Fee(msgspec.Struct, frozen=True):
    fee: int
    quantization_mask: int


class _CoinbaseSum(msgspec.Struct, frozen=True):
    status: str
    emission_amount: int = 0
    """The sum's last 64 bits."""
    emission_amount_top64: int = 0
    fee_amount: int = 0


class _Status(msgspec.Struct, frozen=True):
    status: str


class _Sent(msgspec.Struct, frozen=True):
    status: str
    reason: str = ""
    double_spend: bool = False


class TransactionRefusedError(RpcError):
    """A daemon rejected a transaction.

    Attributes:
        double_spend: It spends an output that another transaction spends.
    """

    def __init__(self, reason: str, *, double_spend: bool) -> None:
        super().__init__(f"the transaction was refused: {reason or 'no reason given'}")
        self.double_spend = double_spend


class NodeRpc:
    """One monerod.

    All methods raise :class:`monerosim.rpc.errors.RpcError`.

    Args:
        client: The connection to it.
    """

    def __init__(self, client: RpcClient) -> None:
        self.client = client

    def get_info(self) -> NodeInfo:
        """Return height, tip, txpool size and connection counts."""
        return self.client.call("get_info", {}, NodeInfo)

    def get_last_block_header(self) -> BlockHeader:
        """Return the tip's header."""
        return self.client.call("get_last_block_header", {}, _Header).block_header

    def get_block_header_by_height(self, height: int) -> BlockHeader:
        """Return the main chain's header at a height."""
        return self.client.call("get_block_header_by_height", {"height": height}, _Header).block_header

    def get_block_header_by_hash(self, block_hash: str) -> BlockHeader:
        """Return a block's header, on the main chain or an alternative one."""
        return self.client.call("get_block_header_by_hash", {"hash": block_hash}, _Header).block_header

    def get_block_headers_range(self, start: int, end: int) -> list[BlockHeader]:
        """Return the main chain's headers from height to height, both included."""
        return self.client.call("get_block_headers_range", {"start_height": start, "end_height": end}, _Headers).headers

    def get_block(self, block_hash: str) -> BlockDetails:
        """Return a block's header and transactions, on the main chain or an alternative one."""
        return self.client.call("get_block", {"hash": block_hash}, BlockDetails)

    def on_get_block_hash(self, height: int) -> str:
        """Return the main chain's block hash at a height."""
        return self.client.call("on_get_block_hash", [height], str)

    def generateblocks(
        self, count: int, address: str, *, prev_block: str = "", timeout: float = 600.0
    ) -> GeneratedBlocks:
        """Mine blocks that pay ``address``; regtest only. Never repeated: each call mines blocks."""
        params: dict[str, Json] = {"amount_of_blocks": count, "wallet_address": address, "starting_nonce": 0}
        if prev_block:
            params["prev_block"] = prev_block
        return self.client.call("generateblocks", params, GeneratedBlocks, timeout=timeout, repeat=False)

    def submit_block(self, blob: str) -> None:
        """Hand over a whole block, hexadecimal; the daemon relays it if it joins the main chain."""
        self.client.call("submit_block", [blob], _Status)

    def get_transaction_pool(self) -> list[PoolTransaction]:
        """Return the transactions of the txpool."""
        return self.client.post("/get_transaction_pool", {}, _Pool).transactions

    def get_transaction_pool_stats(self) -> PoolStats:
        """Return the number of transactions in the txpool and their weight; stem transactions count."""
        return self.client.post("/get_transaction_pool_stats", {}, _PoolStats).pool_stats

    def get_key_images(self, txids: Sequence[str]) -> dict[str, list[str]]:
        """Return the key images of the outputs that transactions spend; of those that the node has."""
        body: dict[str, Json] = {"txs_hashes": [*txids], "decode_as_json": True, "prune": True}
        found = self.client.post("/get_transactions", body, _Entries)
        try:
            inputs = {it.tx_hash: msgspec.json.decode(it.as_json, type=_Inputs).vin for it in found.txs}
        except msgspec.DecodeError as error:
            raise RpcProtocolError(f"/get_transactions: {error}") from error
        return {txid: [it.key.k_image for it in spent if it.key is not None] for txid, spent in inputs.items()}

    def get_mined(self, txids: Sequence[str]) -> set[str]:
        """Return those of some transactions that are in blocks of the main chain."""
        found = self.client.post("/get_transactions", {"txs_hashes": [*txids], "prune": True}, _Entries)
        return {it.tx_hash for it in found.txs if not it.in_pool}

    def get_alternate_chains(self) -> list[AlternateChain]:
        """Return the branches off the main chain."""
        return self.client.call("get_alternate_chains", {}, _Chains).chains

    def get_connections(self) -> list[Connection]:
        """Return the connections to peers."""
        return self.client.call("get_connections", {}, _Connections).connections

    def set_bans(self, bans: Mapping[str, bool], *, seconds: int) -> None:
        """Ban hosts, which closes the connections with them, or lift their bans.

        Args:
            bans: Whether each host is banned, by its IPv4 address.
            seconds: How long.
        """
        entries: list[Json] = [{"host": host, "ban": ban, "seconds": seconds} for host, ban in bans.items()]
        self.client.call("set_bans", {"bans": entries}, _Status)

    def get_fee_estimate(self) -> int:
        """Return the lowest fee, in atomic units per byte of weight."""
        return self.client.call("get_fee_estimate", {}, _Fee).fee

    def get_emission(self, height: int, count: int) -> int:
        """Return the sum of the subsidies of ``count`` blocks of the main chain from a height on, atomic units.

        What a heavy block's penalty cut from its subsidy is not in it (``core::get_coinbase_tx_sum``).
        """
        found = self._coinbase_sum(height, count)
        return (found.emission_amount_top64 << 64) + found.emission_amount

    def get_fees(self, height: int, count: int) -> int:
        """Return the fees that ``count`` blocks of the main chain from a height on pay, atomic units."""
        return self._coinbase_sum(height, count).fee_amount

    def _coinbase_sum(self, height: int, count: int) -> _CoinbaseSum:
        found = self.client.call("get_coinbase_tx_sum", {"height": height, "count": count}, _CoinbaseSum)
        if found.status != "OK":
            raise RpcError(f"get_coinbase_tx_sum: {found.status}")
        return found

    def send_raw_transaction(self, tx_as_hex: str) -> None:
        """Submit a transaction.

        Raises:
            TransactionRefusedError: The daemon rejected it.
        """
        body: dict[str, Json] = {"tx_as_hex": tx_as_hex, "do_not_relay": False}
        sent = self.client.post("/send_raw_transaction", body, _Sent)
        if sent.status != "OK":
            reason = sent.reason or ("double spend" if sent.double_spend else sent.status)
            raise TransactionRefusedError(reason, double_spend=sent.double_spend)
