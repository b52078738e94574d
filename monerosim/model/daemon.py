"""A modelled monerod: its methods (src/rpc/core_rpc_server.cpp)."""

from collections.abc import Callable, Mapping

from monerosim.model.address import SUBADDRESS, decode_address
from monerosim.model.blobs import (
    block_blob,
    block_json,
    nonce,
    parse_blob,
    transaction_blob,
    transaction_json,
    versions,
)
from monerosim.model.emission import base_reward
from monerosim.model.fees import PENALTY_FREE_WEIGHT, QUANTIZATION, fees_per_byte
from monerosim.model.jsonrpc import Params, ServiceError, answer, flag, integer, is_hash, mapping, text, texts
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
_NEVER_RELAYED = 2**64 - 1
_PAID: dict[str, Json] = {"credits": 0, "top_hash": ""}
_FINE: dict[str, Json] = {"status": "OK", "untrusted": False}
_REFUSALS = (
    "double_spend",
    "fee_too_low",
    "invalid_input",
    "invalid_output",
    "low_mixin",
    "not_relayed",
    "overspend",
    "sanity_check_failed",
    "too_big",
    "too_few_outputs",
)
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
        address: ``host:port``, for messages and its peers' lists.
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
            "get_block_count": lambda _: {"count": self._count(), **_FINE},
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
            "get_version": lambda _: {"release": False, "version": RPC_VERSION, **_FINE},
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
            "/get_transaction_pool": self._pool,
            "/get_transaction_pool_hashes": self._pool_hashes,
            "/get_transaction_pool_stats": self._pool_stats,
            "/get_transactions": self._transactions,
            "/gettransactions": self._transactions,
            "/send_raw_transaction": self._send_raw,
            "/sendrawtransaction": self._send_raw,
            "/is_key_image_spent": self._key_images_spent,
            "/get_alt_blocks_hashes": self._alternate_hashes,
        }

    def tip(self) -> Block:
        """Give the block this node stands at."""
        return self._world.tip(self.index, self._world.now())

    def _count(self) -> int:
        return self.tip().height + 1

    def _height(self, _params: Params) -> dict[str, Json]:
        tip = self.tip()
        return {"hash": tip.id.hex(), "height": tip.height + 1, **_FINE}

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
            **_PAID,
            **_FINE,
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
        return {"block_header": self._header(tip, tip), **_PAID, **_FINE}

    def _header_by_height(self, params: Params) -> dict[str, Json]:
        tip = self.tip()
        block = self._at_height(integer(params, "height"), tip)
        return {"block_header": self._header(block, tip), **_PAID, **_FINE}

    def _header_by_hash(self, params: Params) -> dict[str, Json]:
        tip, wanted, several = self.tip(), text(params, "hash"), texts(params, "hashes")
        header = self._header(self._by_hash(wanted), tip) if wanted else dict(_NO_BLOCK)
        result: dict[str, Json] = {"block_header": header, **_PAID, **_FINE}
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
        return {"headers": headers, **_PAID, **_FINE}

    def _block(self, params: Params) -> dict[str, Json]:
        tip, wanted = self.tip(), text(params, "hash")
        block = self._by_hash(wanted) if wanted else self._at_height(integer(params, "height"), tip)
        result: dict[str, Json] = {
            "blob": block_blob(block),
            "block_header": self._header(block, tip),
            "json": block_json(block),
            "miner_tx_hash": block.coinbase.id.hex(),
            **_PAID,
            **_FINE,
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
            **_FINE,
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
            return {"height": self._count(), **_FINE}
        blocks: list[Json] = []
        for _ in range(count):
            parent = self._world.mine(self.index, parent, keys)
            blocks.append(parent.id.hex())
        return {"blocks": blocks, "height": parent.height, **_FINE}

    def _connections(self, _params: Params) -> dict[str, Json]:
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
        return {"connections": connections, **_FINE} if connections else dict(_FINE)

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
        return {"chains": chains, **_FINE} if chains else dict(_FINE)

    def _alternate_hashes(self, _params: Params) -> dict[str, Json]:
        hashes: list[Json] = [block.id.hex() for block in self._alternatives(self.tip())]
        return {**({"blks_hashes": hashes} if hashes else {}), **_PAID, **_FINE}

    def _fee_estimate(self, params: Params) -> dict[str, Json]:
        integer(params, "grace_blocks")
        fees = fees_per_byte(base_reward(self.tip().generated))
        return {"fee": fees[0], "fees": list(fees), "quantization_mask": QUANTIZATION, **_PAID, **_FINE}

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
            **_PAID,
            **_FINE,
        }

    def _sync_info(self, _params: Params) -> dict[str, Json]:
        return {
            "height": self._count(),
            "next_needed_pruning_seed": 1,
            "overview": "[]",
            "target_height": 0,
            **_PAID,
            **_FINE,
        }

    def _in_pool(self) -> list[Transaction]:
        return list(self._world.pool(self.index, self._world.now()))

    def _pool(self, _params: Params) -> dict[str, Json]:
        found, pool, tip = self._in_pool(), {**_PAID, **_FINE}, self.tip()
        if found:
            pool["transactions"] = [self._pool_entry(transaction, tip) for transaction in found]
            pool["spent_key_images"] = [
                {"id_hash": output.key_image.hex(), "txs_hashes": [transaction.id.hex()]}
                for transaction in found
                for output in transaction.inputs
            ]
        return pool

    def _pool_entry(self, transaction: Transaction, tip: Block) -> Json:
        chain = self._world.chain
        used = [chain.block_of(tip, output.transaction) for output in transaction.inputs]
        newest = max((block for block in used if block is not None), key=lambda block: block.height, default=tip)
        received = self._world.unix(self._world.arrival(transaction, self.index))
        return {
            "blob_size": transaction.weight,
            "do_not_relay": not transaction.relayed,
            "double_spend_seen": transaction.double_spend_seen,
            "fee": transaction.fee,
            "id_hash": transaction.id.hex(),
            "kept_by_block": False,
            "last_failed_height": 0,
            "last_failed_id_hash": bytes(32).hex(),
            "last_relayed_time": received if transaction.relayed else _NEVER_RELAYED,
            "max_used_block_height": newest.height,
            "max_used_block_id_hash": newest.id.hex(),
            "receive_time": received,
            "relayed": transaction.relayed,
            "tx_blob": transaction_blob(transaction.id),
            "tx_json": transaction_json(transaction),
            "weight": transaction.weight,
        }

    def _pool_hashes(self, _params: Params) -> dict[str, Json]:
        hashes: list[Json] = [transaction.id.hex() for transaction in self._in_pool()]
        return {**({"tx_hashes": hashes} if hashes else {}), **_PAID, **_FINE}

    def _pool_stats(self, _params: Params) -> dict[str, Json]:
        found, now = self._in_pool(), self._world.now()
        sizes = sorted(transaction.weight for transaction in found)
        received = [self._world.arrival(transaction, self.index) for transaction in found]
        stats: dict[str, Json] = {
            "bytes_max": max(sizes, default=0),
            "bytes_med": sizes[len(sizes) // 2] if sizes else 0,
            "bytes_min": min(sizes, default=0),
            "bytes_total": sum(sizes),
            "fee_total": sum(transaction.fee for transaction in found),
            "histo_98pc": 0,
            "num_10m": sum(now - at > 600 * SECOND for at in received),
            "num_double_spends": sum(transaction.double_spend_seen for transaction in found),
            "num_failing": 0,
            "num_not_relayed": sum(not transaction.relayed for transaction in found),
            "oldest": self._world.unix(min(received)) if received else 0,
            "txs_total": len(found),
        }
        return {"pool_stats": stats, **_PAID, **_FINE}

    def _transactions(self, params: Params) -> dict[str, Json]:
        wanted = texts(params, "txs_hashes")
        if not all(is_hash(identity) for identity in wanted):
            return {**_PAID, "status": "Failed to parse hex representation of transaction hash", "untrusted": False}
        decode, prune = flag(params, "decode_as_json"), flag(params, "prune")
        found: list[Json] = []
        missed: list[Json] = []
        blobs: list[Json] = []
        for identity in wanted:
            entry = self._transaction_entry(bytes.fromhex(identity), decode=decode, prune=prune)
            if entry is None:
                missed.append(identity)
            else:
                found.append(entry)
                blobs.append(entry["as_hex"])
        result: dict[str, Json] = {**_PAID, **_FINE}
        if found:
            result["txs"], result["txs_as_hex"] = found, blobs
            if decode:
                result["txs_as_json"] = [entry["as_json"] for entry in found if isinstance(entry, dict)]
        if missed:
            result["missed_tx"] = missed
        return result

    def _transaction_entry(self, identity: bytes, *, decode: bool, prune: bool) -> dict[str, Json] | None:
        world, tip = self._world, self.tip()
        transaction = world.find(identity)
        if transaction is None:
            return None
        block = world.chain.block_of(tip, transaction)
        pending = block is None and world.pending(transaction, self.index, world.now(), tip)
        if block is None and not pending:
            return None
        blob = transaction_blob(identity)
        entry: dict[str, Json] = {
            "as_hex": "" if prune and not decode else blob,
            "as_json": transaction_json(transaction) if decode else "",
            "double_spend_seen": block is None and transaction.double_spend_seen,
            "in_pool": block is None,
            "prunable_as_hex": "",
            "prunable_hash": world.digest("prunable", identity).hex(),
            "pruned_as_hex": blob if prune and not decode else "",
            "tx_hash": identity.hex(),
        }
        if block is None:
            entry["received_timestamp"] = world.unix(world.arrival(transaction, self.index))
            entry["relayed"] = transaction.relayed
        else:
            entry["block_height"], entry["block_timestamp"] = block.height, block.timestamp
            entry["confirmations"] = tip.height + 1 - block.height
            entry["output_indices"] = list(world.chain.output_indices(block, transaction))
        return entry

    def accept(self, transaction: Transaction, *, relay: bool) -> str:
        """Take a transaction into the pool.

        Returns:
            Why not, as a field of send_raw_transaction's answer; empty if taken or known already.
        """
        world, tip = self._world, self.tip()
        now = world.now()
        if world.known(transaction, self.index, now):
            if relay and not transaction.relayed:
                world.release(transaction, self.index, relay=True)
            return ""
        for output in transaction.inputs:
            if world.chain.spent(tip, output):
                return "double_spend"
            for other in output.spenders:
                if other is not transaction and world.pending(other, self.index, now, tip):
                    other.double_spend_seen = True
                    return "double_spend"
            if not world.chain.spendable(tip, output):
                return "invalid_input"
        least = fees_per_byte(base_reward(tip.generated))[0] * transaction.weight
        if transaction.fee * 100 < least * 98:
            return "fee_too_low"
        world.release(transaction, self.index, relay=relay)
        return ""

    def _send_raw(self, params: Params) -> dict[str, Json]:
        relay = not flag(params, "do_not_relay")
        result: dict[str, Json] = {**_PAID, **dict.fromkeys(_REFUSALS, False), "reason": "", "untrusted": False}
        result["status"] = "Failed"
        try:
            identity = parse_blob(text(params, "tx_as_hex"))
        except ValueError:
            return result
        transaction = self._world.find(identity)
        if transaction is None:
            return {**result, "reason": "Sanity check failed", "sanity_check_failed": True}
        known = self._world.known(transaction, self.index, self._world.now())
        refused = self.accept(transaction, relay=relay)
        if refused:
            result[refused] = True
            if refused == "double_spend" and self._world.chain.block_of(self.tip(), transaction) is None:
                result["invalid_input"] = any(
                    self._world.chain.spent(self.tip(), output) for output in transaction.inputs
                )
            return result
        result["status"] = "OK"
        if known or not relay:
            result["not_relayed"], result["reason"] = True, "Not relayed"
        return result

    def _key_images_spent(self, params: Params) -> dict[str, Json]:
        wanted = texts(params, "key_images")
        if not all(is_hash(image) for image in wanted):
            return {**_PAID, "status": "Failed to parse hex representation of key image", "untrusted": False}
        status: list[Json] = [self._world.image_status(self.index, bytes.fromhex(image)) for image in wanted]
        return {**({"spent_status": status} if status else {}), **_PAID, **_FINE}
