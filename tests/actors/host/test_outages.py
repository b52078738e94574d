"""Behaviours whose daemon or wallet does not answer for a while: they say so, and go on afterwards."""

import pytest
from small_runs import MARKET, NETWORK, USERS, happened, play

from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.events import (
    ActorFailed,
    ActorRestarted,
    BalanceRecorded,
    BlockFound,
    NodeSynced,
    OrderChanged,
    OrderPlaced,
    PaymentReceived,
    PaymentSent,
    TipSeen,
    WalletClosed,
)
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.units import SECOND

MINUTE = 60 * SECOND
BEGIN, END = 12 * MINUTE, 20 * MINUTE

EVERYTHING = (
    NETWORK
    + USERS
    + """
[participants.all]
node = {}
wallet = { initial_balance = "9 XMR", outputs = 9 }
actors = [
    { use = "observer", interval = "10s" }, { use = "relay", interval = "3m" },
    { use = "mining-wallet", interval = "5m" },
    { use = "standard-sync", interval = "3m" }, { use = "constant-mining", interval = "3m" },
    { use = "churner", transaction_interval = "3m" }, { use = "hodler", interval = "3m" },
    { use = "churner", transaction_interval = "4m", method = "sweep" }, { use = "marketplace" },
    { use = "transaction-bot", transaction_interval = "4m" },
]

[participants.late]
kind = "standard-sync"
start = "15m"
"""
)


class Outage:
    """A way to a service that refuses connections for a while."""

    def __init__(self, way, out):
        self._way = way
        self._out = out
        self.address = way.address

    def post(self, path, body, timeout):
        if self._out():
            raise RpcUnavailableError(f"{self.address}: connection refused")
        return self._way.post(path, body, timeout)


def interrupt(patch, *hosts):
    """Let neither daemons nor wallets of these answer for a while."""
    usual = {"node": EmbeddedEnvironment.node, "wallet": EmbeddedEnvironment.wallet}

    def way(kind):
        def get(world, host):
            begin, end = (world._time_zero + time for time in (BEGIN, END))
            found = usual[kind](world, host)
            return Outage(found, lambda: begin < world.runtime.now() < end) if host in hosts else found

        return get

    for kind in usual:
        patch.setattr(EmbeddedEnvironment, kind, way(kind))


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, "all", "late")
        changes = ("participants.user.orders=true", "simulation.duration=40m", "participants.user.wallet.outputs=8")
        directory = tmp_path_factory.mktemp("interrupted") / "run"
        return play(EVERYTHING, directory, *changes, "participants.user.max_amount=0.3")


def test_nobody_fails(interrupted):
    assert interrupted.summary.outcome.failures == 0
    assert interrupted.summary.completed
    assert interrupted.summary.coins.unaccounted == 0


@pytest.mark.parametrize("kind", [BalanceRecorded, BlockFound, OrderPlaced, PaymentReceived, PaymentSent, TipSeen])
def test_what_was_interrupted_goes_on(interrupted, kind):
    times = [record.t for record in happened(interrupted, kind, "all")]
    assert min(times) < BEGIN
    assert max(times) > END
    assert not [time for time in times if BEGIN < time < END]


def test_one_that_begins_meanwhile_waits_for_its_node(interrupted):
    (synced,) = happened(interrupted, NodeSynced, "late")
    assert END <= synced.t < END + 20 * SECOND
    assert synced.data.elapsed == synced.t - 15 * MINUTE


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        ("observer", "cannot ask its node"),
        ("relay", "cannot ask its node"),
        ("standard-sync", "cannot ask its node"),
        ("constant-mining", "could not mine a block"),
        ("churner-1", "cannot churn"),
        ("hodler", "cannot read its balance"),
        ("mining-wallet", "cannot check its rewards"),
        ("marketplace", "cannot check its payments"),
        ("transaction-bot", "could not pay"),
    ],
)
def test_the_trace_says_what_could_not_be_done(interrupted, actor, text):
    lines = [line for line in interrupted.traces(actors=(actor,)) if line.participant == "all" and text in line.text]
    assert lines
    assert all(line.level == "WARNING" for line in lines)


def test_an_order_whose_payment_window_ends_meanwhile_is_not_taken_for_unpaid(tmp_path, monkeypatch):
    interrupt(monkeypatch, "marketplace")
    orders = (
        "participants.user.count=1",
        "participants.user.orders=true",
        "participants.user.transaction_interval=6m",
        "participants.user.wallet.outputs=9",
        "participants.marketplace.payment_window=5m",
        "participants.marketplace.check_interval=30m",
        "simulation.duration=1h",
    )
    text = NETWORK + MARKET + USERS.replace("transaction_frequency = 0.3\n", "")
    played = play(text, tmp_path / "run", *orders)
    placed = {it.data.order: it.data for it in happened(played, OrderPlaced)}
    (order,) = (order for order, it in placed.items() if BEGIN < it.due < END)
    changes = [it for it in happened(played, OrderChanged) if it.data.order == order]
    assert [it.data.state for it in changes] == ["seen", "received", "confirmed"]
    assert all(it.t > END for it in changes)
    assert any("cannot look whether an order was paid" in line.text for line in played.traces(actors=("marketplace",)))


BREAKER = '''
from monerosim.agent.behaviour import Behaviour


class Breaker(Behaviour):
    """Has its wallet's proxy fail."""

    def begin(self):
        self.after(10 * 60.0, self.strike)

    def strike(self):
        self.host.actor("wallet").tell("no message")
'''


def test_a_wallet_that_is_opened_again_while_its_node_is_away_is_not_given_up(tmp_path, install_blocks):
    install_blocks("breaker", BREAKER, {"breaker": "breaker:Breaker"})
    changes = """
[[timeline]]
at = "9m"
do = "shut-down"
who = "payee"

[[timeline]]
at = "15m"
do = "start-up"
who = "payee"

[participants.payee]
node = {}
actors = [{ use = "breaker" }]
wallet = { initial_balance = "1 XMR" }
"""
    played = play(NETWORK + USERS + changes, tmp_path / "run")
    (failed,) = happened(played, ActorFailed, "payee")
    assert failed.data.name == "wallet"
    assert [it.data.name for it in happened(played, ActorRestarted, "payee")] == ["wallet"]
    assert happened(played, WalletClosed, "payee")
    assert played.summary.coins.unaccounted == 0


ASKER = '''
from actors.host.node_proxy import GetInfo, proxy_of
from monerosim.agent.behaviour import Behaviour
from monerosim.rpc.errors import RpcError


class Asker(Behaviour):
    """Asks another participant's node near the run's end."""

    def begin(self):
        self.after(28 * 60.0, self.look)

    def look(self):
        try:
            self.ask(proxy_of(self.host, "user-001"), GetInfo())
        except RpcError as error:
            self.log.warning("no answer: {}", error)
'''


def test_who_waits_for_a_node_at_the_runs_end_waits_no_longer(tmp_path, install_blocks):
    install_blocks("asker", ASKER, {"asker": "asker:Asker"})
    changes = """
[[timeline]]
at = "27m"
do = "shut-down"
who = "user-001"

[participants.asker]
kind = "asker"
"""
    played = play(NETWORK + USERS + changes, tmp_path / "run")
    assert not happened(played, ActorFailed, "asker")
    texts = [line.text for line in played.traces(actors=("asker",))]
    assert any(text.startswith("no answer") for text in texts), texts
