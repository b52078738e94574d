"""Files of a run: whole or not at all, and never a pipe that is waited for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import NETWORK, USERS, play

from monerosim import Run
from monerosim.events.log import EventLog, read_events
from monerosim.events.record import Record
from monerosim.events.run import RunEnded
from monerosim.files import AppendedFile, NotRegularError, read_regular, replace_file
from monerosim.mailbox.shared import DiskState, SharedStateError
from monerosim.runs import RunError

TOOL = Path(__file__).parents[1] / "tools" / "inject_faults.py"


def limited(code: str, directory: Path, size: int) -> "subprocess.CompletedProcess[str]":
    """Run Python where no file grows beyond a size, as on a full disk."""
    begin = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    begin += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    return subprocess.run(
        [sys.executable, "-c", begin + code], cwd=directory, capture_output=True, text=True, check=False
    )


def test_a_file_that_cannot_be_replaced_is_left_as_it_was(tmp_path):
    replace_file(tmp_path / "a", b"old")
    done = limited(
        "from monerosim.files import replace_file; from pathlib import Path; replace_file(Path('a'), b'n' * 9000)",
        tmp_path,
        5000,
    )
    assert "File too large" in done.stderr
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_whoever_has_an_event_is_not_stopped_by_a_full_disk(tmp_path):
    """A payment that is half on its way would leave the model between two states, where it goes round for ever."""
    code = """
from monerosim.events import NodeClosed, Record
from monerosim.events.log import EventLog
from pathlib import Path
log = EventLog(Path('a'))
for number in range(5000):
    log.append(Record(number, 'alice', 'node', '', NodeClosed(number, 'tip')))
print('appended')
log.flush()
"""
    done = limited(code, tmp_path, 300_000)
    assert done.stdout == "appended\n"
    assert "File too large" in done.stderr
    kept = [one.t for one in read_events(tmp_path / "a")]
    assert kept == list(range(len(kept)))
    assert kept


def test_lines_that_do_not_fit_are_not_begun(tmp_path):
    code = """
from monerosim.files import AppendedFile
from pathlib import Path
file = AppendedFile(Path('a'), fresh=True)
file.append(b'one\\n')
try:
    file.append(b'x' * 9000 + b'\\n')
except OSError:
    file.append(b'two\\n')
"""
    assert limited(code, tmp_path, 5000).returncode == 0
    assert (tmp_path / "a").read_bytes() == b"one\ntwo\n"


def test_a_file_that_is_continued_goes_on_behind_what_is_there(tmp_path):
    for line in (b"one\n", b"two\n"):
        file = AppendedFile(tmp_path / "a", fresh=False)
        file.append(line)
        file.close()
    assert (tmp_path / "a").read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_regular_file_is_not_read(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(NotRegularError, match="not a regular file"):
        read_regular(path)
    with pytest.raises(NotRegularError):
        list(read_events(path))


def test_a_pipe_among_standing_facts_is_refused(tmp_path):
    (tmp_path / "mining_pools").mkdir()
    os.mkfifo(tmp_path / "mining_pools" / "x.json")
    with pytest.raises(SharedStateError, match="not a regular file"):
        DiskState(tmp_path).read("mining_pools/x.json")


def test_a_pipe_as_a_plan_or_a_trace_is_refused(tmp_path):
    played = play(NETWORK, tmp_path / "run", "simulation.duration=5m")
    (played.directory / "hosts" / "miner" / "wallet.jsonl").unlink()
    os.mkfifo(played.directory / "hosts" / "miner" / "wallet.jsonl")
    with pytest.raises(RunError, match=r"wallet\.jsonl cannot be read: not a regular file"):
        list(played.traces())
    (played.directory / "plan.json").unlink()
    os.mkfifo(played.directory / "plan.json")
    with pytest.raises(RunError, match="not a regular file"):
        Run(played.directory)


def test_a_plan_that_is_nested_too_deep_is_no_run(tmp_path):
    (tmp_path / "plan.json").write_text('{"version": 2, "hosts": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(RunError, match="no run directory"):
        Run(tmp_path)


def test_a_summary_that_cannot_be_read_is_made_again(tmp_path):
    played = play(NETWORK + USERS, tmp_path / "run", "simulation.duration=5m")
    before = played.summary
    (played.directory / "summary.json").write_bytes(b"")
    played.read_back()
    assert played.summary.digest == before.digest
    assert played.summary.payments == before.payments


def test_what_was_flushed_is_there_when_the_writer_is_killed(tmp_path):
    code = """
import os, signal
from pathlib import Path
from monerosim.events.log import EventLog
from monerosim.events.record import Record
from monerosim.events.run import RunEnded
log = EventLog(Path('events.jsonl'))
log.append(Record(1, 'a', 'b', 'c', RunEnded('one')))
log.flush()
log.append(Record(2, 'a', 'b', 'c', RunEnded('two')))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [record.data for record in read_events(tmp_path / "events.jsonl")] == [RunEnded("one")]


def test_an_event_log_that_was_full_goes_on_with_whole_lines(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.append(Record(1, "a", "b", "c", RunEnded("one")))
    log.close()
    assert [record.t for record in read_events(tmp_path / "events.jsonl")] == [1]


@pytest.mark.long
def test_a_run_that_is_broken_at_any_write_can_be_read_back():
    """Four kinds of faults at six of the writes; the tool tries all of them."""
    done = subprocess.run([sys.executable, TOOL, "--points", "6"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "24 runs broken at 6 of" in done.stdout
