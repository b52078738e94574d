"""An exchange, a pool and those who use them: what is asked for is delivered, as wallets and chain have it."""

from collections import Counter
from pathlib import Path

import pytest
from small_runs import ended_well, happened

from monerosim import run
from monerosim.events import (
    BlockContents,
    DepositCredited,
    DepositRefunded,
    MinersPaid,
    PaymentSent,
    RewardShared,
    WalletClosed,
    WithdrawalPaid,
    WithdrawalRequested,
)

ECONOMY = Path(__file__).parents[3] / "scenarios" / "economy.toml"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return run(ECONOMY, tmp_path_factory.mktemp("economy") / "run")


def test_it_ends_with_probes_that_pass(played):
    ended_well(played)
    probes = played.summary.probes
    assert len(probes) == 4
    assert all(probe.passed == 5 and not probe.failed for probe in probes.values())


def test_deposits_are_credited_when_they_are_deep_enough(played):
    blocks = [(it.t, it.data.height, it.data.transactions) for it in happened(played, BlockContents)]
    mined = {txid: height for _, height, txids in blocks for txid in txids}
    credited = happened(played, DepositCredited)
    assert len(credited) > 20
    for it in credited:
        top = max(height for t, height, _ in blocks if t <= it.t)
        assert top - mined[it.data.txid] + 1 >= 10


def test_each_deposit_is_credited_or_sent_back(played):
    sent = [it for it in happened(played, PaymentSent) if it.participant.startswith("trader")]
    kept, back = (happened(played, kind) for kind in (DepositCredited, DepositRefunded))
    assert back
    assert all(it.data.amount < 10**11 <= min(it.data.amount for it in kept) for it in back)
    amounts = Counter(it.data.amount for it in (*kept, *back))
    # The last ones are still on their way.
    assert not amounts - Counter(it.data.amount for it in sent)
    assert len(sent) - amounts.total() < 8


def test_withdrawals_are_paid_in_batches_and_add_up(played):
    wanted, paid = (happened(played, kind) for kind in (WithdrawalRequested, WithdrawalPaid))
    told = played.summary.exchanges
    assert (told.withdrawals, told.paid) == (len(wanted), len(paid))
    assert told.withdrawals == told.paid + told.refused + told.waiting
    numbers = [(it.data.customer, it.data.number, it.data.amount) for it in paid]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= {(it.data.customer, it.data.number, it.data.amount) for it in wanted}
    batches = Counter(it.data.txid for it in paid)
    assert max(batches.values()) > 1
    refunds = sum(it.data.amount for it in happened(played, DepositRefunded))
    out = sum(it.data.amount for it in happened(played, PaymentSent, "exchange"))
    assert out == sum(amount for *_, amount in numbers) + refunds


def test_refunds_and_withdrawals_are_followed_to_their_end(played):
    """By the blocks that have their transactions: none is left out, none counted that no block has."""
    mined = {txid for it in happened(played, BlockContents) for txid in it.data.transactions}
    told = played.summary.exchanges
    for kind, confirmed in ((DepositRefunded, told.refunds_confirmed), (WithdrawalPaid, told.paid_confirmed)):
        made = [it.data.txid for it in happened(played, kind)]
        assert confirmed == sum(txid in mined for txid in made) > 0


def test_a_pool_pays_its_miners_what_it_shared(played):
    shared, paid = (happened(played, kind) for kind in (RewardShared, MinersPaid))
    for it in shared:
        assert it.data.kept + sum(it.data.parts.values()) == it.data.amount
        assert 0 <= it.data.kept - it.data.amount // 100 < 10
    parts, payments = Counter(), Counter()
    for it in shared:
        parts.update(it.data.parts)
    for it in paid:
        payments.update(it.data.parts)
    assert all(payments[name] <= parts[name] for name in payments)
    # What the miners' wallets hold is what the pool says that it paid them.
    held = {it.participant: it.data.balance for it in happened(played, WalletClosed)}
    assert {name: held[name] for name in payments} == dict(payments)
    assert len(payments) == 4
    # All four are as fast: each share of a round of a hundred is anybody's.
    assert max(parts.values()) < 1.5 * min(parts.values())
