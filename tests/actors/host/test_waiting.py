"""Nobody asks in vain: those who wait for a wallet are told when it has changed."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from small_runs import MARKET, NETWORK, USERS, happened, play

from monerosim import Participant, Scenario, run
from monerosim.agent.actor import Actor
from monerosim.agent.messages import TimerFired
from monerosim.engines.embedded.environment import ModelTransport
from monerosim.events import BlockFound, OrderChanged, PaymentConfirmed, PaymentDelayed, PaymentMined, PaymentSent
from monerosim.units import SECOND

REFRESH = 20 * SECOND
"""How often a wallet refreshes by itself (wallet2's DEFAULT_AUTO_REFRESH_PERIOD)."""


def users(count, duration):
    return Scenario(
        simulation={"duration": duration},
        network={"connections": 4},
        participants={
            "user": Participant(
                count=count,
                kind="regular-user",
                wallet={"initial_balance": "10 XMR"},
                settings={"transaction_frequency": 0.06},
            ),
            "pool": Participant(kind="mining-pool", settings={"hashrate": 100}),
            "block-controller": Participant(kind="block-controller"),
        },
    )


@pytest.fixture
def counts(monkeypatch):
    counted = Counter()

    def counting(kind, name, what):
        method = getattr(kind, name)

        def call(self, *arguments, **options):
            counted[what(*arguments)] += 1
            return method(self, *arguments, **options)

        monkeypatch.setattr(kind, name, call)

    counting(ModelTransport, "post", lambda path, body, *_: body.get("method", path))
    counting(Actor, "ask", lambda *_: "asks")
    counting(Actor, "on_receive", lambda message: "timers" if isinstance(message, TimerFired) else "messages")
    return counted


def test_a_delivered_payment_costs_few_calls_asks_and_timers(counts, tmp_path):
    paid = run(users(25, "8h"), Path(tmp_path) / "run").summary.payments.confirmed
    assert paid > 500
    most = {"transfer": 1.5, "get_transfers": 1.5, "asks": 4, "timers": 4}
    assert {what: counts[what] / paid for what in most if counts[what] > most[what] * paid} == {}


def waits(run):
    """Return how long after the block was found each payment was known to be in it, microseconds."""
    found = {record.data.height: record.t for record in happened(run, BlockFound)}
    return [record.t - found[record.data.height] for record in happened(run, PaymentMined)]


def test_a_payment_is_known_to_be_mined_when_its_wallet_refreshes(tmp_path):
    played = play(NETWORK + USERS, tmp_path)
    assert len(waits(played)) > 10
    # A block takes less than a second to reach all.
    assert max(waits(played)) <= REFRESH + SECOND


def test_whoever_sets_an_interval_has_its_wallet_looked_at_by_it(tmp_path):
    played = play(NETWORK + USERS + 'check_interval = "5m"\n', tmp_path)
    assert max(waits(played)) > 2 * REFRESH


def test_several_confirmations_are_known_with_the_block_that_brings_the_last(tmp_path):
    played = play(NETWORK + USERS + "confirmations = 4\n", tmp_path)
    found = {record.data.height: record.t for record in happened(played, BlockFound)}
    late = [record.t - found[record.data.height + 3] for record in happened(played, PaymentConfirmed)]
    assert len(late) > 10
    assert max(late) <= REFRESH + SECOND


def test_a_payment_that_waits_for_coins_is_made_at_the_refresh_that_unlocks_them(tmp_path):
    once = USERS.replace("count = 3", "count = 2").replace("0.3", "1.0")
    played = play(NETWORK.replace("30m", "1h") + once, tmp_path)
    delayed = [record for record in happened(played, PaymentDelayed) if record.t < 1800 * SECOND]
    sent = happened(played, PaymentSent)
    assert delayed
    for record in delayed:
        after = next(it.t for it in sent if it.participant == record.participant and it.t > record.t)
        # Each coin that a user waits for unlocks with the tenth block after its own.
        before = [block.t for block in happened(played, BlockFound) if block.t <= after]
        assert after - max(before) <= REFRESH + SECOND


def test_a_marketplace_sees_orders_paid_when_its_wallet_refreshes(tmp_path):
    played = play(NETWORK + MARKET + USERS + "orders = true\n", tmp_path)
    seen = {it.data.txid: it.t for it in happened(played, OrderChanged) if it.data.state == "seen"}
    sent = {it.data.txid: it.t for it in happened(played, PaymentSent) if it.data.txid in seen}
    assert len(sent) > 5
    # A stem takes seconds; one that gets lost is fluffed within a minute.
    assert sorted(seen[txid] - at for txid, at in sent.items())[len(sent) // 2] <= REFRESH + 15 * SECOND


IMPATIENT = '''
from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import AwaitChange, WalletChanged


class Impatient(Behaviour):
    """Waits on and on for a height that its wallet has passed."""

    needs = frozenset({"wallet"})

    def begin(self):
        self.ask_again()

    def ask_again(self):
        self.tell(self.host.actor("wallet"), AwaitChange(self.name, height=1))

    @handles(WalletChanged)
    def on_wallet_changed(self, _):
        self.log.info("told")
        self.ask_again()
'''


def test_who_asks_on_for_what_has_come_is_told_once_a_refresh(tmp_path, install_blocks):
    install_blocks("impatient", IMPATIENT, {"impatient": "impatient:Impatient"})
    text = NETWORK + '[participants.hasty]\nnode = "miner"\nwallet = {}\nactors = [{ use = "impatient" }]\n'
    played = play(text, tmp_path / "run", "simulation.duration=10m")
    told = [line.t for line in played.traces(actors=("impatient",)) if line.text == "told"]
    assert len(told) > 20
    assert {after - before for before, after in pairwise(told)} == {REFRESH}
