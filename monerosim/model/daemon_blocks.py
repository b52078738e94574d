"""The methods of monerod that show blocks and chains (src/rpc/core_rpc_server.cpp)."""

from monerosim.model.blobs import block_blob, block_json, nonce, versions
from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.node_state import RPC_PAYMENT_FIELDS, STATUS_OK, NodeState, wide
from monerosim.model.parameters import U64, Parameters, read
from monerosim.model.records import Block
from monerosim.rpc.transport import Json

METHODS: Methods[NodeState] = Methods()

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


def _header(node: NodeState, block: Block, tip: Block, *, proof: bool) -> dict[str, Json]:
    blockchain = node.blockchain
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
        "orphan_status": not blockchain.chain.contains(tip, block),
        "pow_hash": blockchain.digest("proof of work", block.id).hex() if proof else "",
        "prev_hash": bytes(32).hex() if block.parent is None else block.parent.id.hex(),
        "reward": block.reward,
        "timestamp": block.timestamp,
    }


@METHODS.takes_list("on_get_block_hash", "on_getblockhash")
def on_get_block_hash(node: NodeState, asked: list[Json]) -> Json:
    """Answer on_get_block_hash."""
    if len(asked) != 1:
        raise ServiceError(-1, "Wrong parameters, expected height")
    height, tip = read(AtHeight, {"height": asked[0]}).height, node.view().tip
    return bytes(32).hex() if height > tip.height else node.blockchain.chain.at(tip, height).id.hex()


class LastHeader(Parameters, frozen=True):
    """The parameters of get_last_block_header."""

    fill_pow_hash: bool = False


@METHODS.method(LastHeader, "get_last_block_header", "getlastblockheader")
def get_last_block_header(node: NodeState, asked: LastHeader) -> dict[str, Json]:
    """Answer get_last_block_header."""
    tip = node.view().tip
    header = _header(node, tip, tip, proof=asked.fill_pow_hash)
    return {"block_header": header, **RPC_PAYMENT_FIELDS, **STATUS_OK}


class AtHeight(Parameters, frozen=True):
    """The parameters of get_block_header_by_height."""

    height: U64 = 0
    fill_pow_hash: bool = False


@METHODS.method(AtHeight, "get_block_header_by_height", "getblockheaderbyheight")
def get_block_header_by_height(node: NodeState, asked: AtHeight) -> dict[str, Json]:
    """Answer get_block_header_by_height."""
    tip = node.view().tip
    header = _header(node, node.block_at(asked.height, tip), tip, proof=asked.fill_pow_hash)
    return {"block_header": header, **RPC_PAYMENT_FIELDS, **STATUS_OK}


class ByHash(Parameters, frozen=True):
    """The parameters of get_block_header_by_hash."""

    hash: str = ""
    hashes: tuple[str, ...] = ()
    fill_pow_hash: bool = False


@METHODS.method(ByHash, "get_block_header_by_hash", "getblockheaderbyhash")
def get_block_header_by_hash(node: NodeState, asked: ByHash) -> dict[str, Json]:
    """Answer get_block_header_by_hash."""
    view = node.view()

    def header(wanted: str) -> dict[str, Json]:
        return _header(node, node.block_by_hash(wanted, view), view.tip, proof=asked.fill_pow_hash)

    first = header(asked.hash) if asked.hash else dict(_NO_BLOCK)
    result: dict[str, Json] = {"block_header": first, **RPC_PAYMENT_FIELDS, **STATUS_OK}
    if asked.hashes:
        result["block_headers"] = [header(wanted) for wanted in asked.hashes]
    return result


class HeadersRange(Parameters, frozen=True):
    """The parameters of get_block_headers_range."""

    start_height: U64 = 0
    end_height: U64 = 0
    fill_pow_hash: bool = False


@METHODS.method(HeadersRange, "get_block_headers_range", "getblockheadersrange")
def get_block_headers_range(node: NodeState, asked: HeadersRange) -> dict[str, Json]:
    """Answer get_block_headers_range."""
    tip = node.view().tip
    if not asked.start_height <= asked.end_height <= tip.height:
        raise ServiceError(-2, "Invalid start/end heights.")
    headers: list[Json] = [
        _header(node, node.blockchain.chain.at(tip, height), tip, proof=asked.fill_pow_hash)
        for height in range(asked.start_height, asked.end_height + 1)
    ]
    return {"headers": headers, **RPC_PAYMENT_FIELDS, **STATUS_OK}


class GetBlock(Parameters, frozen=True):
    """The parameters of get_block."""

    hash: str = ""
    height: U64 = 0
    fill_pow_hash: bool = False


@METHODS.method(GetBlock, "get_block", "getblock")
def get_block(node: NodeState, asked: GetBlock) -> dict[str, Json]:
    """Answer get_block."""
    view = node.view()
    tip = view.tip
    block = node.block_by_hash(asked.hash, view) if asked.hash else node.block_at(asked.height, tip)
    result: dict[str, Json] = {
        "blob": block_blob(block),
        "block_header": _header(node, block, tip, proof=asked.fill_pow_hash),
        "json": block_json(block),
        "miner_tx_hash": block.coinbase.id.hex(),
        **RPC_PAYMENT_FIELDS,
        **STATUS_OK,
    }
    if block.transactions:
        result["tx_hashes"] = [transaction.id.hex() for transaction in block.transactions]
    return result


@METHODS.method(Parameters, "get_alternate_chains")
def get_alternate_chains(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_alternate_chains."""
    view, chain = node.view(), node.blockchain.chain
    known = node.blockchain.views.alternative_blocks(view)
    inner = {block.parent for block in known}
    chains: list[Json] = []
    for last in known:
        if last in inner:
            continue
        branch: list[Block] = []
        step: Block | None = last
        while step is not None and not chain.contains(view.tip, step):
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


@METHODS.method(Parameters, "/get_alt_blocks_hashes")
def get_alt_blocks_hashes(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_alt_blocks_hashes."""
    known = node.blockchain.views.alternative_blocks(node.view())
    hashes: list[Json] = [block.id.hex() for block in known]
    return {**({"blks_hashes": hashes} if hashes else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


class PopBlocks(Parameters, frozen=True):
    """The parameters of /pop_blocks."""

    nblocks: U64 = 0


@METHODS.method(PopBlocks, "/pop_blocks")
def pop_blocks(node: NodeState, asked: PopBlocks) -> dict[str, Json]:
    """Answer /pop_blocks."""
    return {"height": node.blockchain.pop(node.index, asked.nblocks).height + 1, **STATUS_OK}
