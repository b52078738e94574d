"""What scenarios/directed.toml must show on every engine, and what of it must be the same on all."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

from small_runs import ended_well, happened

from monerosim.events import (
    BlockFound,
    CommandExecuted,
    CommandFailed,
    NodeClosed,
    OrderChanged,
    OrderPlaced,
    PaymentConfirmed,
    PaymentSent,
    RunEnded,
    TipSeen,
    WalletClosed,
    event_tag,
)
from monerosim.units import SECOND, XMR

DIRECTED = Path(__file__).parents[1] / "scenarios" / "directed.toml"


ENDED = """
[simulation]
name = "ended"
duration = "3m"
seed = 3

[consensus]
block_time = "3s"

[participants.miner]
kind = "autonomous-miner"
count = 2
hashrate = 50

[participants.conductor]
kind = "orchestrator"
end_when_gone = ["miner"]

[[timeline]]
at = "32s"
do = "stop"
who = "miner-001"

[[timeline]]
at = "42s"
do = "stop"
who = "miner-002"
"""
"""A run that loses what it is for: no block controller, and its miners are stopped one after the other."""


def decided(run):
    """List what the seed alone decides: who does what when told, who finds the blocks, who pays how much."""
    payments = Counter((record.participant, record.data.amount) for record in own_time(run, PaymentSent))
    return {
        "commands": [
            (record.participant, record.data.command, record.data.behaviour)
            for record in own_time(run, CommandExecuted)
        ],
        "winners": [record.data.miner for record in own_time(run, BlockFound)],
        "payments": payments,
        "orders": [(record.data.buyer, record.data.item, record.data.amount) for record in own_time(run, OrderPlaced)],
    }


def it_was_as_directed(run, *, slack=0):
    """Check a run.

    Args:
        run: The run.
        slack: Seconds by which what is done may come later than on the embedded engine: the machine may be busy.
    """
    nothing_went_wrong(run)
    commands_were_carried_out_in_time(run, slack)
    commands_had_their_effect(run, slack)
    orders_were_paid(run)
    the_orchestrator_knew_of_all(run)
    the_steward_heard_of_all(run)


def it_ended_early(run, *, slack=0):
    """Check a run of the scenario that loses what it is for: it ends soon, and in order.

    Args:
        run: The run.
        slack: Seconds, as above.
    """
    summary = run.summary
    assert summary.reason == "all of miner are gone: stopped"
    assert not summary.completed
    assert (summary.failures, summary.given_up) == (0, [])
    (ended,) = happened(run, RunEnded)
    assert 42 * SECOND < ended.t < (46 + slack) * SECOND
    assert max(record.t for record in run.events()) < ended.t + (20 + slack) * SECOND
    # What the agents tell at their end is there.
    assert summary.blocks > 0
    assert {record.participant for record in happened(run, NodeClosed)} == {"miner-001", "miner-002"}
    assert {record.participant for record in happened(run, WalletClosed)} == {"miner-001", "miner-002"}
    assert summary.height > 0
    assert summary.unaccounted == 0


def nothing_went_wrong(run):
    summary = run.summary
    ended_well(run)
    assert summary.reason == ""
    assert summary.transactions.failed == 0
    assert summary.transactions.vanished == []
    assert set(run.summary.miners) == {"pool-alpha", "pool-beta"}


def commands_were_carried_out_in_time(run, slack):
    assert happened(run, CommandFailed) == []
    told = [(host.name, entry.do, entry.at - run.plan.time_zero) for host in run.plan.hosts for entry in host.commands]
    assert len(told) == 11
    for host, do, at in told:
        (record,) = [record for record in happened(run, CommandExecuted, host) if record.data.command == do]
        assert 0 <= record.t - at < (1 + slack) * SECOND, f"{host}: {do} came at {record.t / SECOND} s"
    # The steward's own is one more.
    assert run.summary.commands == len(told) + 1


def commands_had_their_effect(run, slack):
    told = {(it.participant, it.data.command): it.t for it in happened(run, CommandExecuted)}
    alice, bob = (happened(run, PaymentSent, name) for name in ("alice", "bob"))
    assert between(alice, told["alice", "pause"], told["alice", "resume"]) == []
    assert between(alice, told["alice", "resume"], told["alice", "send-now"]) != []
    assert 1.5 * XMR in [record.data.amount for record in alice]
    assert 1.0 * XMR in [record.data.amount for record in bob]
    # From then on every 15 seconds, not every 40.
    usual = [it.t for it in bob if it.data.amount < XMR and it.t > told["bob", "set"] + 40 * SECOND]
    assert len(usual) >= 3
    assert all(abs(after - before - 15 * SECOND) < (5 + slack) * SECOND for before, after in pairwise(usual))

    found = {name: [it for it in own_time(run, BlockFound) if it.data.miner == name] for name in run.summary.miners}
    # A block that was asked for before may be told of after.
    begin = {name: told[name, do] + slack * SECOND for name, do in (("pool-beta", "stop"), ("pool-alpha", "leave"))}
    assert between(found["pool-beta"], begin["pool-beta"], told["pool-beta", "start"]) == []
    assert between(found["pool-alpha"], begin["pool-alpha"], told["pool-alpha", "join"]) == []
    assert [it.participant for it in found["pool-alpha"]].count("pool-alpha") == 1
    # A block every five seconds, and two beside these.
    assert run.summary.blocks == 180 // 5 - 1 + 2


def orders_were_paid(run):
    placed = [record for record in happened(run, OrderPlaced) if record.t < 150 * SECOND]
    assert len(placed) >= 5
    states = {}
    for record in happened(run, OrderChanged):
        states.setdefault(record.data.order, []).append(record.data.state)
    assert all(states[record.data.order] == ["seen", "received", "confirmed"] for record in placed)
    assert {state for changes in states.values() for state in changes} == {"seen", "received", "confirmed"}
    sent = {it.data.txid for it in own_time(run, PaymentSent) if it.t < 150 * SECOND}
    assert sent <= {it.data.txid for it in happened(run, PaymentConfirmed)}


def the_orchestrator_knew_of_all(run):
    seen = document(run, "orchestrator")
    assert seen["states"] == {"running": len(run.plan.hosts)}
    assert {name for name, agent in seen["agents"].items() if agent["unresponsive"]} == set()
    (config,) = [actor.config for host in run.plan.hosts for actor in host.actors if actor.use == "orchestrator"]
    counted = Counter(event_tag(type(record.data)) for record in run.events() if record.t >= 0)
    assert seen["events"] == {tag: counted[tag] for tag in config["collect"] if counted[tag]}
    assert seen["commands"] == {"ok": 1}


def the_steward_heard_of_all(run):
    seen = document(run, "steward")
    assert seen["blocks"] == run.summary.blocks
    assert seen["payments"] == [XMR]
    assert seen["results"] == ["done: bob: regular-user"]
    assert seen["orders"] == Counter(record.data.state for record in happened(run, OrderChanged))
    assert seen["miners"] == Counter(record.data.miner for record in own_time(run, BlockFound))
    assert seen["commands"] == Counter(f"{it.participant}: {it.data.command}" for it in happened(run, CommandExecuted))
    # So did the observer, of its node.
    assert sum(record.data.blocks for record in own_time(run, TipSeen)) == run.summary.blocks


def own_time(run, kind):
    return [record for record in happened(run, kind) if record.t >= 0]


def between(records, begin, end):
    return [record for record in records if begin < record.t < end]


def document(run, name):
    return json.loads((run.directory / "shared" / f"{name}.json").read_text())
