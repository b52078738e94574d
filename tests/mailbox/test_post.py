"""The grid, and the post office within one process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.mailbox.post import Envelope, MemoryPostOffice, UnknownHostError
from monerosim.plan.letters import POLL_GRID, USUAL, LettersPlan
from monerosim.runtime.virtual import VirtualRuntime


def letter(sent, sender="alice", number=1, recipient="bob"):
    return Envelope(
        sent=sent, sender=sender, number=number, recipient=recipient, actor="a", kind="k", data={}, cause="c"
    )


@given(st.integers(0, 2**60), st.integers(0, 10**7), st.integers(10**4, 10**7))
def test_a_letter_is_delivered_at_the_first_point_of_the_grid_at_which_it_is_due(sent, delay, interval):
    time = LettersPlan(delay, interval).due(sent)
    assert time % interval == 0
    assert sent + delay <= time < sent + delay + interval


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * POLL_GRID), st.sampled_from(["alice", "bob", "carol"]), st.integers(1, 5)),
        unique=True,
        max_size=12,
    )
)
def test_each_letter_comes_once_at_its_time_and_in_order(sendings):
    runtime = VirtualRuntime()
    office = MemoryPostOffice(runtime, ("alice", "bob", "carol"))
    got = []
    office.receive("bob", lambda letter, _: got.append((runtime.now(), letter.key)) is None)
    for sent, sender, number in sendings:
        one = letter(sent, sender, number)
        runtime.call_at(sent, lambda one=one: office.send(one))
    runtime.run(10 * POLL_GRID)
    assert got == sorted((USUAL.due(key[0]), key) for key in sendings)


def test_letters_take_what_the_scenario_says(virtual):
    office = MemoryPostOffice(virtual, ("bob",), LettersPlan(delay=0, interval=20_000))
    got = []
    office.receive("bob", lambda *_: got.append(virtual.now()) is None)
    for sent in (0, 1, 20_001):
        virtual.call_at(sent, lambda sent=sent: office.send(letter(sent)))
    virtual.run(POLL_GRID)
    assert got == [0, 20_000, 40_000]


def test_letters_wait_for_the_first_receiver(virtual):
    office = MemoryPostOffice(virtual, ("bob",))
    office.send(letter(0))
    virtual.run(5 * POLL_GRID)
    office.send(letter(5 * POLL_GRID, number=2))
    got = []
    office.receive("bob", lambda letter, _: got.append((virtual.now(), letter.number)) is None)
    virtual.run(10 * POLL_GRID)
    assert got == [(5 * POLL_GRID, 1), (6 * POLL_GRID, 2)]


def test_what_a_receiver_does_not_take_waits_for_the_next(virtual):
    office = MemoryPostOffice(virtual, ("bob",))
    office.receive("bob", lambda *_: False)
    office.send(letter(0, number=1))
    office.send(letter(0, number=2))
    virtual.run(2 * POLL_GRID)
    got = []
    office.receive("bob", lambda letter, _: got.append(letter.number) is None)
    office.receive("bob", lambda letter, _: got.append(letter.number) is None)
    assert got == [1, 2]


def test_an_idle_post_office_has_nothing_to_do(virtual):
    called = []
    office = MemoryPostOffice(virtual, ("bob",))
    office.receive("bob", lambda letter, _: called.append(letter) is None)
    virtual.run(1000 * POLL_GRID)
    assert called == []


def test_a_letter_to_nobody_is_refused(virtual):
    with pytest.raises(UnknownHostError, match="unknown participant 'dave'"):
        MemoryPostOffice(virtual, ("bob",)).send(letter(0, recipient="dave"))
