"""The methods of monerod that describe the node and its rules (src/rpc/core_rpc_server.cpp)."""

from monerosim.model.jsonrpc import Methods
from monerosim.model.node_state import RPC_PAYMENT_FIELDS, STATUS_OK, NodeState, wide
from monerosim.model.parameters import MAX_UINT64, U8, U64, Parameters
from monerosim.monero.constants import HARD_FORK
from monerosim.monero.difficulty import TARGET
from monerosim.monero.fees import QUANTIZATION
from monerosim.rpc.transport import Json

METHODS: Methods[NodeState] = Methods()

VERSION = "0.18.0.0-unknown"
RPC_VERSION = 196_618
"""``CORE_RPC_VERSION`` of 0.18.0: 3.10."""

_FORKS = {1: 0, 16: 1}
"""The height from which each version is in force on regtest (``Blockchain::init``)."""

_VOTES = 10_080
"""Blocks whose versions are counted (``DEFAULT_WINDOW_SIZE`` in src/cryptonote_basic/hardfork.h)."""


@METHODS.method(Parameters, "get_version")
def get_version(_node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_version."""
    return {"release": False, "version": RPC_VERSION, **STATUS_OK}


@METHODS.method(Parameters, "get_block_count", "getblockcount")
def get_block_count(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_block_count."""
    return {"count": node.view().tip.height + 1, **STATUS_OK}


@METHODS.method(Parameters, "/get_height", "/getheight")
def get_height(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_height."""
    tip = node.view().tip
    return {"hash": tip.id.hex(), "height": tip.height + 1, **STATUS_OK}


@METHODS.method(Parameters, "get_info", "/get_info", "/getinfo")
def get_info(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_info."""
    blockchain, view = node.blockchain, node.view()
    tip = view.tip
    connected = [peer for peer, _ in node.connected(view)]
    incoming = sum(peer.incoming for peer in connected)
    offline = not blockchain.network.peers(node.index)
    return {
        "adjusted_time": blockchain.chain.adjusted_time(tip) or blockchain.unix(view.at),
        "alt_blocks_count": len(blockchain.views.alternative_blocks(view)),
        "block_size_limit": 2 * tip.medians.effective,
        "block_size_median": tip.medians.effective,
        "block_weight_limit": 2 * tip.medians.effective,
        "block_weight_median": tip.medians.effective,
        "bootstrap_daemon_address": "",
        "busy_syncing": False,
        **wide("cumulative_difficulty", tip.cumulative_difficulty),
        "database_size": 1 << 30,
        **wide("difficulty", blockchain.mining.difficulty.after(tip)),
        "free_space": 1 << 36,
        "grey_peerlist_size": 0,
        "height": tip.height + 1,
        "height_without_bootstrap": tip.height + 1,
        "incoming_connections_count": incoming,
        "mainnet": False,
        "nettype": "fakechain",
        "offline": offline,
        "outgoing_connections_count": len(connected) - incoming,
        "restricted": False,
        "rpc_connections_count": 1,
        "stagenet": False,
        "start_time": blockchain.unix(node.ready_at),
        "synchronized": offline or bool(connected),
        "target": blockchain.mining.difficulty.target or TARGET,
        "target_height": 0,
        "testnet": False,
        "top_block_hash": tip.id.hex(),
        "tx_count": tip.transaction_count,
        "tx_pool_size": sum(1 for _ in blockchain.txpool.contents(view)),
        "update_available": False,
        "version": VERSION,
        "was_bootstrap_ever_used": False,
        "white_peerlist_size": len(connected) - incoming,
        **RPC_PAYMENT_FIELDS,
        **STATUS_OK,
    }


class CoinbaseSum(Parameters, frozen=True):
    """The parameters of get_coinbase_tx_sum."""

    height: U64 = 0
    count: U64 = 0


@METHODS.method(CoinbaseSum, "get_coinbase_tx_sum")
def get_coinbase_tx_sum(node: NodeState, asked: CoinbaseSum) -> dict[str, Json]:
    """Answer get_coinbase_tx_sum."""
    height, count, tip = asked.height, asked.count, node.view().tip
    emission = fees = 0
    fits = height <= tip.height and count <= tip.height + 1
    if fits and count:
        last = node.blockchain.chain.at(tip, min(height + count - 1, tip.height))
        emission, fees = last.generated, last.fees
        if height:
            before = node.blockchain.chain.at(tip, height - 1)
            emission, fees = emission - before.generated, fees - before.fees
    return {
        "emission_amount": emission % 2**64,
        "emission_amount_top64": emission >> 64,
        "fee_amount": fees % 2**64,
        "fee_amount_top64": fees >> 64,
        "wide_emission_amount": hex(emission) if fits else "",
        "wide_fee_amount": hex(fees) if fits else "",
        **RPC_PAYMENT_FIELDS,
        **(STATUS_OK if fits else {**STATUS_OK, "status": "height or count is too large"}),
    }


class FeeEstimate(Parameters, frozen=True):
    """The parameters of get_fee_estimate."""

    grace_blocks: U64 = 0


@METHODS.method(FeeEstimate, "get_fee_estimate")
def get_fee_estimate(node: NodeState, asked: FeeEstimate) -> dict[str, Json]:
    """Answer get_fee_estimate."""
    fees = node.blockchain.mining.weights.fees(node.view().tip, asked.grace_blocks)
    return {
        "fee": fees[0],
        "fees": [*fees],
        "quantization_mask": QUANTIZATION,
        **RPC_PAYMENT_FIELDS,
        **STATUS_OK,
    }


class HardForkInfo(Parameters, frozen=True):
    """The parameters of hard_fork_info."""

    version: U8 = 0


@METHODS.method(HardForkInfo, "hard_fork_info")
def hard_fork_info(node: NodeState, asked: HardForkInfo) -> dict[str, Json]:
    """Answer hard_fork_info."""
    tip = node.view().tip
    forks = _FORKS | node.blockchain.forks(node.index)
    newest = max(fork for fork, height in forks.items() if height <= tip.height + 1)
    version = asked.version or newest
    count = tip.height + 1
    window = min(count, _VOTES)
    # The genesis block is of version 1, all others are of regtest's newest, or of a later one of the scenario's.
    votes = window if version == 1 else min(count - 1, _VOTES)
    if version > HARD_FORK:
        votes = sum(block.version >= version for block in node.blockchain.chain.recent(tip, window))
    return {
        "earliest_height": next((height for fork, height in forks.items() if fork >= version), MAX_UINT64),
        "enabled": version <= newest,
        "state": 0,
        "threshold": 0,
        "version": newest,
        "votes": votes,
        "voting": max(forks),
        "window": window,
        **RPC_PAYMENT_FIELDS,
        **STATUS_OK,
    }
