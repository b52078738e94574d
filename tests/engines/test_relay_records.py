"""Who relayed what to whom, as the embedded engine records it where a scenario asks for it."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from monerosim import BlockSpread, ItemRelayed, Participant, Scenario, TransactionSpread, TransactionStem, run
from monerosim.report.spread import first_seen
from monerosim.units import SECOND

VERIFICATION = 80_000
MILLISECOND = 1_000


def scenario(record, **network):
    return Scenario(
        simulation={"name": "told", "duration": "12m"},
        network={"connections": 1, "dandelion": {"fluff_probability": 0}, **network},
        consensus={"block_time": "6m", "block_arrivals": "fixed"},
        participants={
            "pool": Participant(kind="mining-pool", settings={"hashrate": 100}),
            "block-controller": Participant(kind="block-controller"),
            "user": Participant(
                kind="regular-user",
                count=8,
                wallet={"initial_balance": "10 XMR", "outputs": 6},
                settings={"transaction_frequency": 1},
            ),
        },
        record=record,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return run(scenario({"relays": "all", "stems": "all"}), tmp_path_factory.mktemp("told") / "run")


def of(played, kind):
    return [record for record in played.events() if isinstance(record.data, kind)]


def relays(played):
    """List the messages with what they brought."""
    return [(it.data.item, it.data.kind, relay) for it in of(played, ItemRelayed) for relay in it.data.relays()]


def test_what_is_recorded_changes_nothing(told, tmp_path: Path):
    plain = run(scenario({}), tmp_path / "run")
    assert plain.summary.digest == told.summary.digest
    assert not of(plain, ItemRelayed)
    assert not of(plain, TransactionStem)


def test_a_stem_is_the_way_that_the_connections_leave_it(told):
    """With one outgoing connection a node and no fluff epochs, a stem follows from the plan."""
    dialled = {host.name: host.node.peers[0] for host in told.plan.hosts if host.node is not None}
    stems = [record.data for record in of(told, TransactionStem)]
    assert len(stems) > 20
    assert {stem.end for stem in stems} <= {"loop", "no-stem"}
    for stem in stems:
        assert all(dialled[one] == other for one, other in pairwise(stem.nodes))
        assert (stem.nodes[-1] in stem.nodes[:-1]) == (stem.end == "loop")
    hops = {(item, it.sender, it.receiver) for item, kind, it in relays(told) if kind == "stem"}
    planted = {(stem.txid, one, other) for stem in stems for one, other in pairwise(stem.nodes)}
    assert planted <= hops


def test_messages_explain_when_each_node_had_a_transaction(told):
    received = defaultdict(list)
    for item, _, relay in relays(told):
        received[item, relay.receiver].append(relay.t)
    with_a_block = {(node, at) for it in of(told, BlockSpread) for node, at in first_seen(it.data, told.plan).items()}
    for record in of(told, TransactionSpread):
        times = first_seen(record.data, told.plan)
        first = min(times.values())
        for node, at in times.items():
            if at > first and (node, at) not in with_a_block:
                late = [it - at + VERIFICATION for it in received[record.data.txid, node]]
                # A message has come when all that is in it has.
                assert any(0 <= it < MILLISECOND for it in late)


def test_each_transaction_of_a_message_tells_their_number(told):
    messages = defaultdict(list)
    for _, kind, relay in relays(told):
        if kind in ("fluff", "embargo"):
            messages[relay[:3]].append(relay.message)
    # Two nodes may have dialled each other, and messages on both connections may come at once.
    alone = [numbers for numbers in messages.values() if set(numbers) == {len(numbers)}]
    assert len(alone) > 0.9 * len(messages)
    assert any(len(numbers) > 1 for numbers in alone)


def test_a_node_may_be_watched_alone(told, tmp_path: Path):
    watched = run(scenario({"relays": ["user-003"]}), tmp_path / "run")

    theirs = sorted(it for it in relays(told) if "user-003" in (it[2].sender, it[2].receiver))
    assert sorted(relays(watched)) == theirs
    assert len({relay.t // SECOND for *_, relay in theirs}) > 10


def test_nothing_is_recorded_that_comes_after_the_end(told):
    end = max(record.t for record in told.events() if not isinstance(record.data, ItemRelayed))
    assert max(relay.t for *_, relay in relays(told)) <= end
    assert all(it.t == max(relay.t for relay in it.data.relays()) for it in of(told, ItemRelayed))


def test_the_table_of_relays_has_all_messages(told):
    rows = told.tables.relays.arrow().to_pylist()
    columns = ("item", "phase", "t_us", "sender", "receiver", "message")
    assert sorted(tuple(row[name] for name in columns) for row in rows) == sorted(
        (item, kind, *relay) for item, kind, relay in relays(told)
    )
