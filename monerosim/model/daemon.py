"""A modelled monerod: its methods (src/rpc/core_rpc_server.cpp)."""

from collections.abc import Callable, Mapping

from monerosim.model import daemon_transactions as transactions
from monerosim.model.address import SUBADDRESS, decode_address
from monerosim.model.blobs import (
    block_blob,
    block_json,
    nonce,
    versions,
)
from monerosim.model.daemon_transactions import FINE, PAID
from monerosim.model.emission import base_reward
from monerosim.model.fees import PENALTY_FREE_WEIGHT, QUANTIZATION, fees_per_byte
from monerosim.model.jsonrpc import Params, ServiceError, answer, integer, is_hash, mapping, text, texts
from monerosim.model.records import Block, Transaction
from monerosim.model.world import World
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

VERSION = "0.18.0.0-unknown"
RPC_VERSION = 196_618
"""``CORE_RPC_VERSION`` of 0.18.0: 3.10."""

LONG_TERM_WEIGHT = 176_470
"""The least long-term weight: :data:`PENALTY_FREE_WEIGHT` over 1.7."""

_MAX_BLOCKS = 2**31
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
        world: The run's chain.
        index: Its node in the network.
        ready_at: When it begins to answer, microseconds.
        address: ``host:port`` where its peers reach it, for their lists and for messages.
    """

    def __init__(self, world: World, index: int, *, ready_at: int, address: str) -> None:
        self.index = index
        self.ready_at = ready_at
        self.address = address
        self._world = world
        world.daemons[index] = self
        self._methods = self._table()
        self._paths = self._path_table()

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            RpcUnavailableError: It is not up yet, or does not know the path.
        """
        if self._world.now() < self.ready_at:
            raise RpcUnavailableError(f"{self.address} does not answer: connection refused")
        if path == "/json_rpc":
            return answer(body, self._call)
        found = self._paths.get(path)
        if found is None:
            raise RpcUnavailableError(f"{self.address} does not know {path}: HTTP status 404")
        try:
            return found(body)
        except ServiceError as error:
            return {"error": {"code": error.code, "message": error.message}, "status": "Failed", "untrusted": False}

    def _call(self, method: str, params: Json) -> Json:
        if method in {"on_get_block_hash", "on_getblockhash"}:
            return self._block_hash(params)
        found = self._methods.get(method)
        if found is None:
            raise ServiceError(-32601, "Method not found")
        return found(mapping(params))

    def _table(self) -> dict[str, Callable[[Params], dict[str, Json]]]:
        table = {
            "get_info": self._info,
            "get_block_count": lambda _: {"count": self._count(), **FINE},
            "get_block_template": self._template,
            "get_block": self._block,
            "get_last_block_header": self._last_header,
            "get_block_header_by_hash": self._header_by_hash,
            "get_block_header_by_height": self._header_by_height,
            "get_block_headers_range": self._headers_range,
            "generateblocks": self._generate,
            "get_connections": self._connections,
            "get_alternate_chains": self._alternate_chains,
            "get_fee_estimate": self._fee_estimate,
            "hard_fork_info": self._hard_fork,
            "get_version": lambda _: {"release": False, "version": RPC_VERSION, **FINE},
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

    def _bound(self, method: Callable[[World, int, Params], dict[str, Json]]) -> Callable[[Params], dict[str, Json]]:
        return lambda params: method(self._world, self.index, params)

    def accept(self, transaction: Transaction, *, relay: bool) -> str:
        """Take a transaction into the pool (:func:`monerosim.model.daemon_transactions.accept`)."""
        return transactions.accept(self._world, self.index, transaction, relay=relay)

    def tip(self) -> Block:
        """Give the block this node stands at."""
        return self._world.tip(self.index, self._world.now())

    def _count(self) -> int:
        return self.tip().height + 1

    def _height(self, _params: Params) -> dict[str, Json]:
        tip = self.tip()
        return {"hash": tip.id.hex(), "height": tip.height + 1, **FINE}

    def _info(self, _params: Params) -> dict[str, Json]:
        world, tip = self._world, self.tip()
        now = world.now()
        incoming, outgoing = self._peer_counts()
        work, difficulty = tip.cumulative_difficulty, world.difficulty
        return {
            "adjusted_time": world.unix(now),
            "alt_blocks_count": len(self._alternatives(tip)),
            "block_size_limit": 2 * PENALTY_FREE_WEIGHT,
            "block_size_median": PENALTY_FREE_WEIGHT,
            "block_weight_limit": 2 * PENALTY_FREE_WEIGHT,
            "block_weight_median": PENALTY_FREE_WEIGHT,
            "bootstrap_daemon_address": "",
            "busy_syncing": False,
            "cumulative_difficulty": work,
            "cumulative_difficulty_top64": 0,
            "database_size": 1 << 30,
            "difficulty": difficulty,
            "difficulty_top64": 0,
            "free_space": 1 << 36,
            "grey_peerlist_size": 0,
            "height": tip.height + 1,
            "height_without_bootstrap": tip.height + 1,
            "incoming_connections_count": incoming,
            "mainnet": False,
            "nettype": "fakechain",
            "offline": not incoming + outgoing,
            "outgoing_connections_count": outgoing,
            "restricted": False,
            "rpc_connections_count": 1,
            "stagenet": False,
            "start_time": world.unix(self.ready_at),
            "synchronized": True,
            "target": 120,
            "target_height": 0,
            "testnet": False,
            "top_block_hash": tip.id.hex(),
            "tx_count": tip.transaction_count,
            "tx_pool_size": sum(1 for _ in world.pool(self.index, now)),
            "update_available": False,
            "version": VERSION,
            "was_bootstrap_ever_used": False,
            "white_peerlist_size": incoming + outgoing,
            "wide_cumulative_difficulty": hex(work),
            "wide_difficulty": hex(difficulty),
            **PAID,
            **FINE,
        }

    def _peer_counts(self) -> tuple[int, int]:
        peers = self._world.peers(self.index)
        incoming = sum(peer.incoming for peer in peers)
        return incoming, len(peers) - incoming

    def _block_hash(self, params: Json) -> str:
        if not isinstance(params, list) or len(params) != 1:
            raise ServiceError(-1, "Wrong parameters, expected height")
        height, tip = integer({"height": params[0]}, "height"), self.tip()
        return bytes(32).hex() if height > tip.height else self._world.chain.at(tip, height).id.hex()

    def _at_height(self, height: int, tip: Block) -> Block:
        if height > tip.height:
            raise ServiceError(
                -2, f"Requested block height: {height} greater than current top block height: {tip.height}"
            )
        return self._world.chain.at(tip, height)

    def _by_hash(self, wanted: str) -> Block:
        if not is_hash(wanted):
            raise ServiceError(-1, f"Failed to parse hex representation of block hash. Hex = {wanted}.")
        block = self._world.chain.by_id.get(bytes.fromhex(wanted))
        if block is None or not self._world.knows(self.index, block, self._world.now()):
            raise ServiceError(-5, f"Internal error: can't get block by hash. Hash = {wanted}.")
        return block

    def _header(self, block: Block, tip: Block) -> dict[str, Json]:
        work, difficulty = block.cumulative_difficulty, 1 if block.parent is None else self._world.difficulty
        major, minor = versions(block)
        return {
            "block_size": block.weight,
            "block_weight": block.weight,
            "cumulative_difficulty": work,
            "cumulative_difficulty_top64": 0,
            "depth": max(tip.height - block.height, 0),
            "difficulty": difficulty,
            "difficulty_top64": 0,
            "hash": block.id.hex(),
            "height": block.height,
            "long_term_weight": block.weight if block.parent is None else LONG_TERM_WEIGHT,
            "major_version": major,
            "miner_tx_hash": block.coinbase.id.hex(),
            "minor_version": minor,
            "nonce": nonce(block),
            "num_txes": len(block.transactions),
            "orphan_status": not self._world.chain.contains(tip, block),
            "pow_hash": "",
            "prev_hash": bytes(32).hex() if block.parent is None else block.parent.id.hex(),
            "reward": block.reward,
            "timestamp": block.timestamp,
            "wide_cumulative_difficulty": hex(work),
            "wide_difficulty": hex(difficulty),
        }

    def _last_header(self, _params: Params) -> dict[str, Json]:
        tip = self.tip()
        return {"block_header": self._header(tip, tip), **PAID, **FINE}

    def _header_by_height(self, params: Params) -> dict[str, Json]:
        tip = self.tip()
        block = self._at_height(integer(params, "height"), tip)
        return {"block_header": self._header(block, tip), **PAID, **FINE}

    def _header_by_hash(self, params: Params) -> dict[str, Json]:
        tip, wanted, several = self.tip(), text(params, "hash"), texts(params, "hashes")
        header = self._header(self._by_hash(wanted), tip) if wanted else dict(_NO_BLOCK)
        result: dict[str, Json] = {"block_header": header, **PAID, **FINE}
        if several:
            result["block_headers"] = [self._header(self._by_hash(entry), tip) for entry in several]
        return result

    def _headers_range(self, params: Params) -> dict[str, Json]:
        tip = self.tip()
        first, last = integer(params, "start_height"), integer(params, "end_height")
        if not first <= last <= tip.height:
            raise ServiceError(-2, "Invalid start/end heights.")
        headers: list[Json] = [
            self._header(self._world.chain.at(tip, height), tip) for height in range(first, last + 1)
        ]
        return {"headers": headers, **PAID, **FINE}

    def _block(self, params: Params) -> dict[str, Json]:
        tip, wanted = self.tip(), text(params, "hash")
        block = self._by_hash(wanted) if wanted else self._at_height(integer(params, "height"), tip)
        result: dict[str, Json] = {
            "blob": block_blob(block),
            "block_header": self._header(block, tip),
            "json": block_json(block),
            "miner_tx_hash": block.coinbase.id.hex(),
            **PAID,
            **FINE,
        }
        if block.transactions:
            result["tx_hashes"] = [transaction.id.hex() for transaction in block.transactions]
        return result

    def _miner_keys(self, params: Params) -> bytes:
        try:
            address = decode_address(text(params, "wallet_address"))
        except ValueError:
            raise ServiceError(-4, "Failed to parse wallet address") from None
        if address.kind == SUBADDRESS:
            raise ServiceError(-4, "Mining to subaddress is not supported yet")
        return address.keys

    def _template(self, params: Params) -> dict[str, Json]:
        reserve = integer(params, "reserve_size")
        if reserve > 255:  # noqa: PLR2004  (one byte says its length)
            raise ServiceError(-3, "Too big reserved size, maximum 255")
        keys, tip = self._miner_keys(params), self.tip()
        _, fees, _ = self._world.template(self.index, tip)
        blob = (b"monerosim template" + tip.id + keys + bytes(reserve)).hex()
        return {
            "blockhashing_blob": blob,
            "blocktemplate_blob": blob,
            "difficulty": self._world.difficulty,
            "difficulty_top64": 0,
            "expected_reward": base_reward(tip.generated) + fees,
            "height": tip.height + 1,
            "next_seed_hash": "",
            "prev_hash": tip.id.hex(),
            "reserved_offset": len(blob) // 2 - reserve,
            "seed_hash": self._world.chain.main[0].id.hex(),
            "seed_height": 0,
            "wide_difficulty": hex(self._world.difficulty),
            **FINE,
        }

    def _generate(self, params: Params) -> dict[str, Json]:
        count, keys = integer(params, "amount_of_blocks", largest=_MAX_BLOCKS), self._miner_keys(params)
        wanted, parent = text(params, "prev_block"), self.tip()
        if wanted:
            if not is_hash(wanted):
                raise ServiceError(-5, "Invalid prev_block")
            found = self._world.chain.by_id.get(bytes.fromhex(wanted))
            if found is None or not self._world.knows(self.index, found, self._world.now()):
                raise ServiceError(-5, "Internal error: failed to create block template")
            parent = found
        if not count:
            return {"height": self._count(), **FINE}
        blocks: list[Json] = []
        for _ in range(count):
            parent = self._world.mine(self.index, parent, keys)
            blocks.append(parent.id.hex())
        return {"blocks": blocks, "height": parent.height, **FINE}

    def _connections(self, _params: Params) -> dict[str, Json]:
        connections = self._peers()
        return {"connections": connections, **FINE} if connections else dict(FINE)

    def _peers(self) -> list[Json]:
        tip, now = self.tip(), self._world.now()
        connections: list[Json] = []
        for peer in self._world.peers(self.index):
            other = self._world.daemons.get(peer.node)
            if other is None or now < other.ready_at:
                continue
            host, _, port = other.address.rpartition(":")
            identity = self._world.digest("connection", *(str(end).encode() for end in sorted((self.index, peer.node))))
            live = (now - max(self.ready_at, other.ready_at)) // SECOND
            connections.append(
                {
                    "address": other.address,
                    "address_type": 1,
                    "avg_download": 0,
                    "avg_upload": 0,
                    "connection_id": identity[:16].hex(),
                    "current_download": 0,
                    "current_upload": 0,
                    "height": min(other.tip().height, tip.height) + 1,
                    "host": host,
                    "incoming": peer.incoming,
                    "ip": host,
                    "live_time": live,
                    "local_ip": False,
                    "localhost": False,
                    "peer_id": self._world.digest("peer", str(peer.node).encode())[:8].hex(),
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

    def _alternatives(self, tip: Block) -> list[Block]:
        """List the blocks this node knows off its chain, in the order of finding."""
        return self._world.off_chain(self.index, tip)

    def _alternate_chains(self, _params: Params) -> dict[str, Json]:
        tip = self.tip()
        known = self._alternatives(tip)
        inner = {block.parent for block in known}
        chains: list[Json] = []
        for last in known:
            if last in inner:
                continue
            branch: list[Block] = []
            step: Block | None = last
            while step is not None and not self._world.chain.contains(tip, step):
                branch.append(step)
                step = step.parent
            hashes: list[Json] = [block.id.hex() for block in branch]
            chains.append(
                {
                    "block_hash": last.id.hex(),
                    "block_hashes": hashes,
                    "difficulty": last.cumulative_difficulty,
                    "difficulty_top64": 0,
                    "height": last.height,
                    "length": len(branch),
                    "main_chain_parent_block": "" if step is None else step.id.hex(),
                    "wide_difficulty": hex(last.cumulative_difficulty),
                }
            )
        return {"chains": chains, **FINE} if chains else dict(FINE)

    def _alternate_hashes(self, _params: Params) -> dict[str, Json]:
        hashes: list[Json] = [block.id.hex() for block in self._alternatives(self.tip())]
        return {**({"blks_hashes": hashes} if hashes else {}), **PAID, **FINE}

    def _fee_estimate(self, params: Params) -> dict[str, Json]:
        integer(params, "grace_blocks")
        fees = fees_per_byte(base_reward(self.tip().generated))
        return {"fee": fees[0], "fees": list(fees), "quantization_mask": QUANTIZATION, **PAID, **FINE}

    def _hard_fork(self, _params: Params) -> dict[str, Json]:
        count = self._count()
        return {
            "earliest_height": 1,
            "enabled": True,
            "state": 0,
            "threshold": 0,
            "version": 16,
            "votes": min(count - 1, 10_080),
            "voting": 16,
            "window": min(count, 10_080),
            **PAID,
            **FINE,
        }

    def _sync_info(self, _params: Params) -> dict[str, Json]:
        peers: list[Json] = [{"info": peer} for peer in self._peers()]
        return {
            **({"peers": peers} if peers else {}),
            "height": self._count(),
            "next_needed_pruning_seed": 1,
            "overview": "[]",
            "target_height": 0,
            **PAID,
            **FINE,
        }
