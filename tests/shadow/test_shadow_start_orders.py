"""A daemon, its wallet and the agent start in any order, minutes apart, under Shadow: whoever comes too early waits."""

from itertools import permutations

import msgspec
from small_runs import happened

from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.events import BlockFound, ServiceReady, WalletClosed
from monerosim.runs import play
from monerosim.scenario import parse
from monerosim.units import SECOND

ORDERS = list(permutations((0, 120 * SECOND, 300 * SECOND)))
SCENARIO = f"""
[simulation]
engine = "shadow"
duration = "2m"
cooldown = "10s"
agent_start = "5m"

[network]
latency = "50ms"

[consensus]
block_time = "10s"
block_arrivals = "fixed"

[participants.miner]
count = {len(ORDERS)}
kind = "autonomous-miner"
hashrate = 16
"""


def in_order(host, order):
    """Return a host whose daemon, wallet and agent start at other times."""
    starts = dict(zip(("monerod", "wallet", "agent"), order, strict=True))
    processes = tuple(msgspec.structs.replace(it, start=starts[it.name]) for it in host.processes)
    return msgspec.structs.replace(host, processes=processes)


def test_each_wallet_sees_its_coins_in_any_order(tmp_path):
    """Six hosts side by side; a wallet that was created before its daemon answered would hold nothing."""
    plan = build_plan(parse(SCENARIO))
    hosts = tuple(in_order(host, order) for host, order in zip(plan.hosts, ORDERS, strict=True))
    write_run_directory(msgspec.structs.replace(plan, hosts=hosts), b"", tmp_path / "run")
    run = play(tmp_path / "run")
    assert run.summary.outcome.failures == 0
    assert {it.data.service.split()[0] for it in happened(run, ServiceReady)} == {"monerod", "monero-wallet-rpc"}
    balances = {it.participant: it.data.balance for it in happened(run, WalletClosed)}
    rewards = {host.name: run.summary.miners[host.name].reward for host in hosts}
    assert balances == rewards
    assert sum(bool(reward) for reward in rewards.values()) > 1
    assert happened(run, BlockFound)
