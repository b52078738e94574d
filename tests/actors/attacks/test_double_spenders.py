"""Double spends: what the victim had, and what the chain and its wallet have at the end."""

import pytest
from small_runs import happened, play

from monerosim.events import PaymentReceived, WalletClosed

NETWORK = """
[simulation]
duration = "6h"
cooldown = "5m"
seed = 3

[consensus]
block_time = "10m"

[network]
latency = "10ms"

[participants.honest]
kind = "mining-pool"
hashrate = 100

[participants.hasty]
kind = "payee"
confirmations = 0
check_interval = "5s"

[participants.careful]
kind = "payee"
confirmations = 2

[participants.block-controller]
kind = "block-controller"
"""

BRANCH = """
[participants.attacker]
kind = "branch-double-spender"
hashrate = 200
until = "6h"
victims = ["careful"]
confirmations = 2
wallet = { initial_balance = "100 XMR", outputs = 10 }
"""

POOL = """
[participants.attacker]
kind = "pool-double-spender"
victims = ["hasty", "careful"]
rival_at = ["honest"]
times = 6
wallet = { initial_balance = "100 XMR", outputs = 10 }
"""


def kept(played, name):
    """How many payments a participant's wallet has at the end; initial balances are none of its own."""
    return next(it.data.received for it in happened(played, WalletClosed) if it.participant == name)


@pytest.fixture(scope="module")
def branch(tmp_path_factory):
    return play(NETWORK + BRANCH, tmp_path_factory.mktemp("branch") / "run")


def test_a_longer_branch_takes_back_what_had_its_confirmations(branch):
    reversals = branch.summary.reversals
    assert reversals.reversed >= 3
    assert reversals.received == len(happened(branch, PaymentReceived, "careful"))
    # The victim's wallet has what the chain has, and no more.
    assert kept(branch, "careful") == reversals.received - reversals.reversed
    assert branch.summary.coins.unaccounted == 0
    assert branch.summary.chain.tips == 1


def test_a_payment_is_taken_back_in_the_pool_of_who_asks_for_no_confirmation(tmp_path):
    played = play(NETWORK + POOL, tmp_path / "run")
    # Three payments each: the hasty one had all of his, the careful one none, and the miner had the rivals first.
    assert len(happened(played, PaymentReceived, "hasty")) == 3
    assert happened(played, PaymentReceived, "careful") == []
    assert played.summary.reversals.reversed == 3
    assert kept(played, "hasty") == 0
