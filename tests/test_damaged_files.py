"""Files of a run that somebody has changed: read as far as they can be, refused with one line otherwise."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_runs import WHOLE, play

from monerosim import Run
from monerosim.engines.follow import EventFollower
from monerosim.events.log import CorruptedLineError, read_events
from monerosim.mailbox.disk import FOLDERS, DiskPostOffice
from monerosim.mailbox.post import Envelope
from monerosim.mailbox.shared import DiskState, SharedStateError
from monerosim.plan.letters import POLL_GRID
from monerosim.plan.plan import decode_plan
from monerosim.report.summary import decode_summary
from monerosim.runs import RunError
from monerosim.runtime.virtual import VirtualRuntime

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_CHANGE = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("insert"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("replace"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.just(b"[" * 50_000)),
    st.tuples(st.just("replace"), st.floats(0, 1), st.sampled_from([b"null", b"-1", b"1e999", b"\n", b"\0", b"\xff"])),
)
CHANGES = st.lists(_CHANGE, min_size=1, max_size=3)


def changed(data: bytes, changes) -> bytes:
    for how, where, new in changes:
        at = int(where * len(data))
        data = data[:at] if how == "cut" else data[:at] + new + data[at + (len(new) if how == "replace" else 0) :]
    return data


def refused(kind, call):
    """Return the error of a kind that a call raises; None if it raises none."""
    try:
        call()
    except kind as error:
        return error
    return None


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("played") / "run", "simulation.duration=5m")


@given(changes=CHANGES)
@EXAMPLES
def test_events(played, tmp_path, changes):
    whole = (played.directory / "events.jsonl").read_bytes()
    path = tmp_path / "events.jsonl"
    path.write_bytes(changed(whole, changes))
    read: list[bytes] = []
    error = refused(CorruptedLineError, lambda: read.extend(record.line for record in read_events(path)))
    # Up to the line that is named everything is read, and as it stands there.
    assert error is None or error.line == len(read) + 1
    assert path.read_bytes().startswith(b"".join(read))
    (tmp_path / "hosts" / "alice").mkdir(parents=True, exist_ok=True)
    (tmp_path / "hosts" / "alice" / "events.jsonl").write_bytes(path.read_bytes())
    EventFollower(tmp_path).look()


@given(changes=CHANGES)
@EXAMPLES
def test_plans_and_summaries(played, changes):
    for name, decode in (("plan.json", decode_plan), ("summary.json", decode_summary)):
        data = changed((played.directory / name).read_bytes(), changes)
        assert "\n" not in str(refused(ValueError, lambda decode=decode, data=data: decode(data)))


@given(changes=CHANGES)
@EXAMPLES
def test_a_run_with_a_changed_trace(played, tmp_path, changes):
    path = tmp_path / "hosts" / "miner" / "wallet.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(changed((played.directory / "hosts" / "miner" / "wallet.jsonl").read_bytes(), changes))
    (tmp_path / "plan.json").write_bytes((played.directory / "plan.json").read_bytes())
    error = refused(RunError, lambda: list(Run(tmp_path).traces()))
    assert error is None or "wallet.jsonl, line " in str(error)


@given(changes=CHANGES)
@EXAMPLES
def test_standing_facts(played, tmp_path, changes):
    (tmp_path / "miners.json").write_bytes(changed((played.directory / "shared" / "miners.json").read_bytes(), changes))
    error = refused(SharedStateError, lambda: DiskState(tmp_path).read("miners.json"))
    assert error is None or "miners.json" in str(error)


@given(changes=CHANGES, name=st.binary(min_size=1, max_size=255).filter(lambda it: not {0, 47} & set(it)))
@EXAMPLES
def test_letters(tmp_path_factory, changes, name):
    """Whatever lies in a mailbox, the letter behind it comes."""
    boxes, runtime, got = tmp_path_factory.mktemp("boxes"), VirtualRuntime(), []
    for host in ("alice", "bob"):
        for folder in FOLDERS:
            (boxes / host / folder).mkdir(parents=True)
    office = DiskPostOffice(runtime, boxes)
    for number in (1, 2):
        office.send(
            Envelope(
                sent=0, sender="alice", number=number, recipient="bob", actor="a", kind="k", data={"x": 1}, cause="c"
            )
        )
    first = boxes / "bob" / "new" / f"{0:020d}-alice-{1:010d}.json"
    data = changed(first.read_bytes(), changes)
    first.write_bytes(data)
    if name not in (b".", b".."):
        with open(bytes(boxes / "bob" / "new") + b"/" + name, "wb") as file:  # noqa: PTH123  (a name that is no text)
            file.write(data)
    office.receive("bob", lambda letter, _: got.append(letter.number) is None)
    runtime.run(POLL_GRID)
    assert 2 in got
    runtime.close()
