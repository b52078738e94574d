"""Nodes that come and go all the time."""

from collections import Counter

from small_runs import happened, play

from monerosim.build.compile import compile_plan
from monerosim.events import NetworkChanged, NodeCaughtUp, NodeClosed, PaymentConfirmed, PaymentSent
from monerosim.scenario import parse
from monerosim.units import SECOND

MINUTE = 60 * SECOND

COMING_AND_GOING = """
[simulation]
name = "turnover"
duration = "6h"
seed = 5

[network]
connections = 4
turnover = { share = 0.3, session = "1h", downtime = "15min", among = ["user", "node"] }

[consensus]
block_time = "120s"

[participants.miner]
kind = "autonomous-miner"
count = 2
hashrate = 50

[participants.user]
kind = "regular-user"
count = 4
node = {}
wallet = { initial_balance = "20 XMR" }
transaction_frequency = 0.05

[participants.node]
kind = "relay"
count = 10
"""


def test_nodes_that_come_back_are_in_step_within_seconds_and_coins_add_up(tmp_path):
    first, second = (play(COMING_AND_GOING, tmp_path / name) for name in ("first", "second"))
    assert first.summary.digest == second.summary.digest
    changes = Counter(record.data.do for record in happened(first, NetworkChanged))
    assert changes["shut-down"] > 10
    assert changes["shut-down"] - changes["start-up"] in range(6)
    back = happened(first, NodeCaughtUp)
    # One whose start comes just before the end may not be up by then.
    assert len(back) in range(changes["start-up"] - 2, changes["start-up"] + 1)
    # A session's blocks are fetched by a round trip for each twenty, and verified in 80 ms each: at most half a minute.
    assert max(record.data.elapsed for record in back) < 30 * SECOND
    assert first.summary.coins.unaccounted == 0
    tips = {record.data.tip for record in happened(first, NodeClosed)}
    assert len(tips) == 1
    sent = {record.data.txid for record in happened(first, PaymentSent) if record.t < 5 * 60 * MINUTE}
    assert len(sent) > 20
    assert sent <= {record.data.txid for record in happened(first, PaymentConfirmed)} | funded(first)


def funded(played):
    """What paid the initial balances; nobody follows whether it is confirmed."""
    return {record.data.txid for record in happened(played, PaymentSent, "funder")}


def test_the_share_of_the_time_that_they_are_down_is_as_said():
    plan = compile_plan(parse(COMING_AND_GOING.replace("share = 0.3", "share = 1").replace('"6h"', '"120h"')))
    down = []
    for host in plan.hosts:
        times = [command.at - plan.time_zero for command in host.commands]
        if times:
            times = [*times, plan.duration] if len(times) % 2 else times
            down.append(sum(end - begin for begin, end in zip(times[::2], times[1::2], strict=True)) / plan.duration)
    assert len(down) == 14
    # 14 x 96 cycles of 75 minutes, a fifth of each: the standard error of the mean is 0.006.
    assert abs(sum(down) / len(down) - 0.2) < 0.025


def test_one_more_participant_changes_nobody_elses_times():
    more = COMING_AND_GOING + '\n[participants.another]\nkind = "relay"\n'
    plans = [compile_plan(parse(text)) for text in (COMING_AND_GOING, more)]
    told = [
        {host.name: [command.at - plan.time_zero for command in host.commands] for host in plan.hosts} for plan in plans
    ]
    assert told[0].items() <= told[1].items()
