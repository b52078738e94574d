"""Trying one case: checking it, playing it twice, and looking at all that comes of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

import msgspec

from monerosim.events.log import EVENTS
from monerosim.swarm import fragile
from monerosim.swarm.cases import Case
from monerosim.swarm.inspection import Fault, Inspection
from monerosim.swarm.networks import GRAPH, PEERS
from monerosim.swarm.worker import FILE, Call, Result

_LOOKS = (("report", "--summary"), ("trace",))
"""Pages are left out: what draws them reserves more memory than a trial may have."""

_RUN = ("run", FILE, "--engine", "embedded", "-q", "--no-report", "-o")
"""Whatever engine a scenario wants: none of them starts a program."""

_CHECK_SECONDS = 60
_RUN_SECONDS = 60
_INTERRUPT = 15
"""Seconds of CPU after which a run is interrupted: a long one was asked for, but it has to end when it is told to."""

_GOOD, _FAILED, _REFUSED, _ALERTED = 0, 1, 2, 3

_ENDS = (_GOOD, _FAILED, _ALERTED)
"""How a run may end: an alert that the scenario has may fail it."""

_PROBLEM = re.compile(rf"^{re.escape(FILE)}(?P<line>:\d+)?: (?P<severity>error|warning): (?P<told>.*)$")
_RESULTS = msgspec.json.Decoder(Result)
_CHECKS = msgspec.json.Decoder(list[Result])
_INSPECTIONS = msgspec.json.Decoder(Inspection)

_FRAME = re.compile(r'File "[^"]*?/((?:monerosim|actors)/[^"]+|[^"/]+)", line \d+, in (\S+)')


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a case."""

    case: Case
    good: bool = False
    """Whether ``check`` had no errors."""
    played: bool = False
    ended_early: bool = False
    shows: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    seconds: float = 0
    """Of CPU."""


class Pair:
    """Two workers whose hashes differ, and a directory for them to work in."""

    def __init__(self) -> None:
        self._directory = Path(mkdtemp(prefix="monerosim-swarm-"))
        _furnish(self._directory)
        self._workers = [_start(seed) for seed in ("0", "4242")]
        self.seconds = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            if worker.stdin is not None:
                worker.stdin.close()
            worker.wait()
            if worker.stdout is not None:
                worker.stdout.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def call(
        self, which: int, *arguments: str, seconds: float, interrupt: float = 0, size: int = -1, killed: bool = False
    ) -> Result:
        """Have a worker try a command."""
        call = Call(
            arguments=arguments,
            directory=str(self._directory),
            seconds=seconds,
            interrupt=interrupt,
            file_size=size,
            killed=killed,
        )
        worker = self._workers[which]
        if worker.stdin is None or worker.stdout is None:
            raise RuntimeError("a worker has no pipes")
        worker.stdin.write(msgspec.json.encode(call) + b"\n")
        worker.stdin.flush()
        answer = worker.stdout.readline()
        if not answer:
            raise RuntimeError(f"a worker has ended with {worker.wait()}")
        result = _RESULTS.decode(answer)
        self.seconds += result.seconds
        return result

    def begins(self, broken: str, whole: str) -> bool:
        """Return whether the whole lines of a broken run's events are the first ones of the whole run's."""
        log = self._directory / broken / EVENTS
        had = log.read_bytes() if log.is_file() else b""
        return (self._directory / whole / EVENTS).read_bytes().startswith(had[: had.rfind(b"\n") + 1])

    def prepare(self, case: Case) -> None:
        """Write the scenario and its file of peers, and remove what earlier runs have left."""
        for path in self._directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        _write(case, self._directory)

    def prepare_all(self, cases: Sequence[Case]) -> list[str]:
        """Write the scenarios of cases, and return the directory of each."""
        names = [f"checked-{number}" for number in range(len(cases))]
        for case, name in zip(cases, names, strict=True):
            directory = self._directory / name
            if not directory.exists():
                directory.mkdir()
                _furnish(directory)
            _write(case, directory)
        return names


def _furnish(directory: Path) -> None:
    """Copy what scenarios have beside them."""
    shutil.copy(fragile.__file__, directory / "fragile.py")
    shutil.copy(Path(fragile.__file__).with_name(GRAPH), directory)


def _write(case: Case, directory: Path) -> None:
    (directory / FILE).write_bytes(case.raw)
    (directory / PEERS).write_bytes(case.peers)


def _start(hash_seed: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    arguments = [sys.executable, "-P", "-c", "from monerosim.swarm.worker import serve; serve()"]
    # In a session of its own, Ctrl-C is not for it: it ends when its input does.
    return subprocess.Popen(  # noqa: S603
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
    )


def try_case(case: Case, pair: Pair, *, play: bool = True) -> Outcome:
    """Try a case.

    Args:
        case: What is tried.
        pair: Who tries it.
        play: Whether it is played if it can be.
    """
    pair.prepare(case)
    before = pair.seconds
    checked = pair.call(0, "check", FILE, seconds=_CHECK_SECONDS)
    faults = list(_faults_of_check(checked))
    good = checked.status == _GOOD and not faults
    outcome = Outcome(case=case, good=good, faults=tuple(faults))
    if good and play:
        outcome = _play(outcome, pair)
    return msgspec.structs.replace(outcome, seconds=pair.seconds - before)


def check_cases(cases: Sequence[Case], pair: Pair) -> list[Outcome]:
    """Check cases in one process, which takes a quarter of the time; where one shows a fault, each in its own."""
    told = pair.call(0, "check-all", *pair.prepare_all(cases), seconds=_CHECK_SECONDS)
    results = _CHECKS.decode(told.output) if told.status == _GOOD and not told.hung else []
    if results and not any(_faults_of_check(result) for result in results):
        share = told.seconds / len(cases)
        return [
            Outcome(case=case, good=result.status == _GOOD, seconds=share)
            for case, result in zip(cases, results, strict=True)
        ]
    outcomes = [try_case(case, pair, play=False) for case in cases]
    if not any(outcome.faults for outcome in outcomes):
        fault = Fault("check shows a fault only after other checks", told.errors[-2000:] or told.output[-2000:])
        outcomes[0] = msgspec.structs.replace(outcomes[0], faults=(fault,))
    return outcomes


def _play(outcome: Outcome, pair: Pair) -> Outcome:
    faults: list[Fault] = []
    case = outcome.case
    run = pair.call(0, *_RUN, "run", seconds=_RUN_SECONDS, interrupt=_INTERRUPT)
    faults += _faults_of(run, "run", _ENDS)
    played = msgspec.structs.replace(outcome, played=True, ended_early=run.status == _FAILED, faults=tuple(faults))
    # One that was interrupted ends where the machine's speed has it, so there is no other to compare it with.
    if run.interrupted or faults:
        return played
    looked = pair.call(0, "inspect", "run", seconds=_RUN_SECONDS)
    faults += _faults_of(looked, "inspect", (_GOOD,))
    if faults:
        return msgspec.structs.replace(played, faults=tuple(faults))
    inspection = _INSPECTIONS.decode(looked.output)
    faults += inspection.faults
    for command, *options in _LOOKS:
        faults += _faults_of(pair.call(0, command, "run", *options, seconds=_RUN_SECONDS), command, (_GOOD,))
    faults += _again(pair, inspection)
    if case.mishap != "none":
        faults += _mishap(case, pair)
    return msgspec.structs.replace(played, faults=tuple(faults), shows=inspection.shows)


def _again(pair: Pair, inspection: Inspection) -> list[Fault]:
    """Play once more where hashes are others."""
    run = pair.call(1, *_RUN, "again", seconds=_RUN_SECONDS)
    faults = _faults_of(run, "run", _ENDS)
    digest = re.search(r"digest ([0-9a-f]{64})", run.output)
    if not faults and (digest is None or digest[1] != inspection.digest):
        other = run.errors[-2000:] if digest is None else digest[1]
        faults.append(Fault("another digest with other hashes", f"{inspection.digest} and {other}"))
    return faults


def _mishap(case: Case, pair: Pair) -> list[Fault]:
    """Play once more with a full disk, or until the process is killed, and look whether the rest can be read."""
    killed = case.mishap == "killed"
    run = pair.call(0, *_RUN, "mishap", seconds=_RUN_SECONDS, size=case.size, killed=killed)
    faults = _faults_of(run, "run", (*_ENDS, -25) if killed else _ENDS)
    if not pair.begins("mishap", "run"):
        faults.append(Fault("events are not the beginning of the whole run's", ""))
    for command, *options in _LOOKS:
        told = pair.call(0, command, "mishap", *options, seconds=_RUN_SECONDS)
        faults += _faults_of(told, command, (_GOOD, _FAILED, _REFUSED))
    return [Fault(f"{case.mishap}: {fault.kind}", fault.detail) for fault in faults]


def _faults_of_check(result: Result) -> list[Fault]:
    faults = _faults_of(result, "check", (_GOOD, _REFUSED))
    if faults or result.status != _REFUSED:
        return faults
    told = [match for line in result.errors.splitlines() if (match := _PROBLEM.match(line))]
    if not any(match["severity"] == "error" for match in told):
        return [Fault("check refuses without an error", result.errors[:200])]
    for match in told:
        # Of a file that is no scenario at all there is no place to name.
        if not match["line"] and not re.match(r"[\w.\"\[\]-]+: |not |a |arrays |cannot ", match["told"]):
            faults.append(Fault("problem without a place", match["told"][:200]))
    return faults


def _faults_of(result: Result, command: str, expected: Sequence[int]) -> list[Fault]:
    """Look whether a command ended as it may."""
    if result.hung:
        return [Fault(f"{command} hangs", f"killed after {result.seconds:.0f} s of CPU")]
    if "Traceback (most recent call last)" in result.errors:
        return [Fault(f"{command}: {_crash(result.errors)}", result.errors[-2000:])]
    if "MemoryError" in result.errors:
        return [Fault(f"{command}: too much memory", result.errors[-2000:])]
    if result.status not in expected:
        return [Fault(f"{command} ends with {result.status}", result.errors[-2000:])]
    if result.status == _FAILED and not (result.errors + result.output).strip():
        return [Fault(f"{command} fails without a word", "")]
    return []


def _crash(errors: str) -> str:
    """Name a crash by its exception and where it was raised."""
    raised = [line for line in errors.splitlines() if line[:1] not in (" ", "") and not line.startswith("Traceback")]
    frames = _FRAME.findall(errors)
    own = [frame for frame in frames if frame[0].startswith(("monerosim/", "actors/"))]
    where = f" in {own[-1][0]}, {own[-1][1]}" if own else ""
    return f"{raised[-1].partition(':')[0] if raised else 'error'}{where}"
