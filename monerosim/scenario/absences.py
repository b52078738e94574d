"""How long programs are away at least, where an engine starts and ends them at times that it knows before the run."""

from collections.abc import Iterator

from monerosim.agent.conditions import Crash, ShutDown, StartUp, condition_name
from monerosim.engine import Engine
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario
from monerosim.scenario.timeline import members_of
from monerosim.units import SECOND, format_duration

SHORTEST = 10 * SECOND
"""How long a program runs at least before it is ended, and is away at least before it is started again: it takes some
seconds until it heeds signals, and some to write what it has."""

WALLET_ENDS = 240 * SECOND
"""How long a wallet is away at least that is shut down. It ends when its daemon has answered, for which it waits 210
seconds (``rpc_timeout`` in Monero's src/wallet/wallet2.h), and has its port until then."""


def least_absence(do: str, program: object) -> int:
    """Return how long a program is away at least, microseconds.

    Args:
        do: The condition that ends it.
        program: ``node`` or ``wallet``.
    """
    return WALLET_ENDS if do == condition_name(ShutDown) and program == "wallet" else SHORTEST


def absence_problems(scenario: Scenario, engine: Engine | None) -> Iterator[RawProblem]:
    """Find programs that are started again too early after they were ended, and warn that they come later."""
    if engine is None or not engine.scheduled_conditions:
        return
    ends, start = {condition_name(ShutDown), condition_name(Crash)}, condition_name(StartUp)
    ended: dict[tuple[str, object], tuple[int, str]] = {}
    for index, entry in sorted(enumerate(scenario.timeline), key=lambda one: one[1].at):
        program = entry.arguments.get("program", "node")
        for name in members_of(scenario, entry.who) if entry.do in {*ends, start} else ():
            key = name, program
            if entry.do in ends:
                ended.setdefault(key, (entry.at, entry.do))
            elif key in ended:
                at, do = ended.pop(key)
                least = least_absence(do, program)
                if entry.at - at < least:
                    path: Path = ("timeline", index, "at")
                    message = (
                        f"the {program} of {name} is away for {format_duration(least)} at least on the engine "
                        f"{scenario.simulation.engine}, so it comes later"
                    )
                    yield RawProblem(
                        path=path, message=message, severity="warning", depends_on=(("simulation", "engine"),)
                    )
