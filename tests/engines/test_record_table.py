"""The table ``[record]`` on the embedded engine: what is recorded, and that nothing else depends on it."""

from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from click.testing import CliRunner
from small_runs import NETWORK, THREE_POOLS, USERS, happened, play

from monerosim.cli import main
from monerosim.events import (
    SPREAD_QUANTILES,
    BlockContents,
    BlockFound,
    BlockSpread,
    BlockStale,
    PaymentSent,
    TransactionSpread,
    TxpoolRecorded,
    event_kinds,
)
from monerosim.events.log import digest
from monerosim.report.spread import first_seen, half_of_nodes
from monerosim.units import SECOND

SCENARIO = NETWORK.replace('"30m"', '"10m"') + USERS.replace("count = 3", "count = 24")

SPREADS = (BlockSpread, TransactionSpread)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same scenario, recorded in each way."""
    directory = tmp_path_factory.mktemp("runs")
    return {
        form: play(SCENARIO, directory / form, f"record.spreads={form}", "record.sample=11")
        for form in ("all", "quantiles", "sample")
    }


def spreads(run):
    return {
        (kind, one.data.first, getattr(one.data, "txid", getattr(one.data, "hash", ""))): one
        for kind in SPREADS
        for one in happened(run, kind)
    }


def test_the_digest_is_that_of_what_happened_whatever_is_recorded(runs):
    assert len({run.summary.digest for run in runs.values()}) == 1
    assert {digest(run.events()) for run in runs.values()} == {runs["all"].summary.digest}
    lines = {form: [one.line for one in run.events()] for form, run in runs.items()}
    assert len({len(found) for found in lines.values()}) == 1
    assert sum(map(len, lines["quantiles"])) < sum(map(len, lines["all"]))


def test_a_changed_spread_changes_the_digest(runs):
    for run in (runs["all"], runs["quantiles"]):
        records = list(run.events())
        place = next(index for index, one in enumerate(records) if isinstance(one.data, BlockSpread))
        del records[place]
        assert digest(records) != run.summary.digest


def test_quantiles_are_those_of_all_nodes(runs):
    whole = spreads(runs["all"])
    assert len(whole) > 20
    for key, short in spreads(runs["quantiles"]).items():
        delays = np.array([np.inf if delay < 0 else delay for delay in whole[key].data.delays])
        wanted = np.quantile(delays, [percent / 100 for percent in SPREAD_QUANTILES], method="lower")
        assert short.data.quantiles == tuple(-1 if it == np.inf else int(it) for it in wanted)
        assert short.data.missing == whole[key].data.delays.count(-1)
        assert (short.t, short.participant, short.data.delays) == (whole[key].t, whole[key].participant, ())


def test_a_sample_has_the_delays_of_its_nodes(runs):
    whole, plan = spreads(runs["all"]), runs["sample"].plan
    assert len(plan.record.sampled) == 11
    for key, short in spreads(runs["sample"]).items():
        seen = first_seen(whole[key].data, runs["all"].plan)
        assert first_seen(short.data, plan) == {node: at for node, at in seen.items() if node in plan.record.sampled}
        assert short.data.reached_all == whole[key].data.reached_all


def test_the_report_is_exact_with_quantiles_and_has_bounds_with_a_sample(runs):
    whole, quantiles, sample = (runs[form].summary.propagation for form in ("all", "quantiles", "sample"))
    assert (quantiles.blocks, quantiles.transactions) == (whole.blocks, whole.transactions)
    assert (quantiles.recorded, sample.recorded, sample.nodes, sample.sampled) == ("quantiles", "sample", 25, 11)
    assert sample.transactions.all == whole.transactions.all
    low, high = sample.transactions.half_median
    assert low < whole.transactions.half.median < high
    halves = [half_of_nodes(one.data) for one in happened(runs["sample"], TransactionSpread) if one.data.first >= 0]
    assert sample.transactions.half.median == median(it.delay for it in halves) / SECOND
    shown = CliRunner().invoke(main, ["report", str(runs["sample"].directory)], env={"COLUMNS": "140"}).output
    assert "transaction, 50 % of 11 of 25 nodes" in shown


def test_quantiles_tell_of_no_single_node(runs):
    record = happened(runs["quantiles"], BlockSpread)[0]
    with pytest.raises(ValueError, match="tell of no single node"):
        first_seen(record.data, runs["quantiles"].plan)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("all", "has the transaction, as the first node\n"),
        ("quantiles", "50 % of the nodes have the transaction, "),
        ("sample", "has the transaction, as the first node (11 of the nodes are recorded)"),
    ],
)
def test_a_trace_says_what_there_is(runs, form, said):
    txid = happened(runs[form], TransactionSpread)[0].data.txid
    shown = CliRunner().invoke(main, ["trace", str(runs[form].directory), "--follow", txid])
    assert shown.exit_code == 0
    assert said in "".join(line.split(" txid=")[0] + "\n" for line in shown.output.splitlines())


def test_what_is_left_out_of_the_digest_is_what_the_table_asks_for():
    optional = {tag for tag, kind in event_kinds().items() if kind.optional}
    assert optional == {"alert-cleared", "alert-raised", "item-relayed", "transaction-stem", "txpool-recorded"}


def test_txpools_of_the_named_nodes_are_recorded_each_minute_and_nothing_else_changes(runs, tmp_path):
    run = play(SCENARIO, tmp_path / "run", 'record.txpool=["miner", "user-003"]', "record.spreads=quantiles")
    assert run.summary.digest == runs["all"].summary.digest
    looks = happened(run, TxpoolRecorded)
    assert {one.participant for one in looks} == {"miner", "user-003"}
    times = [one.t for one in looks if one.participant == "miner"]
    assert {after - before for before, after in pairwise(times)} == {60 * SECOND}
    assert min(times) < 0 <= max(times) % (60 * SECOND) == 0
    # What is in the pool came before, and is in a block that comes after.
    seen = [first_seen(one.data, runs["all"].plan) for one in happened(runs["all"], TransactionSpread)]
    mined = {txid: one.t for one in happened(run, BlockContents) for txid in one.data.transactions if one.data.height}
    for look in looks[-10:]:
        came = sum(nodes.get(look.participant, look.t + 1) <= look.t for nodes in seen)
        left = sum(at <= look.t - 5 * SECOND for at in mined.values())
        assert came - len(mined) <= look.data.transactions <= came - left
        assert (look.data.weight > 0) == (look.data.transactions > 0)
    assert any(one.data.transactions for one in looks)


def test_what_each_block_contains_is_recorded_from_the_first_on(runs):
    run = runs["all"]
    blocks = {one.data.hash: one for one in happened(run, BlockContents)}
    assert {one.data.hash for one in happened(run, BlockFound)} < set(blocks)
    assert {one.data.hash for one in happened(run, BlockSpread)} == set(blocks)
    for found in happened(run, BlockFound):
        contents = blocks[found.data.hash].data
        assert (contents.miner, contents.node) == (
            found.data.miner,
            found.participant.replace("block-controller", "miner"),
        )
        assert (contents.height, contents.reward) == (found.data.height, found.data.reward)
        assert len(contents.transactions) == found.data.transactions
    in_order = sorted((one.data for one in blocks.values()), key=lambda block: block.height)
    assert [block.height for block in in_order] == list(range(1, len(in_order) + 1))
    for parent, block in pairwise(in_order):
        assert block.previous == parent.hash
        assert block.cumulative_difficulty == parent.cumulative_difficulty + block.difficulty
        assert block.timestamp >= parent.timestamp
    sent = {one.data.txid: one.data.fee for one in happened(run, PaymentSent)}
    for block in in_order:
        if block.transactions and set(block.transactions) <= set(sent):
            assert block.fees == sum(sent[txid] for txid in block.transactions)
        assert (block.fees > 0) == bool(block.transactions)
        assert block.weight > 0 < block.long_term_weight
    assert in_order[0].miner == "funder"


def test_forks_and_their_blocks_are_recorded_and_depend_on_nothing_that_is(tmp_path):
    forked = THREE_POOLS.replace("mining-pool", "autonomous-miner").split("[participants.block-controller]")[0]
    head = '[simulation]\nduration = "10m"\nseed = 4\n[network]\nlatency = "3s"\n[consensus]\nblock_time = "10s"\n'
    run = play(head + forked + USERS, tmp_path / "run")
    watched = play(head + forked + USERS, tmp_path / "watched", 'record.txpool="all"', "record.spreads=quantiles")
    assert watched.summary.digest == run.summary.digest
    stale = {one.data.hash for one in happened(run, BlockStale)}
    assert stale
    assert stale < {one.data.hash for one in happened(run, BlockContents)}
