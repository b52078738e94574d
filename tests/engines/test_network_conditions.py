"""Conditions of the network on the embedded engine: what the timeline and actors change, and what follows."""

from pathlib import Path

import pytest
from small_runs import happened, play

from monerosim import run
from monerosim.events import (
    BlockContents,
    CommandFailed,
    NetworkChanged,
    NodeCaughtUp,
    NodeClosed,
    PaymentConfirmed,
    PaymentFailed,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    Reorganised,
    TransactionSpread,
    WalletClosed,
)
from monerosim.scenario import load
from monerosim.units import SECOND

SCENARIOS = Path(__file__).parents[2] / "scenarios"
MINUTE = 60 * SECOND

FOUR = """
[simulation]
name = "four"
duration = "40m"
seed = 5

[network]
connections = 3

[consensus]
block_time = "60s"

[participants.north]
kind = "autonomous-miner"
hashrate = 60

[participants.south]
kind = "autonomous-miner"
hashrate = 40

[participants.user]
kind = "regular-user"
count = 2
node = {}
wallet = { initial_balance = "20 XMR" }
transaction_frequency = 0.5
"""


def told(*entries):
    return FOUR + "".join("\n[[timeline]]\n" + entry.replace("; ", "\n") + "\n" for entry in entries)


def tips(played):
    return {record.participant: record.data.tip for record in happened(played, NodeClosed)}


@pytest.fixture(scope="module")
def partition(tmp_path_factory):
    return run(load(SCENARIOS / "partition.toml"), tmp_path_factory.mktemp("partition") / "run")


class TestPartition:
    def test_both_sides_grow_and_the_weaker_one_loses_its_blocks(self, partition):
        split, healed = 15 * MINUTE, 75 * MINUTE
        mined = [record.participant for record in happened(partition, BlockContents) if split < record.t < healed]
        of_south = sum(name.startswith("south") for name in mined)
        # A Poisson process each: sixty blocks, a third of them in the south; the bounds hold with 99.9 %.
        assert 37 < len(mined) < 86
        assert 8 < of_south < 38
        lost = happened(partition, Reorganised)
        assert {record.data.depth for record in lost} == {25}
        assert {record.participant for record in lost} == {
            *("south-001", "south-002", "southerner-001", "southerner-002")
        }
        assert all(healed < record.t < healed + 2 * MINUTE for record in lost)
        assert of_south - 1 <= 25 <= of_south

    def test_there_is_one_tip_and_all_that_was_paid_is_confirmed(self, partition):
        assert len(set(tips(partition).values())) == 1
        summary = partition.summary
        assert (summary.coins.unaccounted, summary.outcome.failures) == (0, 0)
        users = ("northerner-001", "northerner-002", "northerner-003", "southerner-001", "southerner-002")
        sent, confirmed = (happened(partition, kind, *users) for kind in (PaymentSent, PaymentConfirmed))
        assert {record.data.txid for record in sent} == {record.data.txid for record in confirmed}
        assert len(sent) > 100

    def test_a_user_whose_node_is_away_fails_to_pay_and_goes_on_when_it_is_back(self, partition):
        failed = {record.t for record in happened(partition, PaymentFailed, "northerner-001")}
        assert failed
        assert all(20 * MINUTE <= at <= 52 * MINUTE for at in failed)
        assert any(record.t > 55 * MINUTE for record in happened(partition, PaymentSent, "northerner-001"))
        (back,) = happened(partition, NodeCaughtUp)
        assert back.participant == "northerner-001"
        # Thirty minutes of blocks, of which each takes 80 ms to verify.
        assert 0 < back.data.elapsed < 10 * SECOND

    def test_what_changes_is_recorded_with_its_cause(self, partition):
        changes = happened(partition, NetworkChanged)
        assert [record.data.do for record in changes] == ["partition", "shut-down", "start-up", "heal"]
        assert all(record.cause for record in changes)
        closed, made = (happened(partition, kind) for kind in (PeerDisconnected, PeerConnected))
        assert len(closed) > 10
        assert {(record.participant, record.data.peer) for record in closed} <= {
            (record.participant, record.data.peer) for record in made if record.t > 15 * MINUTE
        }

    def test_a_second_run_is_the_same(self, tmp_path):
        short = ("simulation.duration=80min",)
        first, second = (run(load(SCENARIOS / "partition.toml", changes=short), tmp_path / it) for it in "ab")
        assert first.summary.digest == second.summary.digest


def test_a_link_is_cut_and_restored(tmp_path):
    text = told(
        'at = "5m"; do = "cut"; who = "north"; peer = "south"',
        'at = "5m"; do = "cut"; who = "user"; peer = "south"',
        'at = "30m"; do = "restore"; who = "user-001"; peer = "south"',
    )
    played = play(text, tmp_path / "run")
    assert [record.t for record in happened(played, NodeCaughtUp, "south")] == [pytest.approx(30 * MINUTE, abs=10**7)]
    assert len(set(tips(played).values())) == 1
    assert any(record.data.depth > 3 for record in happened(played, Reorganised))


@pytest.mark.parametrize(("end", "begin"), [("crash", "start-up"), ("freeze", "thaw"), ("shut-down", "start-up")])
def test_miners_leave_and_join_as_nodes(end, begin, tmp_path):
    text = told(f'at = "5m"; do = "{end}"; who = "north"', f'at = "30m"; do = "{begin}"; who = "north"')
    played = play(text, tmp_path / "run")
    by_north = [record.t for record in happened(played, BlockContents, "north")]
    assert not any(5 * MINUTE < at < 30 * MINUTE for at in by_north)
    assert any(at > 30 * MINUTE for at in by_north)
    assert len(set(tips(played).values())) == 1
    (back,) = happened(played, NodeCaughtUp)
    assert back.data.elapsed < 10 * SECOND
    assert played.summary.coins.unaccounted == 0


def test_a_silent_node_keeps_what_it_is_to_keep(tmp_path):
    text = told('at = 0; do = "silence"; who = "user"; what = "transactions"')
    (silent, usual) = (play(it, tmp_path / name) for it, name in ((text, "silent"), (FOUR, "usual")))
    assert happened(usual, PaymentConfirmed)
    # Their miners never hear of them, but by stems.
    assert len(happened(silent, PaymentConfirmed)) < len(happened(usual, PaymentConfirmed))


def test_slow_connections_are_slow_as_long_as_they_are(tmp_path):
    text = told(
        'at = "10m"; do = "degrade"; who = "north"; latency = "20s"; loss = 0.1',
        'at = "25m"; do = "degrade"; who = "north"',
    )
    played = play(text, tmp_path / "run")
    stale = happened(played, Reorganised)
    assert stale
    assert all(10 * MINUTE < record.t < 27 * MINUTE for record in stale)


def test_a_wallet_moves_to_another_node_when_its_own_goes(tmp_path):
    text = told(
        'at = "5m"; do = "shut-down"; who = "user-001"',
        'at = "10m"; do = "move-wallet"; who = "user-001"; node = "north"',
        'at = "5m"; do = "shut-down"; who = "user-002"; program = "wallet"',
        'at = "20m"; do = "start-up"; who = "user-002"; program = "wallet"',
    )
    played = play(text, tmp_path / "run")
    for name, since, until in (("user-001", 5, 10), ("user-002", 5, 20)):
        sent = [record.t // MINUTE for record in happened(played, PaymentSent, name)]
        assert not any(since <= at < until for at in sent)
        assert any(at > until for at in sent)
    spread = happened(played, TransactionSpread)
    assert spread
    assert played.summary.coins.unaccounted == 0


@pytest.mark.parametrize("do", ["crash", "freeze", "shut-down"])
@pytest.mark.parametrize("program", ["node", "wallet"])
def test_a_program_that_the_scenario_has_down_at_the_end_is_nobodys_failure(do, program, tmp_path):
    hodler = '[participants.holder]\nkind = "hodler"\ninterval = "2s"\n'
    text = told(f'at = "2m"; do = "{do}"; who = "holder"; program = "{program}"')
    played = play(text + hodler, tmp_path / "run", "simulation.duration=6m")
    assert played.summary.completed
    assert played.summary.outcome.failures == 0
    closed = {record.participant for record in happened(played, NodeClosed if program == "node" else WalletClosed)}
    assert "holder" not in closed
    assert "user-001" in closed


ACTOR = '''
from monerosim import Behaviour, ConditionError, Config, Cut, Freeze, Restore


class Saboteur(Behaviour[Config]):
    """Cuts two miners off from each other for a while."""

    def begin(self) -> None:
        self.after(300.0, self.cut)
        self.after(600.0, self.restore)
        self.after(700.0, self.fail)

    def cut(self) -> None:
        self.change_network(Cut(who="north", peer="south"))

    def restore(self) -> None:
        self.change_network(Restore(who="north", peer="south"))

    def fail(self) -> None:
        try:
            self.change_network(Freeze())
        except ConditionError as error:
            self.log.warning("{}", error)
'''


def test_an_actor_changes_the_network_by_a_message(tmp_path):
    (tmp_path / "saboteur.py").write_text(ACTOR)
    (tmp_path / "scenario.toml").write_text(FOUR + '\n[participants.saboteur]\nkind = "./saboteur.py:Saboteur"\n')
    played = run(tmp_path / "scenario.toml", tmp_path / "run")
    changes = happened(played, NetworkChanged, "saboteur")
    assert [(record.t // MINUTE, record.data.do, record.data.who) for record in changes[:2]] == [
        (5, "cut", ("north",)),
        (10, "restore", ("north",)),
    ]
    assert not happened(played, CommandFailed)
    (line,) = [line for line in played.traces() if line.level == "WARNING" and line.participant == "saboteur"]
    assert "saboteur has no node" in line.text
