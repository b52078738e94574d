"""A scenario on the local engine, from its file to its summary; and runs that are broken off."""

import json
import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import pytest
import requests
from real_network import running, wait_until

from monerosim.build.compile import compile_plan
from monerosim.build.rundir import write_run_directory
from monerosim.events import (
    AlertRaised,
    BlockContents,
    BlockFound,
    BlockSpread,
    BootstrapFinished,
    ItemRelayed,
    NodeClosed,
    OrderPlaced,
    PaymentConfirmed,
    PaymentReceived,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    ProcessDied,
    ProcessHung,
    ProcessRestarted,
    ServiceReady,
    TransactionSpread,
    TransactionStem,
    TxpoolRecorded,
    WalletClosed,
)
from monerosim.events.log import read_events
from monerosim.monero.address import decode_address
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.report.spread import first_seen
from monerosim.runs import Run, play
from monerosim.scenario import parse
from monerosim.tables.tables import TABLES
from monerosim.units import SECOND

LAUNCH = "import sys, pathlib; from monerosim.runs import play; play(pathlib.Path(sys.argv[1]))"
SCENARIO = """
[simulation]
engine = "local"
bootstrap = "10m"

[participants.miner]
kind = "mining-pool"
hashrate = 100
restarts = { backoff = "1s", timeout = "15s" }

[participants.marketplace]
kind = "marketplace"
node = "miner"
restarts = { backoff = "1s" }

[participants.block-controller]
kind = "block-controller"
"""
"""Broken off in its bootstrap, when the services are up and nobody does anything yet."""

SERVICES = 4
"""One node asked by two hosts, two wallets."""


@pytest.fixture
def built(tmp_path):
    """A run directory, at addresses that the run played beside it does not use."""
    plan = encode_plan(compile_plan(parse(SCENARIO)))
    directory = tmp_path / "run"
    write_run_directory(decode_plan(plan.replace(b"127.1.0.", b"127.3.0.")), b"", directory)
    yield directory
    for pid in running(directory):
        os.kill(pid, signal.SIGKILL)


def services(directory):
    """Count what has come up so far."""
    logs = (directory / "hosts").glob("*/events.jsonl")
    return sum(isinstance(record.data, ServiceReady) for log in logs for record in read_events(log))


def told(run, kind):
    return [record.data for record in run.events() if isinstance(record.data, kind)]


def is_payment(record):
    return isinstance(record.data, PaymentSent)


def broken_off(directory):
    """Read a run that did not come to its end."""
    run = Run(directory)
    assert len(told(run, ServiceReady)) == SERVICES
    assert {line.participant for line in run.traces()} >= {"marketplace", "miner"}
    return run


def test_a_hung_daemon_and_a_killed_wallet_come_back_and_an_unwanted_run_ends_in_order(built):
    wanted = threading.Event()
    wanted.set()
    outcome = []
    player = threading.Thread(target=lambda: outcome.append(play(built, on_progress=lambda _: wanted.is_set())))
    player.start()
    try:
        wait_until(lambda: services(built) == SERVICES)
        os.kill(program(built, "miner/monerod"), signal.SIGSTOP)
        os.kill(program(built, "marketplace/wallet"), signal.SIGKILL)
        log = built / "engine.jsonl"
        wait_until(lambda: sum(isinstance(record.data, ProcessRestarted) for record in read_events(log)) == 2)
        miner = next(host for host in Run(built).plan.hosts if host.name == "miner")
        address = f"http://{miner.address}:{miner.node.rpc_port}/get_info"
        assert wait_until(lambda: answer(address))["height"] >= 1
    finally:
        wanted.clear()
        player.join()
    assert running(built) == {}
    run = broken_off(built)
    assert outcome[0].summary == run.summary
    assert not run.summary.completed
    assert told(run, ProcessDied) == [ProcessDied(name, -signal.SIGKILL) for name in ("wallet", "monerod")]
    assert [hung.process for hung in told(run, ProcessHung)] == ["monerod"]
    assert told(run, ProcessRestarted) == [ProcessRestarted(name, 1) for name in ("wallet", "monerod")]
    assert len(told(run, NodeClosed)) == 1
    assert len(told(run, WalletClosed)) == 2


def program(directory, name):
    """Find the process that works in a host's directory of this name."""
    (found,) = (pid for pid, command in running(directory).items() if f"hosts/{name}" in command)
    return found


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    # A zombie has ended, only its new parent has not looked yet.
    return state != "Z"


def answer(address):
    try:
        return requests.get(address, timeout=10).json()
    except requests.ConnectionError:
        return None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_launcher_that_is_stopped_leaves_no_process_and_a_readable_run(built, number):
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, built], stderr=subprocess.DEVNULL)
    wait_until(lambda: services(built) == SERVICES)
    processes = running(built)
    assert sum("monerod" in command.split()[0] for command in processes.values()) == 1
    launcher.send_signal(number)
    launcher.wait(120)
    wait_until(lambda: not running(built))
    wait_until(lambda: not any(alive(pid) for pid in processes))
    broken_off(built)


def test_a_run_comes_to_its_end_and_leaves_no_process(finished):
    assert finished.summary.completed
    assert finished.summary.outcome.failures == 0
    assert finished.summary.outcome.given_up == []
    assert told(finished, ProcessDied) == []
    assert running(finished.directory) == {}


def test_the_user_pays_and_the_vendors_wallet_receives_it(finished):
    sent = {one.data.txid: one.data for one in finished.events() if is_payment(one) and one.participant == "user"}
    assert sent
    assert finished.summary.payments.failed == 0
    received = told(finished, PaymentReceived)
    assert sorted(payment.txid for payment in told(finished, PaymentConfirmed)) == sorted(sent)
    assert sorted(payment.txid for payment in received) == sorted(sent)
    for payment in received:
        assert payment.amount == sent[payment.txid].amount
        assert (payment.address,) == sent[payment.txid].recipients
    assert finished.summary.coins.balances["marketplace"] == sum(payment.amount for payment in received)


def test_each_order_is_paid_at_an_integrated_address_of_its_own(finished):
    vendors = json.loads((finished.directory / "shared/marketplace_addresses/marketplace.json").read_bytes())["vendors"]
    first = decode_address(vendors[0]["address"])
    placed = {order.address: order for order in told(finished, OrderPlaced)}
    addresses = [decode_address(address) for address in placed]
    assert addresses
    assert {address.keys for address in addresses} == {first.keys}
    assert len({address.payment_id for address in addresses} - {""}) == len(placed)
    for payment in told(finished, PaymentReceived):
        assert payment.amount == placed[payment.address].amount


def test_every_coin_is_accounted_for_and_all_nodes_end_at_one_tip(finished):
    assert finished.summary.coins.unaccounted == 0
    (bootstrap,) = told(finished, BootstrapFinished)
    nodes = told(finished, NodeClosed)
    assert len(nodes) == 2
    assert len(set(nodes)) == 1
    assert finished.summary.chain.height == nodes[0].height == bootstrap.height + finished.summary.chain.blocks
    assert 0 < finished.summary.chain.blocks <= 14


def test_alerts_are_found_while_it_is_played(finished):
    def late(records):
        return {(it.participant, it.data.item) for it in records if isinstance(it.data, AlertRaised)}

    paid = {(it.participant, it.data.txid) for it in finished.events() if is_payment(it) and it.t >= 0}
    assert late(read_events(finished.directory / "alerts.jsonl")) == late(finished.events()) == paid


def test_what_each_node_saw_is_read_back(finished):
    blocks = [spread for spread in told(finished, BlockSpread) if spread.height <= finished.summary.chain.height]
    assert sorted(spread.height for spread in blocks) == list(range(1, finished.summary.chain.height + 1))
    # Both nodes had every block; the miner's node had those of its own first.
    assert {len(spread.delays) for spread in blocks} == {2}
    assert all(min(spread.delays) == 0 for spread in blocks)
    mined = {found.hash for found in told(finished, BlockFound)}
    first = {one.data.hash: one.participant for one in finished.events() if isinstance(one.data, BlockSpread)}
    assert {first[block] for block in mined} == {"miner"}
    spreads = {spread.txid: first_seen(spread, finished.plan) for spread in told(finished, TransactionSpread)}
    payments = {one.data.txid: one for one in finished.events() if is_payment(one)}
    assert set(spreads) == set(payments)
    for txid, payment in payments.items():
        # The funder's wallet uses the miner's node. The log is exact to a millisecond, and cuts off the rest.
        node = "miner" if payment.participant == "funder" else payment.participant
        assert next(iter(spreads[txid])) == node
        assert payment.t - 60 * SECOND < spreads[txid][node] <= payment.t


def test_what_nodes_relayed_is_read_from_both_logs(finished):
    relays = [(one.item, relay) for one in told(finished, ItemRelayed) for relay in one.relays()]
    assert {(relay.sender, relay.receiver) for _, relay in relays} == {("miner", "user"), ("user", "miner")}
    came = {(item, relay.receiver): relay.t for item, relay in sorted(relays, key=lambda it: -it[1].t)}
    mined = {txid: block.hash for block in told(finished, BlockContents) for txid in block.transactions}
    for spread in (*told(finished, BlockSpread), *told(finished, TransactionSpread)):
        item = spread.hash if isinstance(spread, BlockSpread) else spread.txid
        first, *others = first_seen(spread, finished.plan).items()
        for node, at in others:
            # A transaction may come with its block before it comes by itself.
            arrivals = [came[way, node] for way in (item, mined.get(item)) if (way, node) in came]
            assert first[1] <= min(arrivals) + 10_000
            assert min(arrivals) <= at
    stems = {one.txid: one for one in told(finished, TransactionStem)}
    for one in filter(is_payment, finished.events()):
        stem = stems.pop(one.data.txid)
        assert stem.nodes[0] == ("user" if one.participant == "user" else "miner")
        assert stem.end in {"fluff", "no-stem", "loop", "embargo"}
        assert list(stem.since) == sorted(stem.since)
        passed = {
            relay[1:3]
            for it in told(finished, ItemRelayed)
            if (it.item, it.kind) == (stem.txid, "stem")
            for relay in it.relays()
        }
        assert set(pairwise(stem.nodes)) <= passed
    assert not stems


def test_what_blocks_contain_is_asked_for_when_they_are_made(finished):
    blocks = {block.hash: block for block in told(finished, BlockContents)}
    assert set(blocks) == {spread.hash for spread in told(finished, BlockSpread)}
    assert {found.hash: (found.miner, found.reward) for found in told(finished, BlockFound)}.items() <= {
        block.hash: (block.miner, block.reward) for block in blocks.values()
    }.items()
    fees = {one.data.txid: one.data.fee for one in finished.events() if is_payment(one)}
    for block in blocks.values():
        assert block.previous in blocks or block.height == 1
        assert block.fees == sum(fees[txid] for txid in block.transactions)
        assert block.weight > 0 < block.long_term_weight
    assert {txid for block in blocks.values() for txid in block.transactions} == set(fees)


def test_the_txpool_of_the_named_node_is_looked_into_each_minute(finished):
    looks = [one for one in finished.events() if isinstance(one.data, TxpoolRecorded)]
    assert {one.participant for one in looks} == {"miner"}
    assert len(looks) >= 2
    assert all((one.data.weight > 0) == (one.data.transactions > 0) for one in looks)


def test_the_nodes_were_connected_all_the_time(finished):
    told_of = [one for one in finished.events() if isinstance(one.data, PeerConnected | PeerDisconnected)]
    assert sorted(((one.participant, one.data) for one in told_of), key=itemgetter(0)) == [
        ("miner", PeerConnected("user")),
        ("user", PeerConnected("miner")),
    ]
    assert all(one.t < 0 for one in told_of)


def test_what_the_actors_did_can_be_read(finished):
    lines = list(finished.traces(participants=("user",), actors=("wallet",)))
    assert any(line.text.startswith("payment confirmed") for line in lines)
    assert [line.t for line in lines] == sorted(line.t for line in lines)


def test_it_has_all_tables_of_what_happened(finished):
    tables = finished.tables
    columns = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
    assert {name: tables[name].arrow().column_names for name in tables} == columns
    (answer,) = finished.query("select sum(balance) as held from wallets where final").to_pylist()
    assert answer["held"] == finished.summary.coins.emitted
    (answer,) = finished.query("select count(*) as blocks from blocks where main and not bootstrap").to_pylist()
    assert answer["blocks"] == finished.summary.chain.blocks - finished.summary.chain.stale


def test_what_each_program_took_is_in_its_resources(finished):
    sql = "select process, max(cpu_s) as cpu, max(rss) as rss, max(disk) as disk from resources group by process"
    taken = {row["process"]: row for row in finished.query(sql).to_pylist()}
    programs = {f"{host.name}/{process.name}" for host in finished.plan.hosts for process in host.processes}
    assert taken.keys() == programs | {"monerosim"}
    for name in programs:
        assert taken[name]["cpu"] > 0, name
        assert taken[name]["rss"] > 1_000_000, name
        assert taken[name]["disk"] > 0, name
