"""What becomes of payments whose block goes off the chain, and of those that nobody knows any more."""

from typing import ClassVar

import pytest
from small_world import make_host_plan, make_plan

from actors.payer import Sender, SenderConfig
from actors.wallet_proxy import GetTransfers
from monerosim.config import Config
from monerosim.observe.events import (
    PaymentConfirmed,
    PaymentMinedAgain,
    PaymentOrphaned,
    PaymentSent,
    PaymentVanished,
    Record,
)
from monerosim.observe.summary import summarise
from monerosim.rpc.wallet import TransferEntry, Transferred, Transfers
from monerosim.runtime.actor import Actor, handles
from monerosim.runtime.message import End
from monerosim.units import SECOND

TXID = "ab" * 32


class Wallet(Actor):
    """Says of the one payment what a test wants: its block's height, 0 while pending, None once it is forgotten."""

    height: int | None = 0
    confirmations = 1

    @handles(GetTransfers)
    def on_get_transfers(self, _):
        deep = self.confirmations if self.height else 0
        kind = "out" if self.height else "pending"
        found = TransferEntry(TXID, 5, 1, self.height or 0, timestamp=0, type=kind, confirmations=deep)
        if self.height is None:
            return Transfers()
        return Transfers(outgoing=[found]) if self.height else Transfers(pending=[found])


class Payer(Sender):
    Config: ClassVar[type[Config]] = SenderConfig

    def begin(self):
        super().begin()
        self.after(0, self.follow, Transferred(TXID, 5, 1), "bob", ("4bob",))


@pytest.fixture
def world(virtual, make_world):
    world = make_world(virtual, make_plan(make_host_plan("alice")))
    host = world.hosts["alice"]
    world.wallet = host.start(Wallet, "wallet").proxy()
    world.payer = host.start(Payer, "payer", SenderConfig(confirmations=3))
    virtual.run(1)
    return world


def lives(world):
    kinds = (PaymentSent, PaymentConfirmed, PaymentOrphaned, PaymentMinedAgain, PaymentVanished)
    return [record.data for record in world.records if isinstance(record.data, kinds)][1:]


def see(world, virtual, height, confirmations=1):
    world.wallet.height, world.wallet.confirmations = height, confirmations
    virtual.run(virtual.now() + 60 * SECOND)


def test_a_payment_may_be_orphaned_and_mined_again(world, virtual):
    see(world, virtual, 0)
    see(world, virtual, 7)
    see(world, virtual, 0)
    see(world, virtual, 9)
    assert lives(world) == [PaymentOrphaned(TXID, 7), PaymentMinedAgain(TXID, 9)]
    see(world, virtual, 9, 3)
    world.payer.ask(End())
    assert lives(world)[2:] == [PaymentConfirmed(TXID, 9, 300 * SECOND)]
    (sent,) = world.events(PaymentSent)
    assert {record.cause for record in world.records if "payment" in type(record.data).__name__.lower()} == {sent.cause}


def test_one_that_was_confirmed_already_is_looked_at_once_more_at_the_end(world, virtual):
    see(world, virtual, 7, 3)
    see(world, virtual, 0)
    assert lives(world) == [PaymentConfirmed(TXID, 7, 60 * SECOND)]
    world.payer.ask(End())
    assert lives(world)[1:] == [PaymentOrphaned(TXID, 7)]


def test_one_that_is_deep_in_the_chain_is_not_looked_at_again(world, virtual):
    see(world, virtual, 7, 20)
    world.wallet.height = None
    world.payer.ask(End())
    assert lives(world) == [PaymentConfirmed(TXID, 7, 60 * SECOND)]


@pytest.mark.parametrize(
    ("height", "minutes", "reason"),
    [(None, 1, "its wallet does not know it any more"), (0, 41, "in no block for long"), (0, 39, None), (7, 41, None)],
)
def test_one_that_vanishes_is_an_alert(world, virtual, height, minutes, reason):
    virtual.run(minutes * 60 * SECOND)
    world.wallet.height = height
    world.payer.ask(End())
    found = [event.reason for event in lives(world) if isinstance(event, PaymentVanished)]
    assert found == ([reason] if reason else [])


def test_the_summary_counts_them():
    def record(event):
        return Record(0, "alice", "payer", "", event)

    events = [PaymentOrphaned("a", 7), PaymentVanished("a", 5, "gone"), PaymentVanished("b", 5, "gone")]
    summary = summarise(make_plan(make_host_plan("alice")), map(record, events), end=0, wall_seconds=1)
    assert summary.transactions.orphaned == 1
    assert summary.transactions.vanished == ["a", "b"]
