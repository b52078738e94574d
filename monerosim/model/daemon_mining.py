"""The methods of monerod that make blocks (src/rpc/core_rpc_server.cpp).

Each takes the world and the index of the node that is asked.
"""

from monerosim.model.daemon_transactions import FINE
from monerosim.model.jsonrpc import MAX_UINT32, Params, ServiceError, integer, invalid_params, is_hash, text
from monerosim.model.records import Block
from monerosim.model.world import World
from monerosim.monero.address import SUBADDRESS, decode_address
from monerosim.monero.emission import base_reward
from monerosim.rpc.transport import Json

_MAX_BLOCKS = 2**31


def _miner_keys(miner: str) -> bytes:
    try:
        address = decode_address(miner)
    except ValueError:
        raise ServiceError(-4, "Failed to parse wallet address") from None
    if address.kind == SUBADDRESS:
        raise ServiceError(-12, "Mining to subaddress is not supported yet")
    return address.keys


def _parent(world: World, node: int, wanted: str) -> Block:
    """Give the block to build on: the one that is asked for, or the node's tip."""
    now = world.now()
    if not wanted:
        return world.tip(node, now)
    if not is_hash(wanted):
        raise ServiceError(-5, "Invalid prev_block")
    found = world.chain.by_id.get(bytes.fromhex(wanted))
    if found is None or not world.knows(node, found, now):
        raise ServiceError(-5, "Internal error: failed to create block template")
    return found


def block_template(world: World, node: int, params: Params) -> dict[str, Json]:
    """Answer get_block_template."""
    reserve = integer(params, "reserve_size")
    if reserve > 255:  # noqa: PLR2004  (one byte says its length)
        raise ServiceError(-3, "Too big reserved size, maximum 255")
    keys = _miner_keys(text(params, "wallet_address"))
    parent = _parent(world, node, text(params, "prev_block"))
    _, fees, _ = world.template(node, parent)
    blob = (b"monerosim template" + parent.id + keys + bytes(reserve)).hex()
    return {
        "blockhashing_blob": blob,
        "blocktemplate_blob": blob,
        "difficulty": world.difficulty,
        "difficulty_top64": 0,
        "expected_reward": base_reward(parent.generated) + fees,
        "height": parent.height + 1,
        "next_seed_hash": "",
        "prev_hash": parent.id.hex(),
        "reserved_offset": len(blob) // 2 - reserve,
        "seed_hash": world.chain.main[0].id.hex(),
        "seed_height": 0,
        "wide_difficulty": hex(world.difficulty),
        **FINE,
    }


def generate(world: World, node: int, params: Params) -> dict[str, Json]:
    """Answer generateblocks."""
    count = integer(params, "amount_of_blocks")
    integer(params, "starting_nonce", largest=MAX_UINT32)
    miner, wanted = text(params, "wallet_address"), text(params, "prev_block")
    if not count:
        return {"height": world.tip(node, world.now()).height + 1, **FINE}
    if count > _MAX_BLOCKS:
        raise invalid_params()
    keys, block = _miner_keys(miner), _parent(world, node, wanted)
    hashes: list[Json] = []
    for _ in range(count):
        block = world.mine(node, block, keys)
        hashes.append(block.id.hex())
    return {"blocks": hashes, "height": block.height, **FINE}
