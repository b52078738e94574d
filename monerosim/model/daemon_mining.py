"""The methods of monerod that make blocks (src/rpc/core_rpc_server.cpp).

Each takes the blockchain and what the node that is asked sees now.
"""

from monerosim.model.blockchain import Blockchain
from monerosim.model.daemon_transactions import STATUS_OK
from monerosim.model.jsonrpc import MAX_UINT32, Params, ServiceError, integer, invalid_params, is_hash, text, wide
from monerosim.model.records import Block
from monerosim.model.views import View
from monerosim.monero.address import SUBADDRESS, decode_address
from monerosim.rpc.transport import Json

_MAX_BLOCKS = 2**31

MOST_BLOCKS_AT_ONCE = 100_000
"""Blocks that one request may ask for: about as many seconds of a real daemon's hashing, divided by seven."""


def _miner_keys(miner: str) -> bytes:
    try:
        address = decode_address(miner)
    except ValueError:
        raise ServiceError(-4, "Failed to parse wallet address") from None
    if address.kind == SUBADDRESS:
        raise ServiceError(-12, "Mining to subaddress is not supported yet")
    return address.keys


def _parent(blockchain: Blockchain, view: View, wanted: str) -> Block:
    """Return the block to build on: the one that is asked for, or the node's tip."""
    if not wanted:
        return view.tip
    if not is_hash(wanted):
        raise ServiceError(-5, "Invalid prev_block")
    found = blockchain.chain.by_id.get(bytes.fromhex(wanted))
    if found is None or not blockchain.views.knows(view, found):
        raise ServiceError(-5, "Internal error: failed to create block template")
    return found


def block_template(blockchain: Blockchain, view: View, params: Params) -> dict[str, Json]:
    """Answer get_block_template."""
    reserve = integer(params, "reserve_size")
    if reserve > 255:  # noqa: PLR2004  (one byte says its length)
        raise ServiceError(-3, "Too big reserved size, maximum 255")
    keys = _miner_keys(text(params, "wallet_address"))
    template = blockchain.mining.template(view, _parent(blockchain, view, text(params, "prev_block")))
    parent = template.parent
    blob = (b"monerosim template" + parent.id + keys + bytes(reserve)).hex()
    return {
        "blockhashing_blob": blob,
        "blocktemplate_blob": blob,
        **wide("difficulty", blockchain.mining.difficulty.after(parent)),
        "expected_reward": template.expected,
        "height": parent.height + 1,
        "next_seed_hash": "",
        "prev_hash": parent.id.hex(),
        "reserved_offset": len(blob) // 2 - reserve,
        "seed_hash": blockchain.chain.main[0].id.hex(),
        "seed_height": 0,
        **STATUS_OK,
    }


def generate(blockchain: Blockchain, view: View, params: Params) -> dict[str, Json]:
    """Answer generateblocks."""
    count = integer(params, "amount_of_blocks")
    integer(params, "starting_nonce", largest=MAX_UINT32)
    miner, wanted = text(params, "wallet_address"), text(params, "prev_block")
    if not count:
        return {"height": view.tip.height + 1, **STATUS_OK}
    if count > _MAX_BLOCKS:
        raise invalid_params()
    if count > MOST_BLOCKS_AT_ONCE:
        raise ServiceError(-1, f"The model makes at most {MOST_BLOCKS_AT_ONCE} blocks for one request")
    keys, block = _miner_keys(miner), _parent(blockchain, view, wanted)
    hashes: list[Json] = []
    for _ in range(count):
        block = blockchain.mine(view.node, block, keys)
        hashes.append(block.id.hex())
    return {"blocks": hashes, "height": block.height, **STATUS_OK}
