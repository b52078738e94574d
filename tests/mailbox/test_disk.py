"""Letters as files, by the same rules as in memory."""

import msgspec
import pytest

from monerosim.mailbox import disk
from monerosim.mailbox.disk import FOLDERS, DiskPostOffice
from monerosim.mailbox.post import POLL_GRID, Letter, UnknownHostError


def letter(sent, sender="alice", number=1, recipient="bob", data=None):
    return Letter(
        sent=sent, sender=sender, number=number, recipient=recipient, actor="a", kind="k", data=data or {}, cause="c"
    )


@pytest.fixture
def boxes(tmp_path):
    for host in ("alice", "bob"):
        for folder in FOLDERS:
            (tmp_path / host / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def office(virtual, boxes):
    return DiskPostOffice(virtual, boxes)


@pytest.fixture
def got(virtual, office):
    got = []
    office.receive("bob", lambda letter: got.append((virtual.now(), letter.key)) is None)
    return got


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
    DiskPostOffice(virtual, boxes).receive("bob", lambda letter: again.append(letter) is None)
    virtual.run(3 * POLL_GRID)
    assert len(got) == 1
    assert again == []


def test_what_a_receiver_does_not_take_waits_for_the_next(virtual, office):
    office.receive("bob", lambda _: False)
    for number in (1, 2):
        office.send(letter(0, number=number))
    virtual.run(2 * POLL_GRID)
    got = []
    office.receive("bob", lambda letter: got.append(letter.number) is None)
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
    with pytest.raises(UnknownHostError, match="no participant 'dave'"):
        office.send(letter(0, recipient="dave"))
    with pytest.raises(ValueError, match="more than"):
        office.send(letter(0, data={"x": "y" * 1024 * 1024}))
