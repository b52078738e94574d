"""What becomes of payments: mined, confirmed, reorged and mined again, refused, vanished, whoever sent them."""

from itertools import pairwise

import pytest
from small_runs import MARKET, USERS, happened, play
from small_world import SmallWorld, make_host_plan, make_plan

from actors.host.node_proxy import NodeProxy
from actors.host.wallet_proxy import WalletProxy
from actors.users.payer import Sender, SenderConfig
from monerosim.agent.messages import End
from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    PaymentConfirmed,
    PaymentFailed,
    PaymentMined,
    PaymentOverdue,
    PaymentRemined,
    PaymentReorged,
    PaymentSent,
    PaymentVanished,
    Record,
)
from monerosim.plan.plan import WalletPlan
from monerosim.report.summary import summarise
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.wallet import Transferred
from monerosim.units import SECOND

TXID = "ab" * 32
MINUTE = 60 * SECOND
LIFE = (PaymentMined, PaymentConfirmed, PaymentFailed, PaymentReorged, PaymentRemined, PaymentOverdue, PaymentVanished)


class Service:
    """A monero-wallet-rpc that says of its one payment what a test wants, and counts how often it is asked."""

    address = "a test"

    def __init__(self):
        self.kind, self.height, self.timestamp, self.confirmations = "pending", 0, 0, 0
        self.asked = self.scanned = 0
        self.silent = False

    def post(self, path, body, timeout):
        del path, timeout
        if self.silent:
            raise RpcUnavailableError("gone")
        return {"result": getattr(self, body["method"])(body["params"])}

    def get_version(self, _):
        return {"version": 1}

    def create_wallet(self, _):
        return {}

    def refresh(self, _):
        return {}

    def get_address(self, _):
        return {"address": "4alice", "addresses": [{"address": "4alice"}]}

    def get_balance(self, _):
        return {"balance": 0, "unlocked_balance": 0}

    def get_height(self, _):
        """There is a new block whenever it is asked."""
        self.scanned += 1
        return {"height": self.scanned}

    def get_transfers(self, params):
        self.asked += 1
        entry = {"txid": TXID, "amount": 5, "fee": 1, "height": self.height, "timestamp": self.timestamp}
        hidden = self.kind == "out" and self.height <= params.get("min_height", -1)
        if not params.get(self.kind) or hidden:
            return {}
        return {self.kind: [{**entry, "type": self.kind, "confirmations": self.confirmations}]}


class Node:
    """A monerod whose txpool has what a test puts there."""

    address = "a test's node"

    def __init__(self):
        self.pool = set()
        self.silent = False

    def post(self, path, body, timeout):
        del body, timeout
        if self.silent:
            raise RpcUnavailableError("gone")
        if path == "/get_transaction_pool":
            return {"transactions": [{"id_hash": it, "fee": 1, "weight": 1, "receive_time": 1} for it in self.pool]}
        header = {"height": 1, "hash": "", "prev_hash": "", "reward": 1, "num_txes": 0, "timestamp": 1, "difficulty": 1}
        info = {"height": 2, "top_block_hash": "", "difficulty": 1, "tx_pool_size": 0}
        counts = {"incoming_connections_count": 0, "outgoing_connections_count": 0}
        return {"result": {**info, **counts, "block_header": header, "emission_amount": 1, "fee_amount": 1}}


class World(SmallWorld):
    def wallet(self, host):
        del host
        return self.service

    def node(self, host):
        del host
        return self.daemon


class Payer(Sender[SenderConfig]):
    def begin(self):
        self.after(0, self.follow, Transferred(TXID, 5, 1), "bob", ("4bob",))


@pytest.fixture
def world(virtual, tmp_path):
    world = World(virtual, tmp_path / "traces", make_plan(make_host_plan("alice")))
    world.service, world.daemon = Service(), Node()
    host = world.hosts["alice"]
    host.start(NodeProxy, "node", "alice")
    world.start_wallet = lambda: host.start(
        WalletProxy, "wallet", WalletPlan(name="wallet", rpc_port=1, start=0, ready_after=0, node="alice")
    )
    world.proxy = world.start_wallet()
    world.payer = host.start(Payer, "payer", SenderConfig(confirmations=3))
    virtual.run(1)
    yield world
    world.close()


def lives(world):
    return [record.data for record in world.records if isinstance(record.data, LIFE)]


def see(world, virtual, height, confirmations=1, timestamp=0, *, minutes=1):
    """Let time pass, and the payment be in a block, or in none (0), or not be known (None)."""
    service = world.service
    service.kind = "nothing" if height is None else "out" if height else "pending"
    service.height, service.confirmations, service.timestamp = height or 0, confirmations, timestamp
    virtual.run(virtual.now() + minutes * MINUTE)


def end(world):
    world.proxy.ask(End())


def test_a_payment_is_mined_long_before_it_is_confirmed(world, virtual):
    see(world, virtual, 0)
    see(world, virtual, 7)
    assert lives(world) == [PaymentMined(TXID, 7)]
    see(world, virtual, 7, 2)
    assert lives(world) == [PaymentMined(TXID, 7)]
    see(world, virtual, 7, 3)
    assert lives(world)[1:] == [PaymentConfirmed(TXID, 7, 4 * MINUTE)]


def test_a_payment_may_be_reorged_and_mined_again(world, virtual):
    see(world, virtual, 7)
    see(world, virtual, 0)
    see(world, virtual, 9)
    assert lives(world) == [PaymentMined(TXID, 7), PaymentReorged(TXID, 7), PaymentRemined(TXID, 9)]
    see(world, virtual, 9, 3)
    end(world)
    assert lives(world)[3:] == [PaymentConfirmed(TXID, 9, 4 * MINUTE)]


def test_all_that_becomes_of_it_is_told_of_the_actor_that_sent_it(world, virtual):
    see(world, virtual, 7)
    see(world, virtual, 8, 3)
    (sent,) = world.events(PaymentSent)
    told = [record for record in world.records if isinstance(record.data, LIFE)]
    assert len(told) == 4
    assert {(record.participant, record.actor, record.cause) for record in told} == {("alice", "payer", sent.cause)}


@pytest.mark.parametrize(("height", "timestamp"), [(8, 0), (6, 0), (7, 90)])
def test_a_payment_that_has_changed_its_block_between_two_looks_was_reorged(world, virtual, height, timestamp):
    see(world, virtual, 7)
    see(world, virtual, height, timestamp=timestamp)
    assert lives(world)[1:] == [PaymentReorged(TXID, 7), PaymentRemined(TXID, height)]


def test_one_that_was_confirmed_is_looked_at_again_rarely_until_it_is_deep_in_the_chain(world, virtual):
    see(world, virtual, 7, 3)
    assert lives(world) == [PaymentMined(TXID, 7), PaymentConfirmed(TXID, 7, MINUTE)]
    asked = world.service.asked
    see(world, virtual, 8, 13, minutes=20)  # ten mean block times
    assert world.service.asked == asked + 1
    assert lives(world)[2:] == [PaymentReorged(TXID, 7), PaymentRemined(TXID, 8)]
    see(world, virtual, 8, 20, minutes=20)
    assert world.service.asked == asked + 2
    see(world, virtual, None, minutes=100)
    end(world)
    assert world.service.asked == asked + 4  # the balance's, and of what was received
    assert len(lives(world)) == 4


def test_one_that_was_confirmed_and_reorged_is_looked_at_often_until_it_is_in_a_block_again(world, virtual):
    see(world, virtual, 7, 3)
    see(world, virtual, 0, minutes=20)
    see(world, virtual, 12)
    assert lives(world)[2:] == [PaymentReorged(TXID, 7), PaymentRemined(TXID, 12)]


def test_the_end_shows_what_was_not_seen_yet(world, virtual):
    see(world, virtual, 7, 3)
    see(world, virtual, 0)
    assert len(lives(world)) == 2
    end(world)
    assert lives(world)[2:] == [PaymentReorged(TXID, 7)]


def test_one_that_the_network_refuses_has_failed(world, virtual):
    world.service.kind = "failed"
    virtual.run(10 * MINUTE)
    assert lives(world) == [PaymentFailed(5, "refused by the network", TXID)]


@pytest.mark.parametrize(
    ("height", "pooled", "minutes", "kinds"),
    [
        (None, False, 1, [PaymentVanished]),
        (None, False, 42, [PaymentVanished]),
        (None, True, 1, []),
        (None, True, 42, [PaymentOverdue]),
        (0, True, 42, [PaymentOverdue]),
        (0, False, 42, [PaymentOverdue]),
        (0, True, 39, []),
        (7, False, 42, [PaymentMined]),
    ],
)
def test_one_that_nobody_knows_has_vanished_and_one_that_waits_is_overdue(
    world, virtual, height, pooled, minutes, kinds
):
    world.daemon.pool = {TXID} if pooled else set()
    see(world, virtual, height, minutes=minutes)
    # What takes long is told when it has taken so long, not at the end.
    assert [type(it) for it in lives(world)] == (kinds if minutes > 40 else [])
    end(world)
    assert [type(it) for it in lives(world)] == kinds


def test_of_a_txpool_that_cannot_be_asked_nothing_is_said(world, virtual):
    world.daemon.silent = True
    see(world, virtual, None, minutes=45)
    assert lives(world) == []
    world.daemon.silent = False
    see(world, virtual, None, minutes=20)
    assert [type(it) for it in lives(world)] == [PaymentVanished]


def test_one_that_waits_again_is_overdue_again(world, virtual):
    world.daemon.pool = {TXID}
    see(world, virtual, 0, minutes=42)
    see(world, virtual, 7)
    see(world, virtual, 0, minutes=42)
    kinds = [PaymentOverdue, PaymentMined, PaymentReorged, PaymentOverdue]
    assert [type(it) for it in lives(world)] == kinds


def test_a_reorged_one_that_its_wallet_has_forgotten_is_given_time_to_be_mined_again(world, virtual):
    see(world, virtual, 7, minutes=60)
    see(world, virtual, None, minutes=39)
    assert lives(world) == [PaymentMined(TXID, 7), PaymentReorged(TXID, 7)]
    see(world, virtual, None, minutes=3)
    (vanished,) = world.events(PaymentVanished)
    assert vanished.data.elapsed == vanished.t >= 100 * MINUTE


def test_one_that_had_vanished_may_be_mined_after_all(world, virtual):
    see(world, virtual, None, minutes=42)
    see(world, virtual, 30, 3, minutes=20)
    assert [type(event) for event in lives(world)] == [PaymentVanished, PaymentMined, PaymentConfirmed]


def test_a_sender_that_is_gone_has_its_payments_followed(world, virtual):
    world.payer.stop()
    see(world, virtual, 7, 3)
    assert lives(world) == [PaymentMined(TXID, 7), PaymentConfirmed(TXID, 7, MINUTE)]


def test_a_wallet_proxy_that_is_started_again_goes_on_to_follow(world, virtual):
    world.proxy.stop()
    virtual.run(virtual.now() + MINUTE)
    world.start_wallet()
    see(world, virtual, 7, 3)
    assert lives(world) == [PaymentMined(TXID, 7), PaymentConfirmed(TXID, 7, 2 * MINUTE + 1)]


def test_a_wallet_that_does_not_answer_is_asked_again(world, virtual):
    world.service.silent = True
    virtual.run(3 * MINUTE)
    assert lives(world) == []
    world.service.silent = False
    see(world, virtual, 7, 3, minutes=2)
    assert [type(event) for event in lives(world)] == [PaymentMined, PaymentConfirmed]


def test_the_summary_counts_them():
    def record(event):
        return Record(0, "alice", "payer", "", event)

    def sent(txid):
        return PaymentSent(txid, 1, 1, ())

    events = [
        *map(sent, "abcdef"),
        *(PaymentConfirmed(txid, 7, 5) for txid in "ab"),
        *(PaymentReorged(txid, 7) for txid in "abc"),
        PaymentRemined("b", 8),
        PaymentFailed(1, "refused", "d"),
        PaymentFailed(1, "too poor"),
        PaymentVanished("e", 5, "gone"),
        PaymentVanished("f", 5, "gone"),
        PaymentMined("f", 9),
    ]
    summary = summarise(make_plan(make_host_plan("alice")), map(record, events), end=0, wall_seconds=1)
    assert summary.payments.reorged == 3
    assert summary.payments.vanished == ["e"]
    group = summary.requests["alice"]
    ends = (group.confirmed, group.unconfirmed, group.refused, group.vanished)
    # "d" was refused, "e" has vanished; "a" and "c" are off the chain, "b" was confirmed before it was mined again.
    assert ends == (1, 3, 1, 1)
    assert (group.sent, group.failed, group.drawn) == (6, 1, 7)
    assert summary.payments.confirmed == 2
    # One is off the chain again, one is mined again and not confirmed, one has vanished, one is mined only.
    assert summary.payments.unconfirmed == 4


FORKS = """
[simulation]
duration = "1h"

[network]
latency = "4s"

[consensus]
block_time = "20s"

[participants.miner]
kind = "autonomous-miner"
count = 4
hashrate = 25
"""


def test_natural_reorganisations_are_told(tmp_path):
    changes = ("participants.user.count=10", "participants.user.wallet.outputs=9", "participants.user.max_amount=0.2")
    played = play(FORKS + USERS, tmp_path / "run", *changes, seed=7)
    lives = {record.data.txid: [] for record in happened(played, PaymentSent)}
    for record in happened(played, LIFE):
        lives[record.data.txid].append(record.data)
    for events in lives.values():
        placed = [event for event in events if not isinstance(event, PaymentConfirmed)]
        assert [type(event) for event in placed[:1]] in ([], [PaymentMined])
        # In a block, off it, in another, and so on.
        for before, after in pairwise(placed):
            assert isinstance(after, PaymentRemined) == isinstance(before, PaymentReorged)
            if isinstance(after, PaymentReorged):
                assert after.height == before.height
    told = played.summary.payments
    assert told.reorged == len(happened(played, PaymentReorged)) > 0
    assert len(happened(played, PaymentRemined)) > 0


BREAKS = """
from actors.users.regular_user import RegularUser


class Breaks(RegularUser):
    def pay(self):
        super().pay()
        raise ArithmeticError("fails whenever it has paid")
"""


@pytest.mark.parametrize("way", ["stop", "pause", "give up"])
def test_what_was_sent_is_followed_whatever_becomes_of_its_sender(tmp_path, install_blocks, way):
    text = FORKS + USERS + MARKET
    if way == "give up":
        install_blocks("breaks", BREAKS, {"breaks": "breaks:Breaks"})
        text = text.replace('"regular-user"', '"breaks"')
    else:
        text += f'[[timeline]]\nat = "20m"\ndo = "{way}"\nwho = "user"\n'
    changes = ("participants.user.wallet.outputs=9", "participants.user.confirmations=10", "network.latency=50ms")
    played = play(text, tmp_path / "run", *changes, "participants.user.transaction_frequency=1")
    sent = {it.data.txid: it for it in happened(played, PaymentSent) if it.participant != "funder"}
    assert len(sent) > 10
    confirmed = {it.data.txid: it for it in happened(played, PaymentConfirmed)}
    assert set(confirmed) == set(sent)
    assert all(confirmed[txid].actor == it.actor for txid, it in sent.items())
    assert played.summary.payments.unconfirmed == 0
    assert len(happened(played, ActorGivenUp)) == (3 if way == "give up" else 0)
    assert bool(happened(played, ActorFailed)) == (way == "give up")
