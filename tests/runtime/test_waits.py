"""Actors on threads that wait for one another are told so, instead of waiting for ever."""

import pykka
import pytest

from monerosim.runtime.deadlock import DeadlockError
from monerosim.runtime.threads import ThreadsRuntime


class Asker(pykka.ThreadingActor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __str__(self) -> str:
        return self.name

    def on_receive(self, message):
        """Ask the first of a list to ask the rest; answer when nobody is left."""
        if not message:
            return "answered"
        first, *rest = message
        return first.ask(rest)


@pytest.fixture
def askers(threads: ThreadsRuntime):
    started = [threads.start(Asker, f"actor-{number}") for number in range(4)]
    yield started
    for actor in started:
        actor.stop()


@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_ring_of_any_length_is_an_error_that_names_it(askers, length):
    ring = askers[:length]
    waits = [f"actor-{number} waits for actor-{(number + 1) % length}" for number in range(length)]
    last = "; ".join([*waits[-1:], *waits[:-1]])
    with pytest.raises(DeadlockError, match=f"deadlock: {last}"):
        ring[0].ask([*ring[1:], ring[0]], timeout=30)
    assert [actor.ask([], timeout=30) for actor in askers] == ["answered"] * 4


def test_chains_are_none(askers):
    one, two, three, four = askers
    futures = [actor.ask([two, three, four], block=False) for actor in (one, one, one)]
    assert pykka.get_all(futures, timeout=30) == ["answered"] * 3
    assert two.ask([one], timeout=30) == "answered"


def test_asking_back_and_forth_at_the_same_time_is_no_ring(askers):
    one, two, *others = askers
    futures = []
    for _ in range(200):
        futures += [others[0].ask([one, two], block=False), others[1].ask([two], block=False), two.ask([], block=False)]
    assert set(pykka.get_all(futures, timeout=60)) == {"answered"}
