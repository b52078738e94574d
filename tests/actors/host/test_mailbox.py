"""Letters between hosts, as actors see them."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import msgspec
import pytest
from small_world import make_host_plan, make_plan

from actors.host.mailbox import ActorGone, Mailbox
from monerosim.agent.actor import Actor, handles, receives
from monerosim.agent.messages import Letter, Message
from monerosim.config import Amount, Duration
from monerosim.events import ServiceReady
from monerosim.mailbox.post import UnknownHostError
from monerosim.plan.letters import DELAY, POLL_GRID
from monerosim.plan.plan import ActorPlan
from monerosim.units import SECOND


class Write(Message[None], frozen=True):
    recipient: str
    actor: str
    text: str


class Greeting(Letter, frozen=True):
    kind: ClassVar[str] = "greeting"
    text: str


class Item(msgspec.Struct, frozen=True):
    price: Amount
    lasts: Duration | None = None


class Offer(Letter, frozen=True):
    """Has every type that a configuration may have."""

    kind: ClassVar[str] = "offer"
    price: Amount
    lasts: Duration
    items: tuple[Item, ...]
    by_name: Mapping[str, Amount]
    mode: Literal["rpc", "signal"]
    share: float
    times: int | None
    open: bool


class Publish(Message[None], frozen=True):
    recipient: str
    offer: Offer


class Writer(Actor):
    """Writes letters, and notes those that come."""

    def __init__(self, host, name):
        super().__init__(host, name)
        self.got = []

    @handles(Write)
    def on_write(self, write):
        self.emit(ServiceReady(write.text, 1))
        self.send(write.recipient, write.actor, Greeting(write.text))

    @handles(Publish)
    def on_publish(self, message):
        self.send(message.recipient, self.name, message.offer)

    @receives(Offer)
    def on_offer(self, offer, sender):
        self.got.append((self.host.now(), sender, offer))

    @receives(Greeting)
    def on_greeting(self, greeting, sender):
        if greeting.text == "fail":
            raise ArithmeticError("fails")
        self.got.append((self.host.now(), sender, greeting.text))
        self.emit(ServiceReady(greeting.text, 2))
        self.log.info("got mail")


class Deaf(Actor):
    pass


@pytest.fixture
def world(virtual, make_world):
    world = make_world(virtual, make_plan(*(make_host_plan(name) for name in ("alice", "bob", "carol"))))
    for host in world.hosts.values():
        host.start(Mailbox, "mailbox")
        host.start(Writer, "writer")
        host.start(Deaf, "deaf")
    virtual.run(0)
    return world


def write(world, sender, recipient, text, actor="writer"):
    world.hosts[sender].actor("writer").ask(Write(recipient, actor, text))


def got(world, host):
    return world.hosts[host].actor("writer").proxy().got.get()


@pytest.mark.parametrize(
    ("sent", "delivered"),
    [
        (0, POLL_GRID),
        (POLL_GRID - DELAY, POLL_GRID),
        (POLL_GRID - DELAY + 1, 2 * POLL_GRID),
        (7 * POLL_GRID, 8 * POLL_GRID),
    ],
)
def test_letters_are_delivered_on_the_grid_when_they_are_due(world, virtual, sent, delivered):
    virtual.run(sent)
    write(world, "alice", "bob", "hello")
    virtual.run(delivered - 1)
    assert got(world, "bob") == []
    virtual.run(delivered)
    assert got(world, "bob") == [(delivered, "alice", "hello")]
    virtual.run(delivered + 10 * SECOND)
    assert len(got(world, "bob")) == 1


def test_letters_carry_every_type_that_a_configuration_may_have(world, virtual):
    items = (Item(Amount(7), Duration(5)), Item(Amount(2**63)))
    offer = Offer(Amount(3), Duration(10**12), items, {"a": Amount(1)}, "signal", 0.25, None, True)
    world.hosts["alice"].actor("writer").ask(Publish("bob", offer))
    virtual.run(SECOND)
    assert got(world, "bob") == [(POLL_GRID, "alice", offer)]


def test_letters_come_by_time_then_sender_then_number(world, virtual):
    write(world, "carol", "bob", "carol 1")
    write(world, "alice", "bob", "alice 1")
    write(world, "alice", "bob", "alice 2")
    virtual.run(1)
    write(world, "alice", "bob", "alice 3")
    write(world, "carol", "bob", "carol 2")
    virtual.run(SECOND)
    texts = [text for _, _, text in got(world, "bob")]
    assert texts == ["alice 1", "alice 2", "carol 1", "alice 3", "carol 2"]


def test_a_host_may_write_to_itself(world, virtual):
    write(world, "alice", "alice", "note to self")
    virtual.run(SECOND)
    assert got(world, "alice") == [(POLL_GRID, "alice", "note to self")]


def test_a_letter_carries_its_cause_to_the_other_host(world, virtual):
    write(world, "alice", "bob", "hello")
    virtual.run(SECOND)
    sent, received = world.events(ServiceReady)
    assert (sent.participant, received.participant) == ("alice", "bob")
    assert sent.cause == received.cause
    lines = [line for line in world.lines() if line.concerns(sent.cause)]
    assert [(line.participant, line.actor) for line in lines] == [
        ("alice", "mailbox"),
        ("bob", "mailbox"),
        ("bob", "writer"),
    ]
    messages = [line.message for line in lines]
    assert len(set(messages)) == 3


def test_a_letter_to_nobody_is_an_error_of_who_wrote_it(world, virtual):
    with pytest.raises(UnknownHostError, match="unknown participant 'dave'"):
        write(world, "alice", "dave", "hello?")
    write(world, "alice", "bob", "hello")
    virtual.run(SECOND)
    assert len(got(world, "bob")) == 1


@pytest.mark.parametrize("actor", ["nobody", "deaf", "mailbox"])
def test_a_letter_that_no_actor_takes_is_a_warning(world, virtual, actor):
    write(world, "alice", "bob", "hello", actor)
    write(world, "alice", "bob", "hello again")
    virtual.run(SECOND)
    warning = next(line for line in world.lines() if line.level == "WARNING")
    assert warning.text == f"no actor '{actor}' takes the greeting from alice"
    assert (warning.participant, warning.actor) == ("bob", "mailbox")
    assert len(got(world, "bob")) == 1


def test_letters_wait_for_an_actor_that_has_failed_to_be_started_again(world, virtual):
    bob = world.hosts["bob"]
    for text in ("one", "fail", "two", "three"):
        write(world, "alice", "bob", text)
    virtual.run(SECOND)
    assert not bob.actor("writer").is_alive()
    write(world, "alice", "bob", "four")
    virtual.run(3 * SECOND)
    bob.start(Writer, "writer")
    write(world, "alice", "bob", "five")
    virtual.run(5 * SECOND)
    # The one that it failed at counts as handled.
    assert [text for _, _, text in got(world, "bob")] == ["two", "three", "four", "five"]
    assert [line for line in world.lines(participants=["bob"]) if line.level == "WARNING"] == []


class Fragile(Mailbox):
    """Fails at the first letter that it sorts in its first life."""

    def on_letters_arrived(self, arrived):
        if next(self.host.numbers("arrivals")) == 1:
            raise ArithmeticError("fails")
        super().on_letters_arrived(arrived)


def test_letters_that_have_come_survive_a_failure_of_the_mailbox(world, virtual):
    bob = world.hosts["bob"]
    bob.actor("mailbox").stop()
    bob.start(Fragile, "mailbox")
    for text in ("one", "two", "three"):
        write(world, "alice", "bob", text)
    virtual.run(SECOND)
    assert not bob.actor("mailbox").is_alive()
    bob.start(Fragile, "mailbox")
    write(world, "alice", "bob", "four")
    virtual.run(4 * SECOND)
    assert [text for _, _, text in got(world, "bob")] == ["one", "two", "three", "four"]


@pytest.mark.parametrize("service", ["node", "wallet"])
def test_a_service_that_the_host_does_not_have_takes_no_letters(world, virtual, service):
    write(world, "alice", "bob", "hello", service)
    virtual.run(SECOND)
    (warning,) = [line.text for line in world.lines() if line.level == "WARNING"]
    assert warning == f"no actor '{service}' takes the greeting from alice"


def test_an_actor_that_is_gone_takes_no_letters_until_it_begins_again(world, virtual):
    bob = world.hosts["bob"]
    bob.actor("writer").stop()
    write(world, "alice", "bob", "one")
    virtual.run(SECOND)
    bob.actor("mailbox").tell(ActorGone("writer"))
    write(world, "alice", "bob", "two")
    virtual.run(3 * SECOND)
    assert len([line for line in world.lines() if line.level == "WARNING"]) == 2
    bob.start(Writer, "writer")
    write(world, "alice", "bob", "three")
    virtual.run(6 * SECOND)
    assert [text for _, _, text in got(world, "bob")] == ["three"]


def test_letters_wait_for_a_behaviour_that_starts_later(virtual, make_world):
    bob = make_host_plan("bob", ActorPlan(name="late", use="late", start=5 * SECOND))
    world = make_world(virtual, make_plan(make_host_plan("alice"), bob))
    for host in world.hosts.values():
        host.start(Mailbox, "mailbox")
    world.hosts["alice"].start(Writer, "writer")
    virtual.run(0)
    write(world, "alice", "bob", "early", "late")
    virtual.run(5 * SECOND)
    late = world.hosts["bob"].start(Writer, "late")
    virtual.run(6 * SECOND)
    assert late.proxy().got.get() == [(5 * SECOND, "alice", "early")]


def test_letters_wait_while_the_mailbox_is_away(world, virtual):
    bob = world.hosts["bob"]
    bob.actor("mailbox").stop()
    write(world, "alice", "bob", "one")
    write(world, "alice", "bob", "two")
    virtual.run(3 * SECOND)
    write(world, "alice", "bob", "three")
    bob.start(Mailbox, "mailbox")
    virtual.run(5 * SECOND)
    assert [text for _, _, text in got(world, "bob")] == ["one", "two", "three"]


def test_a_mailbox_started_again_goes_on_numbering(world, virtual):
    write(world, "alice", "bob", "one")
    world.hosts["alice"].actor("mailbox").stop()
    world.hosts["alice"].start(Mailbox, "mailbox")
    write(world, "alice", "bob", "two")
    virtual.run(SECOND)
    assert [text for _, _, text in got(world, "bob")] == ["one", "two"]
    received = [line.message for line in world.lines(participants=["bob"], actors=["writer"])]
    assert len(set(received)) == 2
