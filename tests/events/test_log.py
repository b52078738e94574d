"""The event log: whole lines, readable while it grows, one digest."""

import operator
import random
from typing import Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.events import NodeClosed, PaymentSeen, PaymentSent, Record, event_kinds, event_tag
from monerosim.events.log import EventLog, digest, read_events

KINDS = [kind for kind in event_kinds().values() if kind.__module__.startswith("monerosim.events.")]
PINNED = "b1aad8b52a4e8c791ec2468f4feec5cee04a79475e623536dd88229354f07b52"
text = st.text(st.characters(codec="utf-8"))
values = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    str: text,
    tuple[str, ...]: st.lists(text).map(tuple),
}
values[tuple[int, ...]] = st.lists(values[int]).map(tuple)
values[dict[str, int]] = st.dictionaries(text, values[int])
values[dict[str, float]] = st.dictionaries(text, st.floats(allow_nan=False, allow_infinity=False))
samples = {bool: True, int: -(2**60), str: 'ü"\n\x00', tuple[str, ...]: ("a", "b"), dict[str, int]: {"b": 1, "a": 2}}
samples[tuple[int, ...]] = (0, -1, 250_000)
samples[dict[str, float]] = {"a": 0.25, "b": -7.0}


def fields(kind, made, of_choice):
    """Make a value for each field; of a choice of words, one of them."""
    return {
        field.name: of_choice(get_args(field.type)) if get_origin(field.type) is Literal else made[field.type]
        for field in msgspec.structs.fields(kind)
    }


events = st.one_of(*(st.builds(kind, **fields(kind, values, st.sampled_from)) for kind in KINDS))
records = st.builds(Record, t=values[int], participant=text, actor=text, cause=text, data=events)


def record(t, participant, number=0):
    return Record(t, participant, "actor", f"cause-{number}", NodeClosed(number, "tip"))


def write(path, some):
    log = EventLog(path)
    for one in some:
        log.append(one)
    log.close()


def test_kinds_have_names_of_their_own():
    assert len(KINDS) >= 50
    assert all(tag == event_tag(kind) for tag, kind in event_kinds().items())
    assert event_tag(PaymentSent) == "payment-sent"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_survives_the_file(kind, tmp_path):
    event = kind(**fields(kind, samples, operator.itemgetter(-1)))
    one = Record(-5, "alice", "wallet", "alice/wallet#1", event)
    write(tmp_path / "events.jsonl", [one])
    assert list(read_events(tmp_path / "events.jsonl")) == [one]


@given(st.lists(records, max_size=5))
@settings(max_examples=50)
def test_any_events_survive_the_file(tmp_path_factory, some):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    write(path, some)
    assert list(read_events(path)) == some
    assert path.read_bytes().count(b"\n") == len(some)


def test_a_line_is_what_other_programs_expect(tmp_path):
    path = tmp_path / "events.jsonl"
    write(path, [Record(1, "alice", "user", "c", PaymentSent("ab", 5, 1, ("4x",)))])
    assert msgspec.json.decode(path.read_bytes()) == {
        "t": 1,
        "participant": "alice",
        "actor": "user",
        "cause": "c",
        "data": {"event": "payment-sent", "txid": "ab", "amount": 5, "fee": 1, "recipients": ["4x"]},
    }


@given(st.lists(records, max_size=8), st.sets(st.sampled_from([event_tag(kind) for kind in KINDS])))
@settings(max_examples=50)
def test_events_that_are_not_asked_for_are_passed_over(tmp_path_factory, some, tags):
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    write(path, some)
    assert list(read_events(path, without=frozenset(tags))) == [one for one in some if one.tag not in tags]


def test_a_log_is_made_new(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("left from another run\n")
    write(path, [record(1, "alice")])
    assert list(read_events(path)) == [record(1, "alice")]


def test_the_file_holds_whole_lines_at_any_time(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    some = [record(number, "alice" * 200, number) for number in range(1000)]
    sizes = set()
    for number, one in enumerate(some):
        log.append(one)
        data = path.read_bytes()
        assert data.endswith(b"\n") or not data
        sizes.add(len(data))
        if number == 500:
            log.flush()
            assert list(read_events(path)) == some[:501]
    log.close()
    assert list(read_events(path)) == some
    assert 3 < len(sizes) < 20  # it writes now and then, not each line


def test_a_torn_last_line_is_left_out(tmp_path):
    path = tmp_path / "events.jsonl"
    some = [record(1, "alice"), record(2, "bob")]
    write(path, some)
    data = path.read_bytes()
    first = data.index(b"\n") + 1
    for length in range(first, len(data)):
        path.write_bytes(data[:length])
        assert list(read_events(path)) == some[:1]
    path.write_bytes(b"")
    assert list(read_events(path)) == []


@pytest.mark.parametrize(
    "damage",
    [
        b"not json\n",
        b"{}\n",
        b"\n",
        b"\xff\n",
        b'{"t":1,"participant":"\xff","actor":"","cause":"","data":{}}\n',
        b'{"t":1,"participant":"a","actor":"","cause":"","data":{"event":"node-closed","height":1}}\n',
        b'{"t":1,"participant":"a","actor":"","cause":"","data":{"event":7}}\n',
        b'{"t":"1","participant":"a","actor":"","cause":"","data":{"event":"no-such-event"}}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_damaged_line_is_named(tmp_path, damage):
    path = tmp_path / "events.jsonl"
    write(path, [record(1, "alice"), record(2, "bob")])
    with path.open("ab") as file:
        file.write(damage)
    found = read_events(path)
    assert [next(found), next(found)] == [record(1, "alice"), record(2, "bob")]
    with pytest.raises(ValueError, match=r"events\.jsonl, line 3: "):
        next(found)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["alice", "bob", "carol"])), max_size=12), st.randoms())
def test_the_digest_does_not_depend_on_the_order_across_hosts(when, shuffled):
    some = sorted((record(t, host, number) for number, (t, host) in enumerate(when)), key=lambda one: one.t)
    hosts = {one.participant: [other for other in some if other.participant == one.participant] for one in some}
    mixed = []
    while any(hosts.values()):
        host = shuffled.choice([name for name, left in hosts.items() if left])
        mixed.append(hosts[host].pop(0))
    assert digest(mixed) == digest(some)


def test_the_digest_depends_on_everything_else():
    base = [record(1, "alice", 1), record(1, "alice", 2), record(2, "bob", 3)]
    others = [
        [base[1], base[0], base[2]],
        base[:2],
        [*base, base[2]],
        [msgspec.structs.replace(base[0], t=0), *base[1:]],
        [msgspec.structs.replace(base[0], cause="other"), *base[1:]],
        [msgspec.structs.replace(base[0], data=PaymentSeen("a", "b", 1)), *base[1:]],
        [],
    ]
    digests = {digest(base), *(digest(other) for other in others)}
    assert len(digests) == 1 + len(others)
    assert all(len(one) == 64 for one in digests)


def test_the_digest_is_pinned():
    """Another digest for the same events makes every stored run look different."""
    rng = random.Random(1)
    some = [record(rng.randrange(5), rng.choice(["alice", "bob"]), number) for number in range(20)]
    assert digest(some) == PINNED
