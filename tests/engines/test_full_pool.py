"""More payments than blocks hold, on the embedded engine: who waits, and whether all get through."""

from collections import Counter

from scipy.stats import chi2_contingency
from small_runs import ended_well, happened, play

from monerosim.events import PaymentMined, PaymentSent

FULL = """
[simulation]
duration = "45m"
seed = 11

[consensus]
block_time = "60s"
block_arrivals = "fixed"

[participants.miner]
kind = "mining-pool"
hashrate = 100

[participants.block-controller]
kind = "block-controller"

[participants.user]
kind = "regular-user"
count = 16
node = "miner"
transaction_interval = "10s"
destinations = 15
min_amount = "0.01 XMR"
max_amount = "0.02 XMR"
until = "9m"
wallet = { initial_balance = "40 XMR", outputs = 60 }
"""

ERROR_RATE = 1e-3


def test_waits_do_not_depend_on_the_hash_and_nothing_vanishes(tmp_path):
    played = play(FULL, tmp_path / "full")
    ended_well(played)
    sent = {record.data.txid: record.t for record in happened(played, PaymentSent) if record.t >= 0}
    mined = {record.data.txid: record.t for record in happened(played, PaymentMined)}
    assert len(sent) > 800
    assert set(sent) <= set(mined)
    assert played.summary.payments.vanished == []
    waits = {txid: mined[txid] - at for txid, at in sent.items()}
    ordered = sorted(waits.values())
    # There is a queue: those in the middle wait for many blocks.
    median = ordered[len(ordered) // 2]
    assert median > 4 * 60 * 10**6
    digits = Counter((txid[0], wait > median) for txid, wait in waits.items())
    table = [[digits[digit, late] for digit in "0123456789abcdef"] for late in (False, True)]
    assert chi2_contingency(table).pvalue > ERROR_RATE
