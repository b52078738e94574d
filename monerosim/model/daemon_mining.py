"""The methods of monerod that make blocks (src/rpc/core_rpc_server.cpp)."""

from typing import Annotated

from monerosim.model.errors import ServiceError, invalid_params
from monerosim.model.jsonrpc import Methods
from monerosim.model.node_state import STATUS_OK, NodeState, wide
from monerosim.model.parameters import U32, U64, UNHEEDED, Parameters, is_hash, is_hex
from monerosim.model.records import Block
from monerosim.model.views import View
from monerosim.monero.address import SUBADDRESS, decode_address
from monerosim.monero.difficulty import TARGET
from monerosim.monero.serial import block_blob, hashing_blob, parse_block
from monerosim.rpc.transport import Json

METHODS: Methods[NodeState] = Methods()

_MAX_BLOCKS = 2**31

MOST_BLOCKS_AT_ONCE = 100_000
"""Blocks that one request may ask for: about as many seconds of a real daemon's hashing, divided by seven."""

_MOST_RESERVED = 255
_MOST_THREADS = 16
"""Four for each hardware thread of the machine that is modelled."""

_KEY_AND_TAGS = 34
"""The bytes of a block before the reserved ones: the coinbase's public key, a tag and a length."""


def miner_keys(miner: str) -> bytes:
    """Return the keys of an address that a coinbase may pay.

    Raises:
        ServiceError: It is no address, or a subaddress.
    """
    try:
        address = decode_address(miner)
    except ValueError:
        raise ServiceError(-4, "Failed to parse wallet address") from None
    if address.kind == SUBADDRESS:
        raise ServiceError(-12, "Mining to subaddress is not supported yet")
    return address.keys


def _parent(node: NodeState, view: View, wanted: str) -> Block:
    """Return the block to build on: the one that is asked for, or the node's tip."""
    if not wanted:
        return view.tip
    if not is_hash(wanted):
        raise ServiceError(-5, "Invalid prev_block")
    found = node.blockchain.chain.by_id.get(bytes.fromhex(wanted))
    if found is None or not node.blockchain.views.knows(view, found):
        raise ServiceError(-5, "Internal error: failed to create block template")
    return found


class BlockTemplate(Parameters, frozen=True):
    """The parameters of get_block_template."""

    reserve_size: U64 = 0
    wallet_address: str = ""
    prev_block: str = ""
    extra_nonce: str = ""


@METHODS.method(BlockTemplate, "get_block_template", "getblocktemplate")
def get_block_template(node: NodeState, asked: BlockTemplate) -> dict[str, Json]:
    """Answer get_block_template."""
    if asked.reserve_size > _MOST_RESERVED:
        raise ServiceError(-3, "Too big reserved size, maximum 255")
    if asked.reserve_size and asked.extra_nonce:
        raise ServiceError(-1, "Cannot specify both a reserve_size and an extra_nonce")
    if len(asked.extra_nonce) > 2 * _MOST_RESERVED:
        raise ServiceError(-3, "Too big extra_nonce size, maximum 510 hex chars")
    keys = miner_keys(asked.wallet_address)
    if not is_hex(asked.extra_nonce):
        raise ServiceError(-1, "Parameter extra_nonce should be a hex string")
    reserved = bytes.fromhex(asked.extra_nonce) or bytes(asked.reserve_size)
    blockchain, view = node.blockchain, node.view()
    parent = _parent(node, view, asked.prev_block)
    parts, expected = blockchain.mining.template_parts(view, parent, keys, reserved, blockchain.unix(view.at))
    blob = block_blob(parts)
    public_key = parts.coinbase.extra[1:33]
    return {
        "blockhashing_blob": hashing_blob(parts).hex(),
        "blocktemplate_blob": blob.hex(),
        **wide("difficulty", blockchain.mining.difficulty.after(parent)),
        "expected_reward": expected,
        "height": parent.height + 1,
        "next_seed_hash": "",
        "prev_hash": parent.id.hex(),
        "reserved_offset": blob.index(public_key) + _KEY_AND_TAGS if reserved else 0,
        "seed_hash": blockchain.chain.main[0].id.hex(),
        "seed_height": 0,
        **STATUS_OK,
    }


@METHODS.takes_list("submit_block", "submitblock")
def submit_block(node: NodeState, asked: list[Json]) -> Json:
    """Answer submit_block."""
    if len(asked) != 1:
        raise ServiceError(-1, "Wrong param")
    (blob,) = asked
    if not isinstance(blob, str):
        raise invalid_params()
    try:
        parts = parse_block(bytes.fromhex(blob))
    except ValueError:
        raise ServiceError(-6, "Wrong block blob") from None
    if not node.blockchain.submit(node.index, parts):
        raise ServiceError(-7, "Block not accepted")
    return dict(STATUS_OK)


@METHODS.method(Parameters, "get_miner_data")
def get_miner_data(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_miner_data."""
    blockchain, view = node.blockchain, node.view()
    tip = view.tip
    backlog: list[Json] = [
        {"fee": transaction.fee, "id": transaction.id.hex(), "weight": transaction.weight}
        for transaction in blockchain.txpool.contents(view)
        if transaction.relayed and blockchain.chain.valid(tip, transaction)
    ]
    return {
        "already_generated_coins": tip.generated,
        "difficulty": hex(blockchain.mining.difficulty.after(tip)),
        "height": tip.height + 1,
        "major_version": 16,
        "median_weight": tip.medians.effective,
        "prev_id": tip.id.hex(),
        "seed_hash": blockchain.chain.main[0].id.hex(),
        **({"tx_backlog": backlog} if backlog else {}),
        **STATUS_OK,
    }


class GenerateBlocks(Parameters, frozen=True):
    """The parameters of generateblocks."""

    amount_of_blocks: U64 = 0
    wallet_address: str = ""
    prev_block: str = ""
    starting_nonce: Annotated[U32, UNHEEDED] = 0


@METHODS.method(GenerateBlocks, "generateblocks")
def generateblocks(node: NodeState, asked: GenerateBlocks) -> dict[str, Json]:
    """Answer generateblocks."""
    count, view = asked.amount_of_blocks, node.view()
    if not count:
        return {"height": view.tip.height + 1, **STATUS_OK}
    if count > _MAX_BLOCKS:
        raise invalid_params()
    if count > MOST_BLOCKS_AT_ONCE:
        raise ServiceError(-1, f"The model makes at most {MOST_BLOCKS_AT_ONCE} blocks for one request")
    keys, block = miner_keys(asked.wallet_address), _parent(node, view, asked.prev_block)
    hashes: list[Json] = []
    for _ in range(count):
        block = node.blockchain.mine(node.index, block, keys)
        hashes.append(block.id.hex())
    return {"blocks": hashes, "height": block.height, **STATUS_OK}


class StartMining(Parameters, frozen=True):
    """The parameters of /start_mining."""

    miner_address: str = ""
    threads_count: U64 = 0
    do_background_mining: Annotated[bool, UNHEEDED] = False
    ignore_battery: Annotated[bool, UNHEEDED] = False


@METHODS.method(StartMining, "/start_mining")
def start_mining(node: NodeState, asked: StartMining) -> dict[str, Json]:
    """Answer /start_mining."""
    status = "OK"
    try:
        keys = miner_keys(asked.miner_address)
    except ServiceError as error:
        wrong = error.message.startswith("Failed")
        status = "Failed, wrong address" if wrong else "Mining to subaddress isn't supported yet"
    else:
        if asked.threads_count > _MOST_THREADS:
            status = "Failed, too many threads relative to CPU cores."
        elif not node.blockchain.miners.start(
            node.index, asked.miner_address, keys, max(asked.threads_count, 1), node.blockchain.now()
        ):
            status = "Already mining"
    return {**STATUS_OK, "status": status}


@METHODS.method(Parameters, "/stop_mining")
def stop_mining(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /stop_mining."""
    node.view()
    stopped = node.blockchain.miners.stop(node.index)
    return {**STATUS_OK, "status": "OK" if stopped else "Mining never started"}


@METHODS.method(Parameters, "/mining_status")
def mining_status(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /mining_status."""
    blockchain, view = node.blockchain, node.view()
    miner, difficulty = blockchain.miners.at_work.get(node.index), blockchain.mining.difficulty.after(view.tip)
    template = None if miner is None else blockchain.mining.template(view, view.tip)
    return {
        "active": miner is not None,
        "address": "" if miner is None else miner.address,
        "bg_idle_threshold": 0,
        "bg_ignore_battery": False,
        "bg_min_idle_seconds": 0,
        "bg_target": 0,
        "block_reward": 0 if template is None else template.reward,
        "block_target": TARGET,
        **wide("difficulty", difficulty),
        "is_background_mining_enabled": False,
        "pow_algorithm": "RandomX",
        "speed": 0 if miner is None else miner.threads * difficulty // TARGET,
        "threads_count": 0 if miner is None else miner.threads,
        **STATUS_OK,
    }
