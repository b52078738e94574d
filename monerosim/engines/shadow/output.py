"""What Shadow prints: how far it is, and why it failed."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from monerosim.engines.output_tail import output_tail
from monerosim.events.log import EVENTS, read_lines
from monerosim.events.traces import LEVELS, TraceLine

_HEARTBEAT = re.compile(rb"at simtime (\d+) ns")
"""src/main/core/manager.rs in Shadow's repository."""

_ENDED = re.compile(r"^Error: process '(?P<host>[^']+?)\.(?P<program>[^'/]+)\.(?P<pid>\d+)' (?P<how>exited with .*)")
"""src/main/host/process.rs; a host's name has no dot."""

_STATUS = re.compile(r"status (?:Normal|(?P<signal>Signaled))\(\D*?(?:(?P<number>\d+)|(?P<name>SIG[A-Z0-9]+))\)")
"""ExitStatus in the same file; one that Shadow itself stopped has none of its own."""

_NOISE = re.compile(r"Cannot disable TCP_NODELAY|^(Error:)?\s*$")
"""What monerod's connections are told, which the compatibility library answers; and nothing."""

_BACKTRACE = re.compile(r"^(Error: )?Stack backtrace:")
_FRAME = re.compile(r"^(Error:)?\s*(\d+: |at \S|$)")
"""Where in Shadow an error arose, in the words of Rust's anyhow."""

_COMPLAINTS = LEVELS[LEVELS.index("WARNING") :]

_LINES = 8
"""How many lines of Shadow's last words are shown."""

_PROGRAMS = 3
"""How many programs that ended before their time are shown with their last words."""


class Heartbeats:
    """Follows Shadow's log for its heartbeats, reading only what is new.

    Args:
        log: What Shadow prints.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._now = 0

    def look(self) -> int:
        """Return how far Shadow is, in microseconds since the run's start."""
        with self._log.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        if times := _HEARTBEAT.findall(whole):
            self._now = int(times[-1]) // 1_000
        return self._now


def dead_programs(log: Path) -> Iterator[tuple[str, str, int]]:
    """List the programs that ended before their time: host, name, and status, the negative number of a signal.

    Args:
        log: What Shadow printed.
    """
    for line in log.read_text(errors="replace").splitlines():
        found = _ENDED.match(line)
        status = _STATUS.search(found["how"]) if found else None
        if found and status:
            name = "agent" if _is_agent(found["program"]) else found["program"]
            number = status["number"] or signal.Signals[status["name"]]
            yield found["host"], name, -int(number) if status["signal"] else int(number)


def explain_failure(log: Path, data: Path, hosts: Path, status: int) -> str:
    """Explain why Shadow failed: which programs ended before their time with which last words, or its own.

    Args:
        log: What Shadow printed.
        data: Where it put what the programs printed.
        hosts: The run's own folders of the hosts, with the agents' traces.
        status: Its exit status; the negative number of a signal if one killed it.
    """
    lines = log.read_text(errors="replace").splitlines()
    told = [found for line in lines if (found := _ENDED.match(line))]
    ended = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    head = f"Shadow {ended} ({log})"
    if not told:
        kept = [line for line in _without_backtraces(lines) if not _NOISE.search(line)]
        return "\n".join([f"{head}. Its last words:", *_indented(kept[-_LINES:])])
    parts = [f"{head}, because of {len(told)} program{'s' * (len(told) > 1)}:"]
    for found in told[:_PROGRAMS]:
        program, host = found["program"], found["host"]
        is_agent = _is_agent(program)
        parts.append(f"{'agent' if is_agent else program} of {host} {found['how']}. Its last words:")
        words = _printed(data / "hosts" / host, f"{program}.{found['pid']}")
        parts += _indented(output_tail(words) or (_last_warning(hosts / host) if is_agent else []) or ["(nothing)"])
    if len(told) > _PROGRAMS:
        parts.append(f"and {len(told) - _PROGRAMS} more")
    return "\n".join(parts)


def _is_agent(program: str) -> bool:
    # Shadow knows an agent by its interpreter.
    return program.startswith("python")


def _without_backtraces(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        inside = bool(_BACKTRACE.match(line)) or (inside and bool(_FRAME.match(line)))
        if not inside:
            yield line


def _printed(host: Path, program: str) -> list[str]:
    for kind in ("stderr", "stdout"):
        path = host / f"{program}.{kind}"
        if path.is_file() and (lines := path.read_text(errors="replace").strip().splitlines()):
            return lines
    return []


def _last_warning(host: Path) -> list[str]:
    """Find what an agent's actors complained of last, in their traces."""
    last: TraceLine | None = None
    decode: Callable[[bytes], TraceLine | None] = msgspec.json.Decoder(TraceLine).decode
    for path in sorted(host.glob("*.jsonl")):
        for line in read_lines(path, decode, damaged=lambda _: None) if path.name != EVENTS else ():
            if line is not None and line.level in _COMPLAINTS and (not last or line.t >= last.t):
                last = line
    if last is None:
        return []
    return [f"{last.actor}: {last.text}", *last.error.strip().splitlines()[-1:]]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
