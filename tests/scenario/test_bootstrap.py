"""The bootstrap's arithmetic, against a simple account of the coins there are."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import happened

from monerosim import run
from monerosim.events import BootstrapFinished
from monerosim.scenario import examine, parse
from monerosim.scenario.bootstrap import (
    FEE_BOUND,
    Payee,
    bootstrap_length,
    divide,
    plan_bootstrap,
)
from monerosim.units import SECOND, XMR

SUPPLY = 2**64 - 1
GENESIS = 17_592_186_044_415


def unlocked(blocks: int) -> int:
    """Add up the rewards of the blocks whose coins are spendable after ``blocks``."""
    generated, coins = GENESIS, 0
    for _ in range(blocks - 60):
        reward = max((SUPPLY - generated) >> 19, 600_000_000_000)
        generated += reward
        coins += reward
    return coins


balances = st.lists(st.integers(1, 3_000 * XMR), min_size=1, max_size=60)


@settings(deadline=None)
@given(balances)
def test_there_are_coins_and_ring_members_enough(amounts: list[int]) -> None:
    payees = [Payee(participant=f"user-{i}", amount=amount) for i, amount in enumerate(amounts)]
    plan = plan_bootstrap(payees, 0, SECOND)
    assert plan.funding_blocks >= 100
    assert unlocked(plan.funding_blocks) >= sum(amounts) + plan.payments * FEE_BOUND
    assert plan.unlock_blocks > 10
    assert plan.payments == -(-len(divide(payees)) // 15)


@settings(deadline=None)
@given(balances)
def test_dividing_keeps_the_sum_and_lets_any_fifteen_fit_in_a_transaction(amounts: list[int]) -> None:
    payees = [Payee(participant=f"user-{i}", amount=amount) for i, amount in enumerate(amounts)]
    shares = divide(payees)
    for payee in payees:
        assert sum(share.amount for share in shares if share.participant == payee.participant) == payee.amount
    assert all(0 < share.amount <= 200 * XMR for share in shares)


def test_the_length_covers_blocks_and_payments_and_is_round() -> None:
    payees = [Payee(participant=f"user-{i}", amount=10 * XMR) for i in range(100)]
    plan = plan_bootstrap(payees, 120 * SECOND, 2 * SECOND)
    length = bootstrap_length(plan)
    assert plan.payments == 7
    assert length >= 120 * SECOND + (plan.funding_blocks + plan.unlock_blocks) * 2 * SECOND + 7 * SECOND
    assert length % (10 * SECOND) == 0


@pytest.mark.parametrize("start", ["genesis", "tail"])
def test_initial_balances_come_in_time_whatever_rings_a_rule_wants(tmp_path: Path, start: str) -> None:
    rings = (
        '[rules]\nuse = { kind = "transaction-format", base = 100, per_input = 2, per_output = 4, ring_size = 200 }\n'
    )
    text = f'[consensus]\nstart = "{start}"\n{rings}[participants.u]\nnode = {{}}\nwallet = {{ initial_balance = 1 }}\n'
    played = run(parse(text, changes=['simulation.duration="1m"']), tmp_path / "run")
    assert played.summary.failure == ""
    assert happened(played, BootstrapFinished)


def test_more_than_can_be_mined_is_refused() -> None:
    with pytest.raises(ValueError, match="lower them"):
        plan_bootstrap([Payee(participant="user", amount=18_000_000 * XMR)], 0, SECOND)


def test_of_a_chain_that_has_coins_nobody_need_be_paid_any():
    """A crowd has its coins from the beginning, and nobody else is given any."""
    text = '[consensus]\nstart = "tail"\n[participants.m]\nkind = "autonomous-miner"\nhashrate = 100\n'
    assert not examine(f'{text}[participants.c]\nkind = "crowd"\nusers = 3\n'.encode()).errors
