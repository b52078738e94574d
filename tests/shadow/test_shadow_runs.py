"""Runs on Shadow with the real programs: the smallest whole network, twice, a directed one, and runs that end early."""

import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from directed_run import DIRECTED, ENDED, decided, it_ended_early, it_was_as_directed
from small_runs import build

from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.engine import EngineError
from monerosim.events import (
    BlockSpread,
    NodeClosed,
    PaymentConfirmed,
    PaymentReceived,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    RunEnded,
    TransactionSpread,
)
from monerosim.events.log import digest, read_events
from monerosim.runs import Run, play
from monerosim.runs import run as build_and_play
from monerosim.scenario import load, parse
from monerosim.tables.tables import TABLES
from monerosim.units import SECOND

SMOKE = Path(__file__).parents[2] / "scenarios" / "smoke.toml"

TINY = """
[simulation]
engine = "shadow"
duration = "1m"
[participants.pool]
kind = "mining-pool"
hashrate = 1
"""

LONG = """
[simulation]
engine = "shadow"
duration = "10h"
[participants.maker]
kind = "constant-mining"
interval = "10s"
"""


def smoke_plan():
    scenario = load(SMOKE)
    simulation = msgspec.structs.replace(scenario.simulation, engine="shadow")
    return build_plan(msgspec.structs.replace(scenario, simulation=simulation))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The smoke scenario, played by the engine."""
    directory = tmp_path_factory.mktemp("shadow") / "engine"
    write_run_directory(smoke_plan(), SMOKE.read_bytes(), directory)
    progress = []
    run = play(directory, on_progress=lambda now: progress.append(now) is None)
    return run, progress


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    """The same, played by plain `shadow` from another directory, in a place with a longer path."""
    directory = tmp_path_factory.mktemp("by-hand") / "at" / "some" / "other" / "place"
    plan = smoke_plan()
    assert plan.shadow.general.get("parallelism", 2) == 2
    write_run_directory(plan, SMOKE.read_bytes(), directory)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(["shadow", directory / "shadow.yaml"], cwd=elsewhere, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert list(elsewhere.iterdir()) == []
    Run(directory).read_back()
    return directory


def lines(path):
    """Read a log of JSON lines: their times, and the rest."""
    found = [re.fullmatch(r'\{"t":(-?\d+),(.*)', line) for line in path.read_text().splitlines()]
    return [int(match[1]) for match in found], [match[2] for match in found]


def records(run, kind):
    return [record for record in run.events() if isinstance(record.data, kind)]


def test_users_pay_and_vendors_receive(played):
    run, _ = played
    paid = Counter(record.participant for record in records(run, PaymentSent))
    assert paid["user-001"] >= 1
    assert paid["user-002"] >= 1
    assert records(run, PaymentConfirmed)
    sent = {record.data.txid for record in records(run, PaymentSent)}
    received = records(run, PaymentReceived)
    assert {record.participant for record in received} == {"marketplace"}
    assert {record.data.txid for record in received} <= sent


def test_every_node_ends_at_the_same_tip_and_no_coin_is_lost(played):
    run, _ = played
    closed = records(run, NodeClosed)
    assert {record.participant for record in closed} == {"miner", "user-001", "user-002"}
    assert len({(record.data.height, record.data.tip) for record in closed}) == 1
    assert closed[0].data.height > 100
    summary = run.summary
    assert summary.completed
    assert summary.coins.unaccounted == 0
    assert summary.outcome.failures == 0
    assert summary.outcome.given_up == []


def test_what_each_node_saw_is_read_back(played):
    run, _ = played
    blocks = records(run, BlockSpread)
    assert sorted(one.data.height for one in blocks) == list(range(1, run.summary.chain.height + 1))
    # The latency is 50 ms, and verification takes no time there.
    assert {one.participant for one in blocks} == {"miner"}
    assert all(sorted(one.data.delays)[1] >= 50_000 for one in blocks)
    assert run.summary.propagation.blocks.all.n == run.summary.chain.blocks
    spreads = {one.data.txid: one for one in records(run, TransactionSpread)}
    payments = [one for one in records(run, PaymentSent) if one.participant != "funder"]
    assert {one.data.txid for one in payments} < set(spreads)
    for one in payments:
        assert spreads[one.data.txid].participant == one.participant
        assert one.t - SECOND < spreads[one.data.txid].data.first <= one.t
        assert min(spreads[one.data.txid].data.delays) == 0
    assert records(run, PeerDisconnected) == []
    nodes = {host.name: host.node for host in run.plan.hosts if host.node is not None}
    assert sorted((one.participant, one.data.peer) for one in records(run, PeerConnected)) == sorted(
        (name, peer) for name, node in nodes.items() for peer in node.peers
    )


def test_it_has_all_tables_of_what_happened(played):
    run, _ = played
    tables = run.tables
    columns = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
    assert {name: tables[name].arrow().column_names for name in tables} == columns
    (answer,) = run.query("select sum(balance) as held from wallets where final").to_pylist()
    assert answer["held"] == run.summary.coins.emitted


def test_what_each_program_took_is_in_its_resources(played):
    sql = "select process, max(cpu_s) as cpu, max(rss) as rss, max(disk) as disk from resources group by process"
    run, _ = played
    taken = {row["process"]: row for row in run.query(sql).to_pylist()}
    programs = {f"{host.name}/{process.name}" for host in run.plan.hosts for process in host.processes}
    assert taken.keys() == programs | {"monerosim"}
    for name in programs:
        assert taken[name]["cpu"] > 0, name
        assert taken[name]["rss"] > 1_000_000, name
        assert taken[name]["disk"] > 0, name


def test_progress_is_told(played):
    run, progress = played
    times = [one.now for one in progress]
    assert times == sorted(times)
    assert times[-1] == run.plan.stop
    assert progress[-1].payments == len(records(run, PaymentSent))
    assert progress[-1].height > 0


def test_the_same_scenario_gives_the_same_run(played, by_hand):
    run, _ = played
    assert digest(read_events(by_hand / "events.jsonl")) == run.summary.digest
    assert Run(by_hand).summary == msgspec.structs.replace(run.summary, wall_seconds=0.0)
    for path in sorted((run.directory / "hosts").glob("*/*.jsonl")):
        times, texts = lines(path)
        other_times, other_texts = lines(by_hand / path.relative_to(run.directory))
        assert other_texts == texts, path
        # A path that is longer may cost a thousand system calls more somewhere, which is a microsecond.
        assert max(abs(time - other) for time, other in zip(times, other_times, strict=True)) <= 10, path


def test_monerod_has_nothing_to_complain_of(played):
    run, _ = played
    logs = list((run.directory / "hosts").glob("*/*.log"))
    assert logs
    for log in logs:
        text = log.read_text()
        for trouble in ("locking page", "Failed to sync", "Failed to start connection", "REFUSED"):
            assert trouble not in text, f"{log}: {trouble}"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_proof_of_work_changes_nothing_but_its_cost(played, tmp_path):
    spared, _ = played
    assert spared.summary.proof_of_work.hashes == "skipped"
    real = build_and_play(
        load(SMOKE, changes=["simulation.engine=shadow", "shadow.proof_of_work=real"]), tmp_path / "r"
    )
    assert real.summary.proof_of_work.hashes == "real"
    for figure in ("chain", "payments", "coins", "miners", "wallets"):
        assert getattr(real.summary, figure) == getattr(spared.summary, figure)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_run_is_directed_as_on_the_embedded_engine(tmp_path):
    build(DIRECTED, tmp_path / "shadow", "simulation.engine='shadow'", "simulation.bootstrap_block_interval='500ms'")
    run = play(tmp_path / "shadow")
    it_was_as_directed(run)
    assert decided(run) == decided(build_and_play(DIRECTED, tmp_path / "embedded"))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_run_that_an_actor_ends_ends_in_order_and_when_all_have_heard_of_it(tmp_path):
    run = build_and_play(parse(ENDED, changes=["simulation.engine='shadow'"]), tmp_path / "run")
    it_ended_early(run)
    (ended,) = records(run, RunEnded)
    assert run.summary.simulated_seconds == pytest.approx(ended.t / SECOND + 10)
    assert {record.t // SECOND for record in records(run, NodeClosed)} == {ended.t // SECOND + 10}


def test_a_run_that_is_stopped_can_be_read_and_leaves_nothing_behind(tmp_path):
    directory = tmp_path / "run"
    write_run_directory(smoke_plan(), b"", directory)
    run = play(directory, on_progress=lambda progress: progress.now == 0)
    assert not run.summary.completed
    assert run.summary.wall_seconds > 0
    assert processes_of(directory) == []
    assert all(record.t < run.plan.stop for record in run.events())


def test_a_program_that_ends_is_named_with_its_last_words(tmp_path):
    plan = build_plan(parse(TINY))
    hosts = []
    for host in plan.hosts:
        monerod, *others = host.processes
        # Asked for nothing but its version, it ends at once.
        ending = msgspec.structs.replace(monerod, argv=(monerod.argv[0], "--version"))
        hosts.append(msgspec.structs.replace(host, processes=(ending, *others[:-1])))
    directory = tmp_path / "run"
    write_run_directory(msgspec.structs.replace(plan, hosts=tuple(hosts)), b"", directory)
    with pytest.raises(EngineError) as raised:
        play(directory)
    assert "monerod of pool exited with status Normal(0)" in str(raised.value)
    assert "Monero '" in str(raised.value)
    assert Run(directory).summary.failure == str(raised.value)


def test_a_run_that_was_killed_has_the_figures_of_what_was_played(tmp_path):
    directory = tmp_path / "run"
    write_run_directory(build_plan(parse(LONG)), b"", directory)
    shadow = subprocess.Popen(["shadow", directory / "shadow.yaml"], stdout=subprocess.DEVNULL, start_new_session=True)
    run, deadline = Run(directory), time.monotonic() + 120
    while not found(directory) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.read_back()
    assert run.may_go_on
    os.killpg(shadow.pid, signal.SIGKILL)
    shadow.wait()
    later = Run(directory)
    later.read_back()
    assert later.may_go_on
    assert 0 < run.summary.chain.height <= later.summary.chain.height
    assert not later.summary.completed
    assert not later.summary.coins.balances_known


def found(directory):
    """Tell whether an agent has told of a block."""
    return any("block-found" in path.read_text() for path in directory.glob("hosts/*/events.jsonl"))


def processes_of(directory):
    """List the processes that have the run directory in their command line or environment, or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            texts = [(process / name).read_bytes() for name in ("cmdline", "environ")]
            texts.append(os.fsencode((process / "cwd").readlink()))
        except (OSError, ProcessLookupError):
            continue
        if any(os.fsencode(directory) in text for text in texts):
            found.append(process.name)
    return found
