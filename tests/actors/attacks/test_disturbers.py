"""Attacks on the network itself: each shows in what nodes and the chain have, and would not without it."""

from statistics import median

import pytest
from small_runs import NETWORK, ended_well, happened, play

from actors.attacks.sybil import SybilReach
from monerosim.events import (
    BlockContents,
    PaymentMined,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    Record,
    Reorganised,
    TransactionSpread,
)
from monerosim.scenario import examine
from monerosim.units import SECOND

PAYER = """
[participants.user]
kind = "transaction-bot"
transaction_interval = "2m"
recipients = ["miner"]
wallet = { initial_balance = "20 XMR", outputs = 10 }
node = { peers = ["between"] }

[participants.miner.node]
peers = ["between"]

[network]
peers = "explicit"
"""


def test_a_black_hole_leaves_a_stem_to_its_embargo(tmp_path):
    hole = '[network.dandelion]\nfluff_probability = 0\n[participants.between]\nkind = "black-hole"\n'
    played = play(
        NETWORK + PAYER + hole, tmp_path / "run", "consensus.block_time=20m", 'participants.miner.node.peers=["user"]'
    )
    sent = {it.data.txid: it.t for it in happened(played, PaymentSent, "user")}
    first = {it.data.txid: it.data for it in happened(played, TransactionSpread) if it.data.txid in sent}
    assert len(first) >= 8
    # Its own embargo is all that is left to the payer: Poisson seconds of mean 39. A stem takes some five.
    came = [spread.first + max(spread.delays) - sent[txid] for txid, spread in first.items() if spread.reached_all]
    assert median(came) > 20 * SECOND


def test_payments_do_not_get_past_who_keeps_them_back(tmp_path):
    keeper = '[network.dandelion]\nfluff_probability = 100\n[participants.between]\nkind = "transaction-withholder"\n'
    played = play(NETWORK + PAYER + keeper + 'until = "15m"\n', tmp_path / "run")
    mined = [it.t for it in happened(played, PaymentMined, "user")]
    assert mined
    assert min(mined) > 15 * 60 * SECOND


def test_a_partition_loses_the_blocks_of_the_smaller_side(tmp_path):
    split = """
[participants.small]
kind = "mining-pool"
hashrate = 50
[participants.attacker]
kind = "partitioner"
side = ["small"]
after = "5m"
lasting = "15m"
"""
    played = play(NETWORK + split, tmp_path / "run")
    ended_well(played)
    assert max(it.data.depth for it in happened(played, Reorganised)) >= 2
    assert played.summary.chain.stale >= 2


def test_a_flood_pays_the_fee_of_its_choice_and_goes_first(tmp_path):
    flood = """
[participants.slow]
kind = "flooder"
interval = "20s"
priority = 1
wallet = { initial_balance = "50 XMR", outputs = 60 }
[participants.fast]
kind = "flooder"
interval = "20s"
priority = 3
outputs = 4
wallet = { initial_balance = "50 XMR", outputs = 60 }
"""
    played = play(NETWORK + flood, tmp_path / "run")
    fees = {name: [it.data.fee for it in happened(played, PaymentSent, name)] for name in ("slow", "fast")}
    assert all(len(found) >= 60 for found in fees.values())
    # 25 times the lowest fee a byte, at twice the weight and less.
    assert 20 * max(fees["slow"]) < min(fees["fast"])
    place = {it.data.txid: it.participant for it in happened(played, PaymentSent)}
    blocks = [[place.get(txid) for txid in it.data.transactions] for it in happened(played, BlockContents)]
    mixed = [found for found in blocks if {"slow", "fast"} <= {*found}]
    assert mixed
    assert all(found == sorted(found) for found in mixed)


SYBILS = """
[network]
peers = "discovered"
connections = 4

[participants.honest]
kind = "relay"
count = 9
node = { reach = "reachable" }

[participants.victim]
kind = "relay"
node = { reach = "reachable", flags = ["--in-peers=5"] }

[participants.sybil]
count = 8
node = { subnets = ["5.6.0.0/16", "23.4.0.0/16"], reach = "reachable" }
actors = [{ use = "sybil", interval = "5m" }, { use = "eclipse", victim = "victim" }]

[[timeline]]
at = "0s"
do = "shut-down"
who = "victim"

[[timeline]]
at = "58m"
do = "start-up"
who = "victim"
"""


def test_sybils_take_the_places_of_a_victim_and_tell_their_operator(tmp_path):
    played = play(NETWORK + SYBILS, tmp_path / "run", "simulation.duration=2h")
    incoming: dict[str, None] = {}
    for record in sorted(played.events(), key=Record.sort_key):
        match record.data:
            case PeerConnected(peer="victim"):
                incoming[record.participant] = None
            case PeerDisconnected(peer="victim"):
                incoming.pop(record.participant, None)
    assert len(incoming) >= 4
    assert all(name.startswith("sybil") for name in incoming)
    # They have nobody else, and the first of them knows that from the others.
    reach = [(it.participant, it.data) for it in happened(played, SybilReach)]
    assert {name for name, _ in reach} == {"sybil-001"}
    assert reach[-1][1].nodes == 8


@pytest.mark.parametrize("kind", ["black-hole", "transaction-withholder"])
def test_an_engine_that_cannot_says_so_with_its_line(kind):
    text = f'[simulation]\nengine = "local"\n[participants.evil]\nkind = "{kind}"\n'
    (problem,) = [it for it in examine(text.encode()).errors if "no effect" in it.message]
    assert problem.message == f'the actor "{kind}" has no effect: the engine local cannot silence, unsilence'
    assert problem.line == 3
