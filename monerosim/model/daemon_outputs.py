"""The methods of monerod that show outputs, for the choice of ring members (src/rpc/core_rpc_server.cpp)."""

from bisect import bisect_right

from monerosim.model.blockchain import Blockchain
from monerosim.model.chain import unlock_height
from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.node_state import RPC_PAYMENT_FIELDS, STATUS_OK, NodeState
from monerosim.model.parameters import U64, Parameters
from monerosim.model.records import Block, Output
from monerosim.monero.constants import SPENDABLE_AGE
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.monero.serial import varint
from monerosim.rpc.transport import Json

METHODS: Methods[NodeState] = Methods()

_RINGCT_FROM = 0
"""The height from which outputs have hidden amounts on regtest, whose second block is of the newest version."""


class OutputDistribution(Parameters, frozen=True):
    """The parameters of get_output_distribution."""

    amounts: tuple[U64, ...] = ()
    from_height: U64 = 0
    to_height: U64 = 0
    cumulative: bool = False
    binary: bool = True
    compress: bool = False


@METHODS.method(OutputDistribution, "get_output_distribution")
def get_output_distribution(node: NodeState, asked: OutputDistribution) -> dict[str, Json]:
    """Answer get_output_distribution."""
    tip, chain = node.view().tip, node.blockchain.chain
    distributions: list[Json] = []
    for amount in asked.amounts:
        last = asked.to_height or tip.height
        if last > tip.height or asked.from_height > last:
            raise ServiceError(-5, "Failed to get output distribution")
        counts = [_count(chain.at(tip, height), amount) for height in range(asked.from_height, last + 1)]
        base = _count(chain.at(tip, asked.from_height - 1), amount) if asked.from_height else 0
        if not asked.cumulative:
            counts = [count - before for count, before in zip(counts, [base, *counts[:-1]], strict=True)]
        entry: dict[str, Json] = {
            "amount": amount,
            "base": base,
            "binary": asked.binary,
            "compress": asked.compress,
            "start_height": max(asked.from_height, _RINGCT_FROM),
        }
        if not asked.binary:
            entry["distribution"] = list(counts)
        elif asked.compress:
            entry["compressed_data"] = b"".join(map(varint, counts)).decode("latin-1")
        else:
            entry["distribution"] = b"".join(count.to_bytes(8, "little") for count in counts).decode("latin-1")
        distributions.append(entry)
    return {**({"distributions": distributions} if distributions else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


class OutputHistogram(Parameters, frozen=True):
    """The parameters of get_output_histogram."""

    amounts: tuple[U64, ...] = ()
    min_count: U64 = 0
    max_count: U64 = 0
    unlocked: bool = False
    recent_cutoff: U64 = 0


@METHODS.method(OutputHistogram, "get_output_histogram")
def get_output_histogram(node: NodeState, asked: OutputHistogram) -> dict[str, Json]:
    """Answer get_output_histogram (``BlockchainLMDB::get_output_histogram``)."""
    tip = node.view().tip
    there = {0: tip.outputs, GENESIS_REWARD: 1}
    entries: list[Json] = []
    for amount in sorted(set(asked.amounts)) or sorted(there):
        total = there.get(amount, 0)
        if total < asked.min_count or 0 < asked.max_count < total or (not total and not asked.amounts):
            continue
        unlocked = recent = 0
        if asked.unlocked or asked.recent_cutoff:
            deep = max(tip.height + 1 - SPENDABLE_AGE, 0)
            unlocked = _outputs_until(node, tip, deep) if not amount else total
        if asked.recent_cutoff and not amount:
            recent = unlocked - _outputs_before(tip, asked.recent_cutoff)
        entries.append(
            {
                "amount": amount,
                "recent_instances": max(recent, 0),
                "total_instances": total,
                "unlocked_instances": unlocked,
            }
        )
    return {**({"histogram": entries} if entries else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


def _outputs_until(node: NodeState, tip: Block, height: int) -> int:
    return node.blockchain.chain.at(tip, min(height, tip.height)).outputs


def _outputs_before(tip: Block, cutoff: int) -> int:
    """Return how many outputs there were before the last blocks that are not older than a unix time."""
    step = tip
    while step.parent is not None and step.timestamp >= cutoff:
        step = step.parent
    return step.outputs


class WantedOutput(Parameters, frozen=True):
    """An output that /get_outs is asked for."""

    amount: U64 = 0
    index: U64 = 0


class GetOuts(Parameters, frozen=True):
    """The parameters of /get_outs."""

    outputs: tuple[WantedOutput, ...] = ()
    get_txid: bool = False


@METHODS.method(GetOuts, "/get_outs")
def get_outs(node: NodeState, asked: GetOuts) -> dict[str, Json]:
    """Answer /get_outs."""
    tip, blockchain = node.view().tip, node.blockchain
    outs: list[Json] = []
    for wanted in asked.outputs:
        if wanted.index >= _count(tip, wanted.amount):
            return {**RPC_PAYMENT_FIELDS, **STATUS_OK, "status": "Failed"}
        block, output = _find(blockchain, tip, wanted.index) if not wanted.amount else _first(blockchain)
        outs.append(
            {
                "height": block.height,
                "key": output.public_key.hex(),
                "mask": blockchain.digest("mask", output.public_key).hex(),
                "txid": output.transaction.id.hex() if asked.get_txid else "",
                "unlocked": unlock_height(output, block) <= tip.height + 1,
            }
        )
    return {**({"outs": outs} if outs else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


def _first(blockchain: Blockchain) -> tuple[Block, Output]:
    """Return the genesis block and its output, the only one whose amount is not hidden."""
    genesis = blockchain.chain.main[0]
    return genesis, genesis.coinbase.outputs[0]


def _count(block: Block, amount: int) -> int:
    """Return how many outputs of an amount there are up to a block; hidden amounts count as 0."""
    return block.outputs if not amount else int(amount == GENESIS_REWARD)


def _find(blockchain: Blockchain, tip: Block, index: int) -> tuple[Block, Output]:
    """Return the output of a global index, and the block that has it."""
    chain = blockchain.chain
    height = bisect_right(range(tip.height + 1), index, key=lambda height: chain.at(tip, height).outputs)
    block = chain.at(tip, height)
    before = 0 if block.parent is None else block.parent.outputs
    outputs = [output for made in (block.coinbase, *block.transactions) for output in made.outputs]
    return block, outputs[index - before]
