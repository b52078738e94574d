"""Wallet strategies: mining wallet, transaction bot, hodler, churner; and that their coins are all accounted for."""

import json
from collections import Counter

import pytest
from scipy.stats import chisquare
from small_runs import NETWORK, happened, play

from monerosim import ScenarioError
from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.events import (
    BalanceRecorded,
    BlockFound,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentFailed,
    PaymentSent,
    RewardUnlocked,
    WalletClosed,
)
from monerosim.rpc.errors import RpcDoubtfulError
from monerosim.units import SECOND, XMR

MINUTE = 60 * SECOND

BOT = """
[participants.bot]
kind = "transaction-bot"
node = "miner"
transaction_interval = "3m"
wallet = { initial_balance = "5 XMR", outputs = 10 }
"""
HODLERS = """
[participants.hodler]
kind = "hodler"
count = 3
node = "miner"
interval = "10m"
"""
CHURNER = """
[participants.churner]
kind = "churner"
node = "miner"
transaction_interval = "5m"
wallet = { initial_balance = "5 XMR", outputs = 4 }
"""


def sent_by(played, name):
    return happened(played, PaymentSent, name)


def own_addresses(played, name):
    return json.loads((played.directory / "shared" / "wallets" / f"{name}.json").read_bytes())["addresses"]


def test_a_bot_pays_its_list_in_turn_at_its_interval(tmp_path):
    recipients = 'participants.bot.recipients=["hodler", "miner"]'
    played = play(NETWORK + HODLERS + BOT, tmp_path / "run", recipients, "participants.bot.amount=0.2")
    sent = sent_by(played, "bot")
    assert [record.t for record in sent] == [minute * MINUTE for minute in range(3, 30, 3)]
    assert {record.data.amount for record in sent} == {XMR // 5}
    owner = {own_addresses(played, name)[0]: name for name in ("hodler-001", "hodler-002", "hodler-003", "miner")}
    paid = [owner[record.data.recipients[0]] for record in sent]
    assert paid == ["hodler-001", "hodler-002", "hodler-003", "miner"] * 2 + ["hodler-001"]
    assert played.summary.payments.requested == 10


def test_a_bot_without_a_list_pays_any_other_wallet(tmp_path):
    """Error rate 1 in 10,000 for a change of code; that one of the four is never paid is refused."""
    changes = ("participants.bot.transaction_interval=20s", "participants.bot.amount=0.01", "participants.bot.count=3")
    played = play(NETWORK + HODLERS.replace("count = 3\n", "") + BOT, tmp_path / "run", *changes)
    paid = Counter(record.data.recipients[0] for record in sent_by(played, "bot-001"))
    assert own_addresses(played, "bot-001")[0] not in paid
    assert own_addresses(played, "funder")[0] not in paid
    others = [paid[own_addresses(played, name)[0]] for name in ("bot-002", "bot-003", "hodler", "miner")]
    assert sum(others) == paid.total() > 15
    assert chisquare(others).pvalue > 1e-4
    assert played.summary.coins.unaccounted == 0


def test_a_bot_waits_for_locked_coins_and_comes_back_to_its_grid(tmp_path):
    played = play(NETWORK + HODLERS + BOT, tmp_path / "run", "participants.bot.wallet.outputs=1")
    delayed = happened(played, PaymentDelayed, "bot")
    assert delayed
    assert all(record.t % (3 * MINUTE) == 0 for record in delayed)
    waited = {record.cause for record in delayed}
    assert all(record.t % (3 * MINUTE) == 0 for record in sent_by(played, "bot") if record.cause not in waited)


def test_a_bot_whose_list_has_no_wallet_says_so(tmp_path):
    played = play(NETWORK + BOT, tmp_path / "run", 'participants.bot.recipients=["block-controller"]')
    assert not sent_by(played, "bot")
    lines = {line.text for line in played.traces(actors=("transaction-bot",))}
    assert "skips a payment: found nobody to pay: there is no wallet of block-controller" in lines


def test_a_hodler_records_what_it_holds_and_pays_nothing(tmp_path):
    played = play(NETWORK + HODLERS + BOT, tmp_path / "run", 'participants.bot.recipients=["hodler-002"]')
    recorded = happened(played, BalanceRecorded, "hodler-002")
    assert [record.t for record in recorded] == [minute * MINUTE for minute in (0, 10, 20, 30)]
    balances = [record.data.balance for record in recorded]
    assert balances[0] == 0
    assert balances == sorted(balances)
    assert balances[-1] % (XMR // 10) == 0
    assert balances[-1] >= 7 * XMR // 10
    assert all(record.data.unlocked <= record.data.balance for record in recorded)
    assert {record.data.balance for record in happened(played, BalanceRecorded, "hodler-001")} == {0}
    assert not sent_by(played, "hodler-002")


@pytest.mark.parametrize("method", ["transfer", "sweep"])
def test_a_churner_keeps_its_coins_but_for_the_fees(tmp_path, method):
    played = play(NETWORK + CHURNER, tmp_path / "run", f"participants.churner.method={method}")
    sent = sent_by(played, "churner")
    assert len(sent) >= 2
    assert all(record.t % (5 * MINUTE) == 0 for record in sent)
    addresses = [record.data.recipients[0] for record in sent]
    assert len(set(addresses)) == len(addresses)
    assert not set(addresses) & set(own_addresses(played, "churner"))
    assert {record.data.txid for record in happened(played, PaymentConfirmed)} <= {record.data.txid for record in sent}
    assert not happened(played, PaymentFailed, "churner")
    # What was never mined took no fee from it; nothing of this was late enough for that.
    assert played.summary.coins.balances["churner"] == 5 * XMR - sum(record.data.fee for record in sent)
    assert played.summary.coins.unaccounted == 0


def test_a_churner_sends_its_share(tmp_path):
    changes = ("participants.churner.share=0.25", "participants.churner.wallet.outputs=1")
    played = play(NETWORK + CHURNER, tmp_path / "run", *changes, "participants.churner.new_address=false")
    sent = sent_by(played, "churner")
    assert sent[0].data.amount == 5 * XMR // 4
    # Its only output is locked for ten blocks, so it lets some of its times go by.
    assert sent[1].t - sent[0].t > 5 * MINUTE
    assert {record.data.recipients[0] for record in sent} == {own_addresses(played, "churner")[0]}


@pytest.mark.parametrize("method", ["transfer", "sweep"])
def test_a_payment_to_itself_that_is_under_way_at_the_end_is_accounted_for(tmp_path, method):
    # The last block comes before the churner sends; everything it sent is unconfirmed.
    changes = (
        'consensus.block_arrivals="fixed"',
        "consensus.block_time=14m",
        "participants.churner.transaction_interval=29m",
    )
    played = play(NETWORK + CHURNER, tmp_path / "run", *changes, f"participants.churner.method={method}")
    sent = sent_by(played, "churner")
    assert sent
    assert max(record.t for record in happened(played, BlockFound)) < sent[0].t
    (closed,) = happened(played, WalletClosed, "churner")
    assert closed.data.balance == 5 * XMR
    assert closed.data.in_flight == sum(record.data.fee for record in sent)
    assert played.summary.coins.unaccounted == 0


def test_a_mining_wallet_records_each_reward_when_it_unlocks(tmp_path):
    changes = ('simulation.duration="3h"', 'consensus.block_arrivals="fixed"')
    played = play(NETWORK + MINING_WALLET, tmp_path / "run", *changes)
    found = {record.data.height: record for record in happened(played, BlockFound)}
    unlocked = happened(played, RewardUnlocked, "miner")
    heights = [record.data.height for record in unlocked]
    assert heights == sorted(set(heights))
    assert heights == sorted(found)[: len(heights)]
    for record in unlocked:
        assert record.data.amount == found[record.data.height].data.reward
        # A coinbase unlocks with the sixtieth block after it; the wallet looks every ten minutes.
        due = found[record.data.height + 59].t
        assert due <= record.t <= due + 10 * MINUTE + 20 * SECOND
    assert len(heights) >= 180 - 60 - 11
    assert not sent_by(played, "miner")


def test_a_mining_wallet_hands_on_what_is_unlocked(tmp_path):
    sweeping = ('participants.miner.actors=[{use="mining-wallet", sweep_to="hodler-002", interval="30m"}]',)
    played = play(NETWORK + MINING_WALLET + HODLERS, tmp_path / "run", 'simulation.duration="3h"', *sweeping)
    sent = sent_by(played, "miner")
    assert sent
    assert {record.data.recipients for record in sent} == {(own_addresses(played, "hodler-002")[0],)}
    # With the end of the scenario's time it sends nothing any more.
    unlocked = sum(record.data.amount for record in happened(played, RewardUnlocked) if record.t < 180 * MINUTE)
    assert sum(record.data.amount + record.data.fee for record in sent) == unlocked
    assert played.summary.coins.unaccounted == 0


def test_a_mining_wallet_waits_until_it_is_worth_it(tmp_path):
    actor = 'participants.miner.actors=[{use="mining-wallet", sweep_to="hodler-002", sweep_threshold=100000}]'
    played = play(NETWORK + MINING_WALLET + HODLERS, tmp_path / "run", 'simulation.duration="2h"', actor)
    assert happened(played, RewardUnlocked)
    assert not sent_by(played, "miner")


def test_a_mining_wallet_may_gather_its_own_rewards(tmp_path):
    actor = 'participants.miner.actors=[{use="mining-wallet", sweep_to="miner", interval="20m"}]'
    played = play(NETWORK + MINING_WALLET, tmp_path / "run", 'simulation.duration="2h"', actor)
    assert sent_by(played, "miner")
    assert played.summary.coins.unaccounted == 0


MINING_WALLET = """
[[participants.miner.actors]]
use = "mining-wallet"
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("participants.bot.amount=0", "amount must be above 0"),
        ("participants.bot.transaction_interval=0s", "must be more than 0"),
        ("participants.bot.recipients=hodler", "expected an array"),
        ('participants.bot.recipients=["miner", "hodlr"]', 'no such participant: "hodlr".*hodler'),
        ('participants.bot.recipients=["hodler-004"]', 'no such participant: "hodler-004"'),
        ('participants.miner.actors=[{use="mining-wallet", sweep_to="nobody"}]', 'no such participant: "nobody"'),
        ('participants.miner.actors=[{use="mining-wallet", sweep_to="hodler"}]', '"hodler" has 3 members'),
    ],
)
def test_wrong_settings_are_errors(tmp_path, change, message):
    with pytest.raises(ScenarioError, match=message):
        play(NETWORK + BOT + HODLERS, tmp_path / "run", change)


class Breaking:
    """A way to a wallet whose connection breaks at each sweep, before or after the wallet has read the request."""

    def __init__(self, way, *, before):
        self._way = way
        self._before = before
        self.address = way.address

    def post(self, path, body, timeout):
        sweeps = body.get("method") == "sweep_all"
        if sweeps and self._before:
            raise RpcDoubtfulError("the connection broke")
        answer = self._way.post(path, body, timeout)
        if sweeps:
            raise RpcDoubtfulError("the connection broke")
        return answer


@pytest.mark.parametrize("before", [True, False])
def test_a_sweep_in_doubt_is_looked_up_and_not_repeated(tmp_path, monkeypatch, before):
    usual = EmbeddedEnvironment.wallet
    monkeypatch.setattr(EmbeddedEnvironment, "wallet", lambda world, host: Breaking(usual(world, host), before=before))
    changes = ("participants.churner.method=sweep", "participants.churner.transaction_interval=12m")
    played = play(NETWORK + CHURNER, tmp_path / "run", *changes)
    sent, failed = sent_by(played, "churner"), happened(played, PaymentFailed, "churner")
    assert len(failed if before else sent) == 2
    assert len(sent if before else failed) == 0
    assert played.summary.coins.balances["churner"] == 5 * XMR - sum(record.data.fee for record in sent)
    assert played.summary.coins.unaccounted == 0
