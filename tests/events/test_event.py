"""Kinds of events: declared by a class, known by their tags, and carried where nobody knows them."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.events import (
    BlockFound,
    Event,
    EventError,
    Record,
    RecordReader,
    UnknownEvent,
    check_event,
    event,
    event_kinds,
    event_tag,
)
from monerosim.events.event import FILE_MODULE
from monerosim.events.log import digest, read_events

DECLARED = '''
from typing import Literal

from monerosim.events import Event


class {name}(Event, frozen=True):
    """Somebody looked."""

    far: float
    names: tuple[str, ...] = ()
    counts: dict[str, float] | None = None
'''

text = st.text(st.characters(codec="utf-8"))
tags = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True).filter(lambda tag: tag not in event_kinds())
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


def declare(name, module, code=DECLARED):
    scope = {"__name__": module}
    exec(code.format(name=name), scope)  # noqa: S102  (a class of another module)
    return scope[name]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Forget afterwards what a test has declared."""
    monkeypatch.setattr(event, "_kinds", dict(event._kinds))


def line(tag, **fields):
    data = {"event": tag, **fields}
    return json.dumps({"t": 1, "participant": "a", "actor": "b", "cause": "c", "data": data}).encode() + b"\n"


@pytest.mark.parametrize(
    ("name", "tag"), [("Looked", "looked"), ("FarLookDone", "far-look-done"), ("RPCFailed", "rpc-failed"), ("V2", "v2")]
)
def test_a_tag_follows_from_the_name_of_the_class(name, tag):
    kind = declare(name, "somewhere")
    assert event_tag(kind) == tag
    assert event_kinds()[tag] is kind
    assert msgspec.to_builtins(kind(1.0))["event"] == tag
    assert RecordReader().read(line(tag, far=2.5)).data == kind(2.5)


def test_what_two_modules_declare_under_one_tag_is_refused():
    with pytest.raises(
        EventError, match=r"elsewhere\.BlockFound cannot be called 'block-found'.*blocks\.BlockFound is"
    ):
        declare("BlockFound", "elsewhere")
    first = declare("Looked", "somewhere")
    with pytest.raises(EventError, match=r"elsewhere\.Looked cannot.*somewhere\.Looked"):
        declare("Looked", "elsewhere")
    with pytest.raises(EventError, match="cannot be called"):
        declare("Looked", f"{FILE_MODULE}1")
    assert event_kinds()["looked"] is first
    assert event_kinds()["block-found"] is BlockFound


def test_what_is_declared_anew_takes_its_own_place():
    for module in ("somewhere", "somewhere"):
        kind = declare("Looked", module)
        assert event_kinds()["looked"] is kind


def test_a_scenarios_event_makes_way_for_another_scenarios():
    declare("Looked", f"{FILE_MODULE}1")
    second = declare("Looked", f"{FILE_MODULE}2")
    assert event_kinds()["looked"] is second


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("class X(Event, frozen=True, tag='other'): pass", "has a tag of its own"),
        ("class X(Event, frozen=True, array_like=True): pass", "as an array"),
        ("class X(Event, frozen=True):\n    a: 'Nothing'", "cannot be read back: .*Nothing"),
        ("class X(Event, frozen=True):\n    a: tuple[str] | list[str]", "cannot be read back"),
        ("class X: pass", "is no Event"),
    ],
)
def test_what_cannot_be_read_back_is_refused_and_harms_no_others(code, reason):
    kind = declare("X", "somewhere", f"from monerosim.events import Event\n{code}")
    with pytest.raises(EventError, match=reason):
        check_event(kind)
    assert RecordReader().read(line("node-closed", height=1, tip="x")).tag == "node-closed"
    assert RecordReader().read(line("x", a=["b"])).data == UnknownEvent("x", {"a": ["b"]})


def test_a_plugins_event_of_another_shape_is_unknown_and_ones_own_is_damaged():
    declare("Looked", "somewhere")
    assert RecordReader().read(line("looked", far="away")).data == UnknownEvent("looked", {"far": "away"})
    with pytest.raises(ValueError, match="height"):
        RecordReader().read(line("node-closed", height="high", tip="x"))


@given(tags, st.dictionaries(text.filter(lambda key: key != "event"), json_values, max_size=4))
def test_an_unknown_event_is_carried_as_it_stands(tmp_path_factory, tag, fields):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    path.write_bytes(msgspec.json.encode({**json.loads(line(tag)), "data": {"event": tag, **fields}}) + b"\n")
    (record,) = read_events(path)
    assert record.tag == tag
    assert record.data == UnknownEvent(tag, fields)
    assert record.line == path.read_bytes()
    assert record.plain() == json.loads(path.read_bytes())
    # Made anew, and on its way by a letter, it is the same.
    anew = Record(record.t, record.participant, record.actor, record.cause, record.data)
    assert anew.line == record.line
    assert RecordReader().read(msgspec.json.encode(record.plain()) + b"\n") == record
    assert digest([anew]) == digest([record])


@given(
    st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    st.lists(text).map(tuple),
    st.none() | st.dictionaries(text, st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)),
)
def test_the_digest_is_the_same_whether_the_class_is_known_or_not(tmp_path_factory, far, names, counts):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event, "_kinds", dict(event._kinds))
        kind = declare("Looked", "somewhere")
        written = Record(1, "a", "b", "c", kind(far, names, counts))
        path.write_bytes(written.line)
        (known,) = read_events(path)
    (unknown,) = read_events(path)
    assert isinstance(known.data, kind)
    assert isinstance(unknown.data, UnknownEvent)
    assert known.data == written.data
    assert digest([written]) == digest([known]) == digest([unknown])
    assert known.line == unknown.line == written.line


def test_a_record_that_is_changed_has_another_line():
    (record,) = [RecordReader().read(line("looked", far=1))]
    later = msgspec.structs.replace(record, t=2)
    assert json.loads(later.line)["t"] == 2
    assert digest([later]) != digest([record])


def test_every_own_event_is_exported_and_documented():
    from monerosim import events  # noqa: PLC0415  (as a module)

    own = [
        kind for kind in event_kinds().values() if issubclass(kind, Event) and kind.__module__.startswith("monerosim.")
    ]
    for kind in own:
        assert getattr(events, kind.__name__) is kind
        assert kind.__name__ in events.__all__
        assert kind.__doc__
        check_event(kind)
