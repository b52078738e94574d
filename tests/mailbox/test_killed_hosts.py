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

KILLS = 2_000
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


def test_an_actor_that_writes_down_ids_does_everything_exactly_once_and_in_order(played):
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
    assert list((box / "new").iterdir()) == list((box / "bad").iterdir()) == []


def test_only_the_letter_that_was_being_handled_is_given_to_the_next_life_again(played):
    taken = [(int(life), identifier) for life, identifier in words(played / "bob.taken")]
    lives = [[identifier for _, identifier in group] for _, group in groupby(taken, key=lambda entry: entry[0])]
    assert len(lives) == len({life for life, _ in taken})
    again = 0
    before = None
    seen = set()
    for given in lives:
        assert len(set(given)) == len(given)
        repeated = seen.intersection(given)
        assert repeated <= {before}
        assert not repeated or given[0] == before
        again += len(repeated)
        seen.update(given)
        before = given[-1]
    assert seen == {identifier for identifier, _, _ in words(played / "bob.did")}
    sys.stdout.write(f"{KILLS} kills, {len(seen)} letters, {again} given to two lives\n")


def parts(identifier):
    sender, number = identifier.split("/mailbox@")
    return sender, int(number)
