"""A modelled monerod: its methods (src/rpc/core_rpc_server.cpp)."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

from monerosim.model import daemon_mining as mining
from monerosim.model import daemon_transactions as transactions
from monerosim.model.blobs import block_blob, block_json, nonce, versions
from monerosim.model.blockchain import Blockchain
from monerosim.model.daemon_transactions import RPC_PAYMENT_FIELDS, STATUS_OK
from monerosim.model.jsonrpc import (
    JSON_RPC,
    MAX_UINT64,
    HttpStatusError,
    Params,
    ServiceError,
    answer,
    flag,
    integer,
    is_hash,
    mapping,
    no_method,
    text,
    texts,
    wide,
)
from monerosim.model.records import Block, Transaction
from monerosim.model.views import View
from monerosim.monero.difficulty import TARGET
from monerosim.monero.fees import QUANTIZATION
from monerosim.network.relay import Peer
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

VERSION = "0.18.0.0-unknown"
RPC_VERSION = 196_618
"""``CORE_RPC_VERSION`` of 0.18.0: 3.10."""

_FORKS = {1: 0, 16: 1}
"""The height from which each version is in force on regtest (``Blockchain::init``)."""

_NEWEST = 16
_MAX_VERSION = 255
_VOTES = 10_080
"""Blocks whose versions are counted (``DEFAULT_WINDOW_SIZE`` in src/cryptonote_basic/hardfork.h)."""

_NO_BLOCK: dict[str, Json] = {
    "block_size": 0,
    "cumulative_difficulty": 0,
    "cumulative_difficulty_top64": 0,
    "depth": 0,
    "difficulty": 0,
    "difficulty_top64": 0,
    "hash": "",
    "height": 0,
    "major_version": 0,
    "miner_tx_hash": "",
    "minor_version": 0,
    "nonce": 0,
    "num_txes": 0,
    "orphan_status": False,
    "pow_hash": "",
    "prev_hash": "",
    "reward": 0,
    "timestamp": 0,
    "wide_cumulative_difficulty": "",
    "wide_difficulty": "",
}


class Daemon:
    """One monerod.

    Args:
        blockchain: The run's blocks and transactions.
        index: Its node in the network.
        ready_at: When it begins to answer, microseconds.
        address: ``host:port`` where its peers reach it, for their lists and for messages.
    """

    def __init__(self, blockchain: Blockchain, index: int, *, ready_at: int, address: str) -> None:
        self.index = index
        self.ready_at = ready_at
        self.address = address
        self._blockchain = blockchain
        self._others: dict[int, Daemon] = {}
        self._methods = self._table()
        self._paths = self._path_table()

    def meet(self, others: "Iterable[Daemon]") -> None:
        """Get to know other daemons: those that are its peers are listed as its connections while they are up."""
        self._others.update((other.index, other) for other in others)

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            RpcUnavailableError: The daemon is not up yet.
            HttpStatusError: The path is unknown, or the request unreadable.
        """
        if self._blockchain.now() < self.ready_at:
            raise RpcUnavailableError(f"{self.address} does not answer: connection refused")
        if path == JSON_RPC:
            return answer(body, self._call)
        found = self._paths.get(path)
        if found is None:
            raise HttpStatusError(HTTPStatus.NOT_FOUND, self.address)
        try:
            return found(body)
        except ServiceError as error:
            raise HttpStatusError(HTTPStatus.BAD_REQUEST, self.address) from error

    def _call(self, method: str, params: Json) -> Json:
        if method in {"on_get_block_hash", "on_getblockhash"}:
            return self._block_hash(params)
        found = self._methods.get(method)
        if found is None:
            raise no_method()
        return found(mapping(params))

    def _table(self) -> dict[str, Callable[[Params], dict[str, Json]]]:
        table = {
            "get_info": self._info,
            "get_block_count": lambda _: {"count": self._count(), **STATUS_OK},
            "get_block_template": self._bound(mining.block_template),
            "get_block": self._block,
            "get_last_block_header": self._last_header,
            "get_block_header_by_hash": self._header_by_hash,
            "get_block_header_by_height": self._header_by_height,
            "get_block_headers_range": self._headers_range,
            "generateblocks": self._bound(mining.generate),
            "get_connections": self._connections,
            "get_alternate_chains": self._alternate_chains,
            "get_coinbase_tx_sum": self._coinbase_sum,
            "get_fee_estimate": self._fee_estimate,
            "hard_fork_info": self._hard_fork,
            "get_version": lambda _: {"release": False, "version": RPC_VERSION, **STATUS_OK},
            "sync_info": self._sync_info,
        }
        for alias in ("info", "block", "lastblockheader", "blockheaderbyhash", "blockheaderbyheight"):
            full = next(name for name in table if name.replace("_", "") == f"get{alias}")
            table[f"get{alias}"] = table[full]
        table["getblockcount"] = table["get_block_count"]
        table["getblocktemplate"] = table["get_block_template"]
        table["getblockheadersrange"] = table["get_block_headers_range"]
        return table

    def _path_table(self) -> dict[str, Callable[[Params], dict[str, Json]]]:
        return {
            "/get_height": self._height,
            "/getheight": self._height,
            "/get_info": self._info,
            "/getinfo": self._info,
            "/get_transaction_pool": self._bound(transactions.pool),
            "/get_transaction_pool_hashes": self._bound(transactions.pool_hashes),
            "/get_transaction_pool_stats": self._bound(transactions.pool_stats),
            "/get_transactions": self._bound(transactions.transactions),
            "/gettransactions": self._bound(transactions.transactions),
            "/send_raw_transaction": self._bound(transactions.send_raw),
            "/sendrawtransaction": self._bound(transactions.send_raw),
            "/is_key_image_spent": self._bound(transactions.key_images_spent),
            "/get_alt_blocks_hashes": self._alternate_hashes,
        }

    def _bound(
        self, method: Callable[[Blockchain, View, Params], dict[str, Json]]
    ) -> Callable[[Params], dict[str, Json]]:
        return lambda params: method(self._blockchain, self.view(), params)

    def accept(self, transaction: Transaction, *, relay: bool) -> str:
        """Take a transaction into this node's pool (:meth:`monerosim.model.txpool.Txpool.accept`)."""
        return self._blockchain.txpool.accept(self.view(), transaction, relay=relay)

    def view(self) -> View:
        """Return what this node sees now."""
        return self._blockchain.view(self.index)

    def _count(self) -> int:
        return self.view().tip.height + 1

    def _height(self, _params: Params) -> dict[str, Json]:
        tip = self.view().tip
        return {"hash": tip.id.hex(), "height": tip.height + 1, **STATUS_OK}

    def _info(self, _params: Params) -> dict[str, Json]:
        blockchain, view = self._blockchain, self.view()
        tip = view.tip
        connected = [peer for peer, _ in self._connected(view)]
        incoming = sum(peer.incoming for peer in connected)
        offline = not blockchain.network.peers(self.index)
        return {
            "adjusted_time": blockchain.unix(view.at),
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
            "start_time": blockchain.unix(self.ready_at),
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
            "white_peerlist_size": 0,
            **RPC_PAYMENT_FIELDS,
            **STATUS_OK,
        }

    def _connected(self, view: View) -> list[tuple[Peer, "Daemon"]]:
        """Return the peers that are up."""
        found = ((peer, self._others.get(peer.node)) for peer in self._blockchain.network.peers(self.index))
        return [(peer, other) for peer, other in found if other is not None and view.at >= other.ready_at]

    def _block_hash(self, params: Json) -> str:
        if not isinstance(params, list) or len(params) != 1:
            raise ServiceError(-1, "Wrong parameters, expected height")
        height, tip = integer({"height": params[0]}, "height"), self.view().tip
        return bytes(32).hex() if height > tip.height else self._blockchain.chain.at(tip, height).id.hex()

    def _at_height(self, height: int, tip: Block) -> Block:
        if height > tip.height:
            raise ServiceError(
                -2, f"Requested block height: {height} greater than current top block height: {tip.height}"
            )
        return self._blockchain.chain.at(tip, height)

    def _by_hash(self, wanted: str, view: View) -> Block:
        if not is_hash(wanted):
            raise ServiceError(-1, f"Failed to parse hex representation of block hash. Hex = {wanted}.")
        block = self._blockchain.chain.by_id.get(bytes.fromhex(wanted))
        if block is None or not self._blockchain.views.knows(view, block):
            raise ServiceError(-5, f"Internal error: can't get block by hash. Hash = {wanted}.")
        return block

    def _header(self, block: Block, tip: Block, *, proof: bool) -> dict[str, Json]:
        major, minor = versions(block)
        return {
            "block_size": block.weight,
            "block_weight": block.weight,
            **wide("cumulative_difficulty", block.cumulative_difficulty),
            "depth": max(tip.height - block.height, 0),
            **wide("difficulty", block.difficulty),
            "hash": block.id.hex(),
            "height": block.height,
            "long_term_weight": block.long_term_weight,
            "major_version": major,
            "miner_tx_hash": block.coinbase.id.hex(),
            "minor_version": minor,
            "nonce": nonce(block),
            "num_txes": len(block.transactions),
            "orphan_status": not self._blockchain.chain.contains(tip, block),
            "pow_hash": self._blockchain.digest("proof of work", block.id).hex() if proof else "",
            "prev_hash": bytes(32).hex() if block.parent is None else block.parent.id.hex(),
            "reward": block.reward,
            "timestamp": block.timestamp,
        }

    def _last_header(self, params: Params) -> dict[str, Json]:
        tip = self.view().tip
        return {"block_header": self._header(tip, tip, proof=_proof(params)), **RPC_PAYMENT_FIELDS, **STATUS_OK}

    def _header_by_height(self, params: Params) -> dict[str, Json]:
        tip = self.view().tip
        block = self._at_height(integer(params, "height"), tip)
        return {"block_header": self._header(block, tip, proof=_proof(params)), **RPC_PAYMENT_FIELDS, **STATUS_OK}

    def _header_by_hash(self, params: Params) -> dict[str, Json]:
        view, wanted, several = self.view(), text(params, "hash"), texts(params, "hashes")
        proof = _proof(params)
        header = self._header(self._by_hash(wanted, view), view.tip, proof=proof) if wanted else dict(_NO_BLOCK)
        result: dict[str, Json] = {"block_header": header, **RPC_PAYMENT_FIELDS, **STATUS_OK}
        if several:
            result["block_headers"] = [
                self._header(self._by_hash(entry, view), view.tip, proof=proof) for entry in several
            ]
        return result

    def _headers_range(self, params: Params) -> dict[str, Json]:
        tip = self.view().tip
        first, last, proof = integer(params, "start_height"), integer(params, "end_height"), _proof(params)
        if not first <= last <= tip.height:
            raise ServiceError(-2, "Invalid start/end heights.")
        headers: list[Json] = [
            self._header(self._blockchain.chain.at(tip, height), tip, proof=proof) for height in range(first, last + 1)
        ]
        return {"headers": headers, **RPC_PAYMENT_FIELDS, **STATUS_OK}

    def _block(self, params: Params) -> dict[str, Json]:
        view, wanted = self.view(), text(params, "hash")
        tip = view.tip
        block = self._by_hash(wanted, view) if wanted else self._at_height(integer(params, "height"), tip)
        result: dict[str, Json] = {
            "blob": block_blob(block),
            "block_header": self._header(block, tip, proof=_proof(params)),
            "json": block_json(block),
            "miner_tx_hash": block.coinbase.id.hex(),
            **RPC_PAYMENT_FIELDS,
            **STATUS_OK,
        }
        if block.transactions:
            result["tx_hashes"] = [transaction.id.hex() for transaction in block.transactions]
        return result

    def _connections(self, _params: Params) -> dict[str, Json]:
        connections = self._peers(self.view())
        return {"connections": connections, **STATUS_OK} if connections else dict(STATUS_OK)

    def _peers(self, view: View) -> list[Json]:
        connections: list[Json] = []
        for peer, other in self._connected(view):
            host, _, port = other.address.rpartition(":")
            # Each end has its own name for a connection.
            identity = self._blockchain.digest("connection", str(self.index).encode(), str(peer.node).encode())
            live = (view.at - max(self.ready_at, other.ready_at)) // SECOND
            connections.append(
                {
                    "address": other.address,
                    "address_type": 1,
                    "avg_download": 0,
                    "avg_upload": 0,
                    "connection_id": identity[:16].hex(),
                    "current_download": 0,
                    "current_upload": 0,
                    "height": min(self._blockchain.view(peer.node, view.at).tip.height, view.tip.height) + 1,
                    "host": host,
                    "incoming": peer.incoming,
                    "ip": host,
                    "live_time": live,
                    "local_ip": False,
                    "localhost": False,
                    "peer_id": self._blockchain.digest("peer", str(peer.node).encode())[:8].hex(),
                    "port": port,
                    "pruning_seed": 0,
                    "recv_count": 0,
                    "recv_idle_time": 0,
                    "rpc_credits_per_hash": 0,
                    "rpc_port": 0,
                    "send_count": 0,
                    "send_idle_time": 0,
                    "state": "normal",
                    "support_flags": 1,
                }
            )
        return connections

    def _alternate_chains(self, _params: Params) -> dict[str, Json]:
        view = self.view()
        known = self._blockchain.views.alternative_blocks(view)
        inner = {block.parent for block in known}
        chains: list[Json] = []
        for last in known:
            if last in inner:
                continue
            branch: list[Block] = []
            step: Block | None = last
            while step is not None and not self._blockchain.chain.contains(view.tip, step):
                branch.append(step)
                step = step.parent
            hashes: list[Json] = [block.id.hex() for block in branch]
            chains.append(
                {
                    "block_hash": last.id.hex(),
                    "block_hashes": hashes,
                    **wide("difficulty", last.cumulative_difficulty),
                    "height": last.height,
                    "length": len(branch),
                    "main_chain_parent_block": "" if step is None else step.id.hex(),
                }
            )
        return {"chains": chains, **STATUS_OK} if chains else dict(STATUS_OK)

    def _alternate_hashes(self, _params: Params) -> dict[str, Json]:
        known = self._blockchain.views.alternative_blocks(self.view())
        hashes: list[Json] = [block.id.hex() for block in known]
        return {**({"blks_hashes": hashes} if hashes else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}

    def _coinbase_sum(self, params: Params) -> dict[str, Json]:
        height, count, tip = integer(params, "height"), integer(params, "count"), self.view().tip
        emission = fees = 0
        fits = height <= tip.height and count <= tip.height + 1
        if fits and count:
            last = self._blockchain.chain.at(tip, min(height + count - 1, tip.height))
            emission, fees = last.generated, last.fees
            if height:
                before = self._blockchain.chain.at(tip, height - 1)
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

    def _fee_estimate(self, params: Params) -> dict[str, Json]:
        fees = self._blockchain.mining.weights.fees(self.view().tip, integer(params, "grace_blocks"))
        return {
            "fee": fees[0],
            "fees": [*fees],
            "quantization_mask": QUANTIZATION,
            **RPC_PAYMENT_FIELDS,
            **STATUS_OK,
        }

    def _hard_fork(self, params: Params) -> dict[str, Json]:
        version = integer(params, "version", largest=_MAX_VERSION) or _NEWEST
        count = self._count()
        window = min(count, _VOTES)
        # The genesis block is of version 1, all others are of the newest.
        votes = 0 if version > _NEWEST else window if version == 1 else min(count - 1, _VOTES)
        return {
            "earliest_height": next((height for fork, height in _FORKS.items() if fork >= version), MAX_UINT64),
            "enabled": version <= _NEWEST,
            "state": 0,
            "threshold": 0,
            "version": _NEWEST,
            "votes": votes,
            "voting": _NEWEST,
            "window": window,
            **RPC_PAYMENT_FIELDS,
            **STATUS_OK,
        }

    def _sync_info(self, _params: Params) -> dict[str, Json]:
        view = self.view()
        peers: list[Json] = [{"info": peer} for peer in self._peers(view)]
        return {
            **({"peers": peers} if peers else {}),
            "height": view.tip.height + 1,
            "next_needed_pruning_seed": 1,
            "overview": "[]",
            "target_height": 0,
            **RPC_PAYMENT_FIELDS,
            **STATUS_OK,
        }


def _proof(params: Params) -> bool:
    """Return whether headers are asked for with their proof-of-work hash."""
    return flag(params, "fill_pow_hash")
