"""More payments than blocks hold, on the embedded engine: who waits, and whether all get through."""

from collections import Counter

import pytest
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


@pytest.mark.parametrize(("version", "highest"), [("0.18.0.0", 1), ("0.18.3.3", 4)])
def test_wallets_of_nodes_since_0_18_3_3_leave_the_lowest_fee_when_blocks_are_full(tmp_path, version, highest):
    changes = ("simulation.duration=6m", "participants.user.until=4m", f"network.version={version}")
    sent = happened(play(FULL, tmp_path / version, *changes), PaymentSent)
    fees = [record.data.fee for record in sent if record.t >= 0]
    assert round(max(fees) / min(fees)) == highest
    assert fees[-1] == max(fees)
