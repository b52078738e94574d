"""A difficulty that follows the hashrate, and chains that do not begin at genesis, on the embedded engine."""

from math import sqrt

from small_runs import ended_well, happened, play

from monerosim.events import BlockFound, PaymentConfirmed, WalletClosed
from monerosim.units import SECOND, XMR

DOUBLED = """
[simulation]
duration = "90h"
seed = 7

[consensus]
difficulty = "dynamic"
start = { difficulty = 1000000 }

[participants.miner]
kind = "autonomous-miner"
hashrate = 100

[[timeline]]
at = "10h"
do = "set"
who = "miner"
hashrate = 200
"""

WINDOW = 735
SIGMAS = 3.9
"""One run in ten thousand has a mean of exponential intervals further from theirs than this."""


def test_after_735_blocks_at_double_the_hashrate_block_times_are_back(tmp_path):
    played = play(DOUBLED, tmp_path / "doubled")
    ended_well(played)
    times = [record.t / SECOND for record in happened(played, BlockFound)]
    early = [at for at in times if at < 36_000]
    late = [at for at in times if at >= 36_000]
    fast, back = late[:100], late[WINDOW:]
    for between, wanted in ((early, 120), (fast, 62), (back, 120)):
        count = len(between) - 1
        assert count > 90
        mean = (between[-1] - between[0]) / count
        assert abs(mean - wanted) < SIGMAS * wanted / sqrt(count), (mean, count)
    assert len(back) > 1000


TAIL = """
[simulation]
duration = "1h"

[consensus]
block_time = "60s"
start = "tail"

[participants.miner]
kind = "autonomous-miner"
hashrate = 100

[participants.user]
kind = "regular-user"
count = 20
transaction_interval = "5m"
max_amount = "1 XMR"
wallet = { initial_balance = "5000 XMR", outputs = 30 }
"""


def test_initial_balances_at_the_tail_come_from_what_there_is(tmp_path):
    """A hundred thousand coins are more blocks of the tail emission than a bootstrap may have."""
    played = play(TAIL, tmp_path / "tail")
    ended_well(played)
    assert len(happened(played, PaymentConfirmed)) > 50
    rewards = [record.data.reward for record in happened(played, BlockFound)]
    assert min(rewards) == 6 * XMR // 10
    users = [record.data.balance for record in happened(played, WalletClosed) if record.participant.startswith("user")]
    assert len(users) == 20
    assert abs(sum(users) - 100_000 * XMR) < XMR
