"""The agent of a host, in the test's own process: when it ends."""

import threading
import time

import msgspec
import pytest
from small_world import make_host_plan, make_plan

from monerosim.agent.commands import RunOverLetter
from monerosim.agent.process import RealEnvironment, play_host
from monerosim.build.rundir import write_run_directory
from monerosim.mailbox.post import Envelope
from monerosim.plugins import PluginFiles

PLAN = make_plan(make_host_plan("alice"))


@pytest.fixture
def world(tmp_path):
    write_run_directory(msgspec.structs.replace(PLAN, engine="local"), b"", tmp_path / "run")
    world = RealEnvironment(PLAN, "alice", tmp_path / "run", epoch=time.time())
    yield world
    world.close()


@pytest.fixture
def playing(world, tmp_path):
    """A host of an hour's run, being played, and what stops it."""
    stopped = threading.Event()
    thread = threading.Thread(target=play_host, args=(PLAN, "alice", world, PluginFiles(tmp_path), stopped))
    thread.start()
    yield thread, stopped
    stopped.set()
    thread.join()


def test_it_ends_when_it_is_told_to(playing):
    thread, stopped = playing
    stopped.set()
    thread.join(10)
    assert not thread.is_alive()


def test_it_ends_when_the_run_is_over_before_its_time(playing, world):
    thread, _ = playing
    over = RunOverLetter(at=0)
    letter = Envelope(
        sent=0,
        sender="alice",
        number=1,
        recipient="alice",
        actor="supervisor",
        kind=over.kind,
        data={"at": over.at},
        cause="",
    )
    world.post_office.send(letter)
    thread.join(20)
    assert not thread.is_alive()
