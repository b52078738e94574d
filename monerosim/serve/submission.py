"""What is done with a scenario that a stranger has submitted, in a process of its own with bounds.

``python -m monerosim.serve.submission check`` reads a scenario from its input and prints what is wrong with it;
``... play SCENARIO DIRECTORY`` plays it. The process bounds its own memory and CPU time, and ends when its input
ends, which is when the server does.
"""

import os
import resource
import sys
import threading
from pathlib import Path
from typing import NoReturn

import msgspec

from monerosim.build.compile import compile_plan
from monerosim.engine import load_engine
from monerosim.plugins import PluginFiles
from monerosim.runs import run
from monerosim.scenario import Examination, Problem, ScenarioError, examine
from monerosim.units import format_duration, parse_duration

ENGINE = "embedded"
"""The only engine that submitted scenarios may have: the others start programs."""

_MEGABYTE = 1_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How large a submitted run may be."""

    participants: int = 500
    duration: str = "7d"
    """Of simulated time, the bootstrap included."""
    seconds: int = 600
    """Of real time."""
    disk: int = 1_000 * _MEGABYTE
    """Bytes of the run directory."""
    memory: int = 2_000 * _MEGABYTE
    """Bytes of address space."""
    events: int = 5_000_000
    """Of the run."""
    queued: int = 20
    """Scenarios that wait."""
    text: int = 256 * 1024
    """Bytes of a scenario."""


class Checked(msgspec.Struct, frozen=True):
    """What is wrong with a scenario, or peculiar about it."""

    problems: list[Problem]

    @property
    def good(self) -> bool:
        """Whether it can be played."""
        return all(problem.severity != "error" for problem in self.problems)


def check(text: bytes, base: Path, limits: Limits) -> Checked:
    """Check a scenario as `monerosim check` does, and that it is small and harmless enough for a stranger's.

    Args:
        text: TOML.
        base: An empty directory, in which its files would be.
        limits: How large it may be.
    """
    examination = examine(text, files=PluginFiles(base))
    problems = list(examination.problems)
    problems += _forbidden(examination, limits)
    if Checked(problems).good:
        problems += _estimated(examination, limits)
    return Checked(problems)


def _forbidden(examination: Examination, limits: Limits) -> list[Problem]:
    scenario, problems = examination.scenario, []
    if scenario.simulation.engine != ENGINE:
        problems.append(Problem(place="simulation.engine", message=f"only {ENGINE} is played here"))
    members = sum(participant.count for participant in scenario.participants.values())
    if members > limits.participants:
        message = f"{members} participants, of whom {limits.participants} are played here at most"
        problems.append(Problem(place="participants", message=message))
    longest = parse_duration(limits.duration)
    if scenario.simulation.duration + (scenario.simulation.bootstrap or 0) > longest:
        message = f"{format_duration(longest)} are played here at most"
        problems.append(Problem(place="simulation.duration", message=message))
    problems += [
        Problem(place=f"alerts[{number}]", message="submitted scenarios tell nobody of alerts")
        for number, alert in enumerate(scenario.alerts)
        if alert.webhook or alert.command
    ]
    return problems


def _estimated(examination: Examination, limits: Limits) -> list[Problem]:
    try:
        plan = compile_plan(examination)
    except ScenarioError as error:
        return list(error.problems)
    engine = load_engine(plan.engine)
    memory = engine.memory(plan)
    estimates = (
        ("seconds of real time", engine.seconds(plan), limits.seconds),
        ("bytes of disk", engine.disk(plan), limits.disk),
        ("bytes of memory", memory.total if memory else None, limits.memory),
    )
    return [
        Problem(place="", message=f"it would take about {estimate:,.0f} {what}, more than {most:,}")
        for what, estimate, most in estimates
        if estimate is not None and estimate > most
    ]


def _bound(limits: Limits) -> None:
    """Bound what this process may take."""
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _end_with_input() -> None:
    # Not by way of sys.stdin, whose lock Python needs when it ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def main() -> NoReturn:
    """Do what the arguments say."""
    limits = msgspec.json.decode(sys.argv[1], type=Limits)
    _bound(limits)
    if sys.argv[2] == "check":
        checked = check(sys.stdin.buffer.read(), Path(), limits)
        sys.stdout.buffer.write(msgspec.json.encode(checked))
        sys.exit()
    threading.Thread(target=_end_with_input, daemon=True).start()
    scenario, directory = Path(sys.argv[3]), Path(sys.argv[4])
    # It is checked again by what plays it; the directory it stands in has no files that it could name.
    played = run(scenario, directory)
    sys.exit(0 if played.summary.completed else 1)


if __name__ == "__main__":
    main()
