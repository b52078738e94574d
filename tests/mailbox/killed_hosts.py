"""Plays three hosts that are killed and started again all the time: ``killed_hosts.py DIRECTORY KILLS SEED``.

Alice and carol write to bob, as fast as they can, by their mailbox actors; each host is a process of its own, forked
from this one, which has everything imported and no threads. What they did is in DIRECTORY:

- ``alice.sent``, ``carol.sent``: the letters of which the sender knows that they are sent;
- ``bob.taken``: each time that bob's actor was given a letter: the life of bob that it was, whether it was said to be
  begun before, and the letter's id;
- ``bob.did``: what bob's actor has done of it; of a letter that was begun before it looks here whether it was done;
- ``lives``: how many lives each had, the last one included.
"""

import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import ClassVar

from loguru import logger
from small_world import make_host_plan, make_plan

from actors.host.mailbox import Mailbox
from monerosim.agent.actor import Actor, receives
from monerosim.agent.host import Host
from monerosim.agent.messages import Letter, SendLetter
from monerosim.agent.process import RealEnvironment
from monerosim.mailbox import disk, post
from monerosim.mailbox.disk import FOLDERS

HOSTS = ("alice", "carol", "bob")
LONGEST_WAIT = 0.03
PADDING = "y" * 5_000


def append(path, *words):
    """Add a line whole or not at all."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (" ".join(map(str, words)) + "\n").encode())
    os.close(descriptor)


class Note(Letter, frozen=True):
    kind: ClassVar[str] = "note"
    text: str
    padding: str


class Reader(Actor):
    def __init__(self, host, name, directory, life):
        super().__init__(host, name)
        self.directory = directory
        self.life = life

    @receives(Note)
    def on_note(self, note, sender):
        append(self.directory / "bob.taken", self.life, int(self.redelivered), self.message_id)
        assert note.padding == PADDING
        if not (self.redelivered and self.has_done(self.message_id)):
            append(self.directory / "bob.did", self.message_id, sender, note.text)

    def has_done(self, identifier):
        did = self.directory / "bob.did"
        return did.exists() and any(line.split()[0] == identifier for line in did.read_text().splitlines())


def live(plan, name, life, directory, epoch):
    world = RealEnvironment(plan, name, directory, epoch=epoch)
    host = Host(plan, next(own for own in plan.hosts if own.name == name), world)
    if name == "bob":
        host.start(Reader, "reader", directory, life)
        host.start(Mailbox, "mailbox")
        signal.pause()
    mailbox = host.start(Mailbox, "mailbox")
    for number in range(10**9):
        text = f"{life:06d}-{number:06d}"
        mailbox.ask(SendLetter("bob", "reader", Note.kind, {"text": text, "padding": PADDING}))
        append(directory / f"{name}.sent", text)
        if number % 3 == 2:
            time.sleep(0.01)


def begin(plan, name, life, directory, epoch):
    process = os.fork()
    if process == 0:
        try:
            live(plan, name, life, directory, epoch)
        finally:
            os._exit(1)
    return process


def kill(*processes):
    for process in processes:
        os.kill(process, signal.SIGKILL)
    for process in processes:
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status), f"a host has ended by itself: {status}"


def main():
    directory, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    logger.configure(handlers=[])
    # A second of the grid in 2 ms, a thousand numbers in seven: what takes a run hours takes seconds.
    disk.POLL_GRID = post.POLL_GRID = 2_000
    post.DELAY = 1_000
    disk.RESERVED = 7
    for host in HOSTS:
        for folder in FOLDERS:
            (directory / "shared" / "mailbox" / host / folder).mkdir(parents=True)
    plan = make_plan(*(make_host_plan(host) for host in HOSTS))
    epoch = time.time()
    rng = random.Random(seed)
    lives = dict.fromkeys(HOSTS, 1)
    processes = {host: begin(plan, host, 1, directory, epoch) for host in HOSTS}
    gc.freeze()
    while (left := kills + len(HOSTS) - sum(lives.values())) > 0:
        time.sleep(rng.uniform(0, LONGEST_WAIT))
        chosen = rng.sample(HOSTS, min(left, rng.randint(1, len(HOSTS))))
        kill(*(processes[host] for host in chosen))
        for host in chosen:
            lives[host] += 1
            processes[host] = begin(plan, host, lives[host], directory, epoch)
    kill(processes["alice"], processes["carol"])
    # What is still there is handled by a life that lasts.
    deadline = time.monotonic() + 20
    box = directory / "shared" / "mailbox" / "bob"
    while any(any((box / folder).iterdir()) for folder in ("new", "begun")) and time.monotonic() < deadline:
        time.sleep(0.01)
    kill(processes["bob"])
    (directory / "lives").write_text(json.dumps(lives))


if __name__ == "__main__":
    main()
