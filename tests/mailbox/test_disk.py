"""Letters as files, by the same rules as in memory."""

import os
import subprocess
import sys
import threading
from itertools import islice

import msgspec
import pytest

from monerosim.mailbox import disk
from monerosim.mailbox.disk import FOLDERS, DiskPostOffice
from monerosim.mailbox.post import Envelope, UnknownHostError
from monerosim.plan.letters import DELAY, POLL_GRID, LettersPlan
from monerosim.runtime.threads import ThreadsRuntime


def letter(sent, sender="alice", number=1, recipient="bob", data=None):
    return Envelope(
        sent=sent, sender=sender, number=number, recipient=recipient, actor="a", kind="k", data=data or {}, cause="c"
    )


@pytest.fixture
def boxes(tmp_path):
    for host in ("alice", "bob", "carol", "al", "al-0", "al-2"):
        for folder in FOLDERS:
            (tmp_path / host / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def office(virtual, boxes):
    return DiskPostOffice(virtual, boxes)


@pytest.fixture
def got(virtual, office):
    got = []

    def take(letter, _):
        with office.handling(letter):
            got.append((virtual.now(), letter.key))
        return True

    office.receive("bob", take)
    return got


def test_letters_take_what_the_scenario_says(virtual, boxes):
    office, got = DiskPostOffice(virtual, boxes, LettersPlan(delay=30_000, interval=20_000)), []
    office.receive("bob", lambda *_: got.append(virtual.now()) is None)
    for number, sent in enumerate((0, 11_000, 50_000)):
        virtual.call_at(sent, lambda sent=sent, number=number: office.send(letter(sent, number=number)))
    virtual.run(POLL_GRID)
    assert got == [40_000, 60_000, 80_000]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_letters_come_on_the_grid_in_order_and_once(virtual, boxes, office, got):
    for sender, number in (("carol", 1), ("alice", 2), ("alice", 1)):
        office.send(letter(0, sender, number))
    virtual.run(POLL_GRID - 1)
    assert got == []
    assert len(names(boxes / "bob" / "new")) == 3
    virtual.run(POLL_GRID)
    office.send(letter(POLL_GRID - 1, number=3))
    virtual.run(5 * POLL_GRID)
    assert got == [
        (POLL_GRID, (0, "alice", 1)),
        (POLL_GRID, (0, "alice", 2)),
        (POLL_GRID, (0, "carol", 1)),
        (2 * POLL_GRID, (POLL_GRID - 1, "alice", 3)),
    ]
    assert names(boxes / "bob" / "new") == names(boxes / "bob" / "tmp") == []
    assert len(names(boxes / "bob" / "done")) == 4


def test_what_was_handed_over_before_is_not_handed_over_again(virtual, boxes, office, got):
    office.send(letter(0))
    virtual.run(POLL_GRID)
    again = []
    office.send(letter(0))
    DiskPostOffice(virtual, boxes).receive("bob", lambda letter, _: again.append(letter) is None)
    virtual.run(3 * POLL_GRID)
    assert len(got) == 1
    assert again == []


def test_what_a_receiver_does_not_take_waits_for_the_next(virtual, office):
    office.receive("bob", lambda *_: False)
    for number in (1, 2):
        office.send(letter(0, number=number))
    virtual.run(2 * POLL_GRID)
    got = []
    office.receive("bob", lambda letter, _: got.append(letter.number) is None)
    virtual.run(5 * POLL_GRID)
    assert got == [1, 2]


NAME = "00000000000000000000-alice-0000000001.json"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("letter.json", b"{}", "the name is not SENT-SENDER-NUMBER"),
        (NAME, b"{", "truncated"),
        (NAME, b"\xff", "invalid"),
        (NAME, b'{"sender": "\xff"}', "utf-8"),
        (NAME, b"[" * 100_000, ""),
        (NAME, msgspec.json.encode(letter(0, number=2)), "the name does not fit"),
        (NAME, b" " * 2000, "more than 1000 bytes"),
        (NAME, msgspec.json.encode(letter(0, recipient="../../etc")), "it is for '../../etc'"),
    ],
)
def test_a_damaged_file_is_put_aside_with_the_reason(virtual, boxes, office, got, monkeypatch, name, data, reason):
    monkeypatch.setattr(disk, "MAX_LETTER", 1000 if "1000" in reason else 1024 * 1024)
    (boxes / "bob" / "new" / name).write_bytes(data)
    office.send(letter(1))
    virtual.run(POLL_GRID)
    assert got == [(POLL_GRID, (1, "alice", 1))]
    assert names(boxes / "bob" / "bad") == [name, f"{name}.reason"]
    assert reason in (boxes / "bob" / "bad" / f"{name}.reason").read_text()


def test_an_error_of_the_disk_does_not_make_a_mailbox_deaf(virtual, boxes, office, got):
    (boxes / "bob" / "new").rename(boxes / "away")
    with pytest.raises(FileNotFoundError):
        virtual.run(POLL_GRID)
    (boxes / "away").rename(boxes / "bob" / "new")
    office.send(letter(POLL_GRID))
    virtual.run(3 * POLL_GRID)
    assert len(got) == 1


def test_a_letter_to_nobody_and_one_too_large_are_refused(office):
    with pytest.raises(UnknownHostError, match="unknown participant 'dave'"):
        office.send(letter(0, recipient="dave"))
    with pytest.raises(ValueError, match="more than"):
        office.send(letter(0, data={"x": "y" * 1024 * 1024}))


SENDER = """
import sys
import threading
from pathlib import Path
from monerosim.mailbox.disk import DiskPostOffice
from monerosim.mailbox.post import Envelope

office = DiskPostOffice(None, Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 10**9):
    office.send(Envelope(
        sent=0, sender="alice", number=number, recipient="bob", actor="a", kind="k", data={"x": "y" * 20_000}, cause="c"
    ))
    print(number, flush=True)
"""


def test_a_sender_that_is_killed_leaves_whole_letters_or_none(virtual, boxes):
    told = []
    for crash in range(4):
        first = (told[-1] + 2) if told else 1
        with subprocess.Popen(
            [sys.executable, "-c", SENDER, boxes, str(first)], stdout=subprocess.PIPE, text=True
        ) as sender:
            # What it has told of is sent; it is killed in the midst of the next ones.
            told += [int(sender.stdout.readline()) for _ in range(20 + 7 * crash)]
            sender.kill()
            told += [int(line) for line in sender.stdout if line.endswith("\n")]
    got = []
    DiskPostOffice(virtual, boxes).receive("bob", lambda letter, _: got.append((letter.number, letter.data)) is None)
    virtual.run(2 * POLL_GRID)
    numbers = [number for number, _ in got]
    assert set(told) <= set(numbers)
    assert len(numbers) == len(set(numbers)) <= len(told) + 4
    assert all(data == {"x": "y" * 20_000} for _, data in got)
    assert names(boxes / "bob" / "bad") == []


def test_what_was_taken_and_not_handled_waits_for_the_next_process(virtual, boxes, office):
    taken = []
    office.receive("bob", lambda letter, _: taken.append(letter) is None)
    for number in (1, 2, 3):
        office.send(letter(0, number=number))
    virtual.run(3 * POLL_GRID)
    assert [one.number for one in taken] == [1, 2, 3]
    with office.handling(taken[1]):
        pass
    assert len(names(boxes / "bob" / "new")) == 2
    got = []
    DiskPostOffice(virtual, boxes).receive("bob", lambda letter, again: got.append((letter.number, again)) is None)
    virtual.run(6 * POLL_GRID)
    assert got == [(1, False), (3, False)]
    assert len(taken) == 3


def test_what_was_begun_and_not_ended_comes_first_and_marked(virtual, boxes, office):
    taken = []
    office.receive("bob", lambda letter, _: taken.append(letter) is None)
    for number in (1, 2, 3):
        office.send(letter(0, number=number))
    virtual.run(POLL_GRID)
    # A process that is killed while it handles a letter never comes to the end.
    begun = boxes / "bob" / "begun"
    (boxes / "bob" / "new" / names(boxes / "bob" / "new")[1]).rename(begun / names(boxes / "bob" / "new")[1])
    got = []
    next_office = DiskPostOffice(virtual, boxes)

    def take(letter, again):
        with next_office.handling(letter):
            got.append((letter.number, again))
        return True

    next_office.receive("bob", take)
    virtual.run(3 * POLL_GRID)
    assert got == [(2, True), (1, False), (3, False)]
    assert len(names(boxes / "bob" / "done")) == 3
    assert names(boxes / "bob" / "begun") == []


def test_no_number_comes_twice_in_any_life(virtual, boxes, office, monkeypatch):
    monkeypatch.setattr(disk, "RESERVED", 3)
    first = list(islice(office.numbers("alice"), 4))
    first += islice(office.numbers("alice"), 1)
    assert first == [1, 2, 3, 4, 5]
    lives = [next(DiskPostOffice(virtual, boxes).numbers("alice")) for _ in range(3)]
    assert lives == [7, 10, 13]
    assert next(office.numbers("bob")) == 1


@pytest.mark.parametrize("kind", ["pipe", "directory", "link to nowhere", "link to a letter"])
def test_what_is_no_regular_file_is_put_aside_and_not_waited_for(virtual, boxes, office, got, kind):
    place = boxes / "bob" / "new" / NAME
    whole = boxes / "whole.json"
    whole.write_bytes(msgspec.json.encode(letter(0)))
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "directory":
            place.mkdir()
        case "link to nowhere":
            place.symlink_to(boxes / "nowhere")
        case _:
            place.symlink_to(whole)
    office.send(letter(1))
    virtual.run(POLL_GRID)
    assert got == [(POLL_GRID, (1, "alice", 1))]
    assert names(boxes / "bob" / "bad") == [NAME, f"{NAME}.reason"]
    assert "not a regular file" in (boxes / "bob" / "bad" / f"{NAME}.reason").read_text()
    assert whole.exists()


def test_the_order_of_delivery_is_that_of_time_sender_and_number(virtual, office, got):
    letters = [
        letter(sent, sender, number)
        for sent in (5, 0)
        for sender in ("carol", "al", "al-0", "al-2")
        for number in (2, 1)
    ]
    for one in letters:
        office.send(one)
    virtual.run(POLL_GRID)
    assert [key for _, key in got] == sorted(one.key for one in letters)


@pytest.mark.parametrize("name", ["a" * 255, "b" * 249, "ä" * 127, "x y.json"])
def test_a_file_with_any_name_is_set_aside_and_the_others_are_delivered(virtual, boxes, office, got, name):
    (boxes / "bob" / "new" / name).write_text("{}")
    office.send(letter(0))
    virtual.run(POLL_GRID)
    assert [key for _, key in got] == [(0, "alice", 1)]
    assert names(boxes / "bob" / "new") == []
    assert name in names(boxes / "bob" / "bad")
    assert sum(path.suffix == ".reason" for path in (boxes / "bob" / "bad").iterdir()) == 1


def test_a_reason_that_cannot_be_written_keeps_nobody_waiting(virtual, boxes, office, got):
    (boxes / "bob" / "bad" / "x.reason").mkdir()
    (boxes / "bob" / "new" / "x").write_text("{}")
    office.send(letter(0))
    virtual.run(POLL_GRID)
    assert [key for _, key in got] == [(0, "alice", 1)]
    assert (boxes / "bob" / "bad" / "x").exists()


def test_what_cannot_be_set_aside_keeps_nobody_waiting(virtual, boxes, office, got):
    (boxes / "bob" / "bad" / "x" / "y").mkdir(parents=True)
    (boxes / "bob" / "new" / "x").write_text("{}")
    office.send(letter(0))
    virtual.run(3 * POLL_GRID)
    assert [key for _, key in got] == [(0, "alice", 1)]


def test_a_letter_that_vanishes_while_another_is_taken_is_passed_over(virtual, boxes, office):
    got = []

    def take(letter, _):
        with office.handling(letter):
            got.append(letter.number)
            # The next one was listed with this one.
            for path in (boxes / "bob" / "new").glob("*-0000000002.json"):
                path.unlink()
        return True

    office.receive("bob", take)
    for number in (1, 2, 3):
        office.send(letter(0, number=number))
    virtual.run(POLL_GRID)
    assert got == [1, 3]


def test_a_letter_whose_file_vanishes_before_its_actor_begins_is_handled_once(virtual, boxes, office):
    waiting, got = [], []
    office.receive("bob", lambda letter, _: waiting.append(letter) is None)
    office.send(letter(0))
    virtual.run(POLL_GRID)
    next((boxes / "bob" / "new").iterdir()).unlink()
    with office.handling(waiting[0]):
        got.append(waiting[0].number)
    virtual.run(3 * POLL_GRID)
    assert got == [1]
    assert len(waiting) == 1


def test_a_letter_from_no_participant_is_set_aside(virtual, boxes, office, got):
    office.send(letter(0, sender="mallory"))
    virtual.run(POLL_GRID)
    assert got == []
    assert "no participant" in next((boxes / "bob" / "bad").glob("*.reason")).read_text()


def test_a_watched_mailbox_takes_letters_at_once_and_in_each_senders_order(boxes):
    """On threads: nobody waits for the grid, which comes once a second."""
    runtime, got, came = ThreadsRuntime(), [], threading.Semaphore(0)
    office = DiskPostOffice(runtime, boxes, watches=True)

    def take(letter, _):
        got.append((letter.sender, letter.number, runtime.now() - letter.sent))
        came.release()
        return True

    office.receive("bob", take)
    for number in range(1, 21):
        for sender in ("alice", "carol"):
            office.send(letter(runtime.now(), sender, number))
            assert came.acquire(timeout=30)
    runtime.close()
    for sender in ("alice", "carol"):
        assert [number for who, number, _ in got if who == sender] == list(range(1, 21))
    # Forty letters on the grid would take half a minute; most of them come within milliseconds.
    assert sorted(elapsed for *_, elapsed in got)[20] < DELAY
