"""The public monerosim's own scenarios (its ``test_configs``): what its tool makes of them, and what is made here.

The files are put together from what is particular to each. The numbers are those of its ``scripts/scenario_parser.py``
at its commit f10500da; ``tools/compare_import.py`` holds a checkout's files against it agent by agent.
"""

from collections import Counter

import pytest

from monerosim.build.compile import compile_plan
from monerosim.importers.account import write_scenario
from monerosim.importers.convert import convert
from monerosim.scenario import parse

PAIR = "daemon: monerod, wallet: monero-wallet-rpc"
PHASES = ", ".join(
    f"{kind}_0: {first}, {kind}_0_start: auto, {kind}_0_stop: 19800s, {kind}_1: {second}, {kind}_1_start: auto"
    for kind, first, second in (
        ("daemon", "monerod-v1", "monerod-v2"),
        ("wallet", "monero-wallet-rpc", "monero-wallet-rpc-v2"),
    )
)
AUTO = "1200s, start_time_stagger: auto, activity_start_time: auto"
HUBS = """
  supernode-{1..5}: {daemon: monerod, start_time: 0s, start_time_stagger: 2s, daemon_options: {out-peers: 256}}"""
SEEDS = 6
"""Nodes at the addresses that are built into monerod: their tool adds them when it makes files of Shadow."""


def theirs(users, interval, *, stop="16h", bootstrap="auto", relays=0, programs=PAIR, begin=AUTO, rest=""):
    """Return a file of theirs; ``begin`` is when the users' programs start, and what else it says of them."""
    if relays:
        rest += f"\n  relay-{{001..{relays:03}}}: {{daemon: monerod, start_time: 0s, start_time_stagger: auto}}"
    return f"""
general: {{stop_time: {stop}, simulation_seed: 12345, bootstrap_end_time: {bootstrap}, enable_dns_server: true}}
network: {{path: gml_processing/1200_nodes_caida_with_loops.gml, peer_mode: Dynamic}}
agents:
  miner-{{001..005}}: {{{programs}, script: agents.autonomous_miner, start_time: 0s, start_time_stagger: 1s,
                       hashrate: [20, 20, 20, 20, 20], can_receive_distributions: true}}{rest}
  user-{{001..{users:03}}}: {{{programs}, script: agents.regular_user, start_time: {begin},
                       transaction_interval: {interval}, can_receive_distributions: true}}
  miner-distributor: {{script: agents.miner_distributor, wait_time: auto}}
  simulation-monitor: {{script: agents.simulation_monitor, poll_interval: 300}}
"""


SCENARIOS = {
    "quickstart": theirs(
        *(3, "2m"), stop="6h", bootstrap="4h", relays=1, begin="40m, start_time_stagger: 10s, activity_start_time: 4h"
    ),
    "upgrade_smoke": theirs(
        *(3, 120), stop="23400s", bootstrap="14400s", programs=PHASES, begin="2400s, activity_start_time: 18000"
    ),
    "refactor_gate": theirs(
        *(100, "600s"), stop="8h", bootstrap="3h", relays=400,
        begin="2h, start_time_stagger: auto, activity_start_time: 10800s, activity_start_time_stagger: 3s",
    ),
    "topo300": theirs(60, 300, relays=235),
    "1k_mainnet": theirs(200, 667, relays=800),
    "1k_rerun": theirs(200, 2400, relays=800),
    "topo1k_supernodes": theirs(200, 300, relays=790, rest=HUBS),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "users", "others", "first", "last", "interval"),
    [
        ("quickstart", 3, 1, 14400, 14480, "2m"),
        ("upgrade_smoke", 3, 0, 18000, 18080, "2m"),
        ("refactor_gate", 100, 400, 10800, 11097, "10m"),
        ("topo300", 60, 235, 18000, 18295, "5m"),
        ("1k_mainnet", 200, 800, 18000, 18597, "11m7s"),
        ("1k_rerun", 200, 800, 18000, 20388, "40m"),
        ("topo1k_supernodes", 200, 795, 18000, 18199, "5m"),
    ],
)
def test_participants_shares_starts_and_intervals_are_those_of_their_tool(name, users, others, first, last, interval):
    """``first`` and ``last`` are the seconds in which the first and the last user begin to pay."""
    conversion = convert(SCENARIOS[name].encode())
    made = parse(write_scenario(conversion, "theirs.yaml", "monerosim import"))
    hosts = compile_plan(made).hosts
    miners, payers = made.participants["miner"], made.participants["user"]
    assert (miners.count, miners.settings["hashrate"], miners.start.seconds, miners.stagger.seconds) == (5, 20, 0, 1)
    assert payers.count == users
    assert (payers.start.seconds, payers.start.seconds + (users - 1) * payers.stagger.seconds) == (first, last)
    assert payers.settings["transaction_interval"] == interval
    uses = Counter(actor.use for host in hosts for actor in host.actors)
    assert (uses["autonomous-miner"], uses["regular-user"]) == (5, users)
    assert sum(host.node is not None for host in hosts) == 5 + users + others + SEEDS
    left = {entry.path for entry in conversion.left}
    assert {("network", "path"), ("network", "peer_mode"), ("agents", "miner-distributor", "wait_time")} <= left
    assert (("agents", "miner-{001..005}", "daemon_1") in left) == (name == "upgrade_smoke")
