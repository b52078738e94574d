"""Whole runs on the embedded engine: what they promise, that they repeat, and that they survive failures."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from small_runs import WHOLE, build, happened, play

from monerosim import Consensus, Participant, Run, Scenario, Simulation, Wallet, run
from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    ActorRestarted,
    BlockFound,
    BlockSpread,
    NodeClosed,
    PaymentConfirmed,
    PaymentReceived,
    PaymentSeen,
    PaymentSent,
    PeerConnected,
    ServiceReady,
    TransactionSpread,
    WalletClosed,
)
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.report.spread import first_seen
from monerosim.runs import play as play_directory
from monerosim.units import SECOND

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.toml"))


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory):
    return run(ROOT / "scenarios" / "quickstart.toml", tmp_path_factory.mktemp("quickstart") / "run")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("whole") / "run")


def subsidies(height):
    total = 0
    for _ in range(height):
        total += base_reward(GENESIS_REWARD + total)
    return total


class TestQuickstart:
    def test_payments_are_sent_received_and_tracked(self, quickstart):
        paid = quickstart.summary.payments
        assert paid.sent > 500
        assert paid.received > 0.9 * paid.sent
        assert paid.confirmed > 0.9 * paid.sent
        # What the scenario asks for and what was delivered stand side by side.
        assert paid.requested == round(sum(0.1 * (120 - (30 + n) / 60) for n in range(100)))
        sent = {it.data.txid: it for it in happened(quickstart, PaymentSent) if it.participant != "funder"}
        for kind in (PaymentSeen, PaymentReceived, PaymentConfirmed):
            assert {it.data.txid for it in happened(quickstart, kind)} <= set(sent)
        for record in happened(quickstart, PaymentReceived):
            payment = sent[record.data.txid]
            assert record.data.address in payment.data.recipients
            assert (record.data.amount, record.t > payment.t) == (payment.data.amount, True)

    def test_balances_add_up_to_the_subsidies(self, quickstart):
        summary = quickstart.summary
        assert sum(summary.coins.balances.values()) == subsidies(summary.chain.height) == summary.coins.emitted
        assert summary.coins.unaccounted == 0

    def test_every_wallet_of_the_plan_has_a_balance(self, quickstart):
        owners = {host.name for host in quickstart.plan.hosts if host.wallets}
        assert set(quickstart.summary.coins.balances) == owners
        assert len(owners) == 100 + 5 + 3 + 1
        assert all(balance >= 0 for balance in quickstart.summary.coins.balances.values())

    def test_all_nodes_end_on_one_chain(self, quickstart):
        closed = happened(quickstart, NodeClosed)
        assert len(closed) == 103
        assert {(record.data.height, record.data.tip) for record in closed} == {
            (quickstart.summary.chain.height, closed[0].data.tip)
        }

    def test_the_blocks_are_the_pools(self, quickstart):
        summary = quickstart.summary
        assert set(summary.miners) == {"pool-alpha", "pool-beta", "pool-gamma"}
        assert summary.chain.blocks == sum(one.blocks + one.stale for one in summary.miners.values()) > 30
        assert (
            summary.chain.height
            == summary.chain.blocks
            - sum(one.stale for one in summary.miners.values())
            + quickstart.plan.bootstrap.funding_blocks
            + quickstart.plan.bootstrap.unlock_blocks
        )

    def test_nothing_fails(self, quickstart):
        assert quickstart.summary.completed
        assert quickstart.summary.outcome.failures == 0
        assert quickstart.summary.simulated_seconds == 7200


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_each_ready_scenario_plays(path, tmp_path, quickstart):
    if path.stem == "quickstart":
        played = quickstart
    else:
        # The two sides of partition.toml meet again after more than an hour.
        shorter = () if path.stem == "partition" else ("simulation.duration='20m'",)
        build(path, tmp_path / "run", "simulation.engine='embedded'", *shorter)
        played = play_directory(tmp_path / "run")
    summary = played.summary
    assert summary.completed
    assert summary.coins.unaccounted == 0
    assert summary.outcome.failures == 0
    assert summary.outcome.bootstrap_failure == ""
    assert summary.chain.blocks > 0


class TestDeterminism:
    def test_another_process_with_another_hash_seed_gives_the_same(self, whole, tmp_path):
        scenario = tmp_path / "small.toml"
        scenario.write_text(WHOLE)
        for hash_seed in ("1", "4242"):
            directory = tmp_path / hash_seed
            command = [sys.executable, "-m", "monerosim.cli", "run", str(scenario), "-o", str(directory), "-q"]
            environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
            assert (directory / "events.jsonl").read_bytes() == (whole.directory / "events.jsonl").read_bytes()
            assert Run(directory).summary.digest == whole.summary.digest
            for path in (whole.directory / "hosts").rglob("*.jsonl"):
                assert (directory / path.relative_to(whole.directory)).read_bytes() == path.read_bytes()

    def test_the_order_of_the_tables_does_not_matter(self, whole, tmp_path):
        head, *tables = re.split(r"(?m)^(?=\[)", WHOLE)
        again = play(head + "".join(reversed(tables)), tmp_path / "run")
        assert tomllib.loads(head + "".join(reversed(tables))) == tomllib.loads(WHOLE)
        assert again.summary.digest == whole.summary.digest

    def test_python_and_toml_say_the_same(self, whole, tmp_path):
        users = Participant(
            kind="regular-user",
            count=3,
            wallet=Wallet(initial_balance="20 XMR"),
            settings={"transaction_frequency": 0.3},
        )
        scenario = Scenario(
            simulation=Simulation(name="small", duration="30m", seed=5),
            consensus=Consensus(block_time="60s"),
            participants={
                "user": users,
                "marketplace": Participant(kind="marketplace", node="miner", wallet={"addresses": 3}),
                "miner": Participant(kind="mining-pool", settings={"hashrate": 100}),
                "block-controller": Participant(kind="block-controller"),
            },
        )
        assert run(scenario, tmp_path / "run").summary.digest == whole.summary.digest

    def test_another_seed_gives_another(self, whole, tmp_path):
        digests = {play(WHOLE, tmp_path / str(seed), seed=seed).summary.digest for seed in (1, 2, 3)}
        assert len(digests | {whole.summary.digest}) == 4

    def test_the_trace_level_does_not_matter(self, whole, tmp_path):
        for level in ("TRACE", "ERROR"):
            assert play(WHOLE, tmp_path / level, trace_level=level).summary.digest == whole.summary.digest

    def test_somebody_who_does_nothing_changes_no_choice_of_the_others(self, whole, tmp_path):
        more = play(WHOLE + "[participants.aaa]\nnode = {}\n[participants.zzz]\nnode = {}\n", tmp_path / "run")
        assert [it.t for it in happened(more, BlockFound)] == [it.t for it in happened(whole, BlockFound)]
        ours, theirs = (happened(it, PaymentSent, "user-001", "user-002", "user-003") for it in (whole, more))
        # The first payment of each is made at a time, of an amount and to a vendor that its own streams choose.
        for user in ("user-001", "user-002", "user-003"):
            one, other = (next(it for it in records if it.participant == user) for records in (ours, theirs))
            assert (one.t, one.data.amount) == (other.t, other.data.amount)
            assert one.data.recipients == other.data.recipients


class TestStartUp:
    @pytest.mark.parametrize("late", ["node_start", "wallet_start"])
    def test_agents_wait_for_daemons_and_wallets_that_are_late(self, late, tmp_path):
        played = play(WHOLE, tmp_path / "run", f'simulation.{late}="3m"')
        ready = happened(played, ServiceReady)
        program = "monerod" if late == "node_start" else "monero-wallet-rpc"
        waited = [
            it.data.attempts for it in ready if it.data.service.startswith(program) and it.actor in ("node", "wallet")
        ]
        # The agents start after 60 s, and try every second.
        assert waited
        assert min(waited) > 115
        told = [line.text for line in played.traces(participants=("miner",)) if " is up" in line.text]
        assert any(re.search(rf"{program} of miner is up.*after \d{{3}} tries", text) for text in told)
        assert played.summary.outcome.failures == 0
        assert played.summary.payments.received > 0
        assert played.summary.coins.unaccounted == 0

    def test_a_daemon_is_not_ready_at_once(self, tmp_path):
        played = play(WHOLE, tmp_path / "run", 'simulation.agent_start="0s"', 'simulation.wallet_start="0s"')
        attempts = [it.data.attempts for it in happened(played, ServiceReady) if it.data.service.startswith("monerod")]
        assert max(attempts) > 1
        assert played.summary.outcome.failures == 0


FRAGILE = """
from typing import ClassVar

from monerosim.config import Config
from monerosim.agent.behaviour import Behaviour


class FragileConfig(Config, frozen=True):
    after: float = 60.0
    at_once: bool = False
    at_end: bool = False


class Fragile(Behaviour[FragileConfig]):

    def begin(self):
        if self.config.at_once:
            raise RuntimeError("no beginning")
        self.after(self.config.after, self.fall)

    def fall(self):
        raise RuntimeError("fell")

    def end(self):
        if self.config.at_end:
            raise RuntimeError("no end")
"""


class TestFailures:
    @pytest.fixture(autouse=True)
    def _fragile(self, install_blocks):
        install_blocks("fragile", FRAGILE, {"fragile": "fragile:Fragile"})

    def test_an_actor_that_raises_is_started_again_and_counted(self, whole, tmp_path):
        text = WHOLE + '[participants.x]\nkind = "fragile"\nafter = 700.0\n'
        played = play(text, tmp_path / "run")
        # Each fall is 700 s and the backoff of 5 s after the last; they never come thrice in ten minutes.
        failed = happened(played, ActorFailed)
        assert [record.t // SECOND for record in failed] == [700, 1405]
        assert all(record.data.error == "RuntimeError: fell" for record in failed)
        assert [record.t // SECOND for record in happened(played, ActorRestarted)] == [705, 1410]
        assert played.summary.outcome.failures == 2
        assert played.summary.outcome.given_up == []
        assert played.summary.completed
        assert played.summary.payments.sent == whole.summary.payments.sent
        (line, *_) = [line for line in played.traces(participants=("x",), actors=("fragile",)) if line.error]
        assert "RuntimeError: fell" in line.error

    @pytest.mark.parametrize("how", ["after = 1.0", "at_once = true"])
    def test_an_actor_that_fails_too_often_is_given_up_and_the_run_goes_on(self, whole, tmp_path, how):
        text = WHOLE + f'[participants.x]\nkind = "fragile"\n{how}\nrestarts = {{ max_restarts = 2, backoff = "1s" }}\n'
        played = play(text, tmp_path / "run")
        assert len(happened(played, ActorFailed)) == 3
        assert len(happened(played, ActorRestarted)) == 2
        assert len(happened(played, ActorGivenUp)) == 1
        assert played.summary.outcome.failures == 3
        assert played.summary.outcome.given_up == ["x/fragile"]
        assert played.summary.completed
        assert played.summary.payments.sent == whole.summary.payments.sent

    def test_one_that_fails_at_the_end_keeps_nobody_from_ending(self, tmp_path):
        played = play(WHOLE + '[participants.x]\nkind = "fragile"\nafter = 9999.0\nat_end = true\n', tmp_path / "run")
        assert played.summary.outcome.failures == 1
        assert len(happened(played, WalletClosed)) == len(played.summary.coins.balances) == 6


class TestWhatNodesSaw:
    def test_every_block_and_transaction_is_told_once_with_all_nodes(self, quickstart):
        blocks, payments = (happened(quickstart, kind) for kind in (BlockSpread, TransactionSpread))
        assert sorted(one.data.height for one in blocks) == list(range(1, quickstart.summary.chain.height + 1))
        found = {one.data.hash for one in happened(quickstart, BlockFound)}
        assert found <= {one.data.hash for one in blocks}
        sent = [one.data.txid for one in happened(quickstart, PaymentSent)]
        assert sorted(one.data.txid for one in payments) == sorted(sent)
        assert {len(one.data.delays) for one in (*blocks, *payments)} == {103}

    def test_who_finds_or_sends_has_it_first_and_at_once(self, quickstart):
        spreads = {one.data.hash: one for one in happened(quickstart, BlockSpread)}
        found = happened(quickstart, BlockFound)
        assert len(found) > 30
        for one in found:
            assert (spreads[one.data.hash].participant, spreads[one.data.hash].data.first) == (one.data.miner, one.t)
        spreads = {one.data.txid: one for one in happened(quickstart, TransactionSpread)}
        sent = happened(quickstart, PaymentSent, *(f"user-{number:03}" for number in range(1, 101)))
        assert len(sent) > 1000
        for one in sent:
            assert (spreads[one.data.txid].participant, spreads[one.data.txid].data.first) == (one.participant, one.t)

    def test_nobody_sees_a_payment_before_its_node_has_it(self, quickstart):
        nodes = {host.name: host.uses_node for host in quickstart.plan.hosts}
        seen = {one.data.txid: first_seen(one.data, quickstart.plan) for one in happened(quickstart, TransactionSpread)}
        looked = happened(quickstart, PaymentSeen)
        assert looked
        for one in looked:
            assert seen[one.data.txid][nodes[one.participant]] <= one.t

    def test_the_time_of_the_event_is_that_of_the_last_node(self, quickstart):
        spreads = happened(quickstart, TransactionSpread)
        assert len(spreads) > 1000
        for one in spreads:
            assert one.t == one.data.first + max(one.data.delays) <= quickstart.plan.stop - quickstart.plan.time_zero
            assert min(after for after in one.data.delays if after >= 0) == 0

    def test_years_in_which_nothing_happens_take_no_time(self, tmp_path):
        told = []
        played = play(
            '[simulation]\nduration = "87600h"\n[participants.relay]\nnode = {}\n',
            tmp_path / "run",
            on_progress=lambda progress: told.append(progress.now) is None,
        )
        assert played.summary.simulated_seconds == 87_600 * 3600
        assert len(told) < 100

    def test_a_run_that_is_stopped_tells_what_was_so_until_then(self, whole, tmp_path):
        stopped = play(WHOLE, tmp_path / "run", on_progress=lambda progress: progress.payments < 3)
        (last,) = {one.t for one in happened(stopped, NodeClosed)}
        sent = {one.data.txid for one in happened(stopped, PaymentSent)}
        spreads = {one.data.txid: one.data for one in happened(stopped, TransactionSpread)}
        assert set(spreads) == sent
        for one in happened(whole, TransactionSpread):
            if one.data.txid in sent:
                until = [after if one.data.first + after <= last else -1 for after in one.data.delays]
                assert list(spreads[one.data.txid].delays) == until

    def test_nodes_are_connected_to_those_they_dial_when_both_are_up(self, tmp_path):
        played = play(WHOLE, tmp_path / "run", 'simulation.duration="1m"')
        told = {(one.participant, one.data.peer): one.t for one in happened(played, PeerConnected)}
        nodes = {host.name: host.node for host in played.plan.hosts if host.node is not None}
        assert sorted(told) == sorted((name, peer) for name, node in nodes.items() for peer in node.peers)
        up = {name: node.start + node.ready_after - played.plan.time_zero for name, node in nodes.items()}
        assert all(at == max(up[node], up[peer]) for (node, peer), at in told.items())

    def test_the_summary_has_how_long_it_took(self, quickstart):
        propagation = quickstart.summary.propagation
        blocks, payments = propagation.blocks, propagation.transactions
        assert blocks.items == blocks.all.n == quickstart.summary.chain.blocks
        assert payments.items == quickstart.summary.payments.sent
        # Two hops of latency and verification; a stem, then flush waits of seconds.
        assert 0.2 < blocks.half.median < blocks.all.median < 2
        assert 1 < payments.half.median < payments.all.median < 20


class TestRunDirectory:
    def test_it_holds_plan_events_summary_traces_and_shared_state(self, whole):
        names = {path.name for path in whole.directory.iterdir()}
        assert {"plan.json", "events.jsonl", "summary.json", "hosts", "shared"} <= names
        shared = whole.directory / "shared"
        for name in ("agent_registry.json", "miners.json", "blocks_found.json", "mining_pools/miner.json"):
            json.loads((shared / name).read_bytes())
        for host in whole.plan.hosts:
            assert (whole.directory / "hosts" / host.name / "supervisor.jsonl").is_file()

    def test_the_summary_has_the_keys_that_were_promised(self, whole):
        summary = json.loads((whole.directory / "summary.json").read_bytes())
        promised = {
            "participants",
            "chain",
            "payments",
            "miners",
            "coins",
            "simulated_seconds",
            "wall_seconds",
            "digest",
        }
        assert promised <= set(summary)
        assert {"sent", "confirmed", "received", "failed"} <= set(summary["payments"])
        assert {"height", "reorganisations"} <= set(summary["chain"])
        assert {"emitted", "balances"} <= set(summary["coins"])
        assert {"blocks", "reward"} <= set(summary["miners"]["miner"])
        assert summary["participants"] == len(whole.plan.hosts)
        assert re.fullmatch("[0-9a-f]{64}", summary["digest"])
        assert summary["simulated_seconds"] == 1800

    def test_neither_real_time_nor_the_machine_is_in_events_and_traces(self, whole):
        files = [whole.directory / "events.jsonl", *(whole.directory / "hosts").rglob("*.jsonl")]
        text = "".join(path.read_text() for path in files)
        for part in (str(whole.directory), str(ROOT), str(Path.home()), sys.prefix):
            assert f"{part}/" not in text
        assert not re.search(r"20\d\d-\d\d-\d\d", text)

    def test_times_are_within_the_run(self, whole):
        plan = whole.plan
        times = [record.t for record in whole.events()]
        assert min(times) >= -plan.time_zero
        assert max(times) <= plan.stop - plan.time_zero
