"""Letters between real processes that are killed at random: what the disk's post office promises of them."""

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

import pytest

import monerosim

KILLS = 600
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    directory = tmp_path_factory.mktemp("killed")
    path = os.pathsep.join(map(str, (HERE.parent, Path(monerosim.__file__).parents[1])))
    subprocess.run(
        [sys.executable, HERE / "killed_hosts.py", directory, str(KILLS), "1"],
        check=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": path},
    )
    return directory


def words(path):
    return [line.split() for line in path.read_text().splitlines()]


def test_everybody_was_killed_often_and_much_was_sent_nevertheless(played):
    lives = json.loads((played / "lives").read_text())
    assert sum(lives.values()) == KILLS + len(lives)
    assert min(lives.values()) > KILLS / 5
    # How much depends on how busy the machine is.
    assert len(words(played / "bob.did")) > KILLS / 10


def test_everything_is_done_exactly_once_and_in_order(played):
    lives = json.loads((played / "lives").read_text())
    did = words(played / "bob.did")
    for sender in ("alice", "carol"):
        sent = [text for (text,) in words(played / f"{sender}.sent")]
        done = [text for _, writer, text in did if writer == sender]
        # Lives and their letters are numbered upwards, so this is the order of sending.
        assert all(one < later for one, later in pairwise(done))
        # What was being sent when the sender was killed may be there or not, one letter a kill.
        assert set(sent) <= set(done)
        more = set(done) - set(sent)
        assert all(count == 1 for count in Counter(text.split("-")[0] for text in more).values())
        assert len(more) <= lives[sender]


def test_no_name_is_used_twice_and_nothing_is_left_or_damaged(played):
    box = played / "shared" / "mailbox" / "bob"
    ids = [identifier for identifier, _, _ in words(played / "bob.did")]
    names = sorted(path.stem.split("-", 1)[1] for path in (box / "done").iterdir())
    assert names == sorted("{}-{:010d}".format(*parts(identifier)) for identifier in ids)
    assert len(set(names)) == len(names)
    assert all(list((box / folder).iterdir()) == [] for folder in ("new", "begun", "bad"))


def test_an_actor_is_given_each_letter_exactly_once_but_what_it_was_reading_when_it_was_killed(played):
    taken = words(played / "bob.taken")
    unmarked = [identifier for _, again, identifier in taken if again == "0"]
    marked = [identifier for _, again, identifier in taken if again == "1"]
    assert len(set(unmarked)) == len(unmarked)
    assert set(unmarked) | set(marked) == {identifier for identifier, _, _ in words(played / "bob.did")}
    # It is given to the next life before all others, and was the last that was begun before.
    begun_last = None
    for _, group in groupby(taken, key=lambda entry: entry[0]):
        given = list(group)
        assert all(again == "0" for _, again, _ in given[1:])
        if given[0][1] == "1" and given[0][2] in unmarked:
            assert given[0][2] == begun_last
        begun_last = given[-1][2]
    sys.stdout.write(f"{KILLS} kills, {len(set(unmarked + marked))} letters, {len(marked)} given again\n")


def parts(identifier):
    sender, number = identifier.split("/mailbox@")
    return sender, int(number)
