"""What a scenario says of scripts: commands that an engine with real programs runs."""

from collections.abc import Iterator, Mapping

from monerosim.agent.commands import COMMON_COMMANDS
from monerosim.engine import Engine
from monerosim.plan.roles import SCRIPT
from monerosim.scenario.compose import Composition, actor_names, group_of
from monerosim.scenario.permissions import Permissions
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario


def script_problems(
    scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None, permissions: Permissions
) -> Iterator[RawProblem]:
    """Check that scripts are allowed, that the engine runs them, and that nobody gives them commands.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        engine: None if there is none such.
        permissions: What the user allows it.
    """
    for composition in composed.values():
        for part in composition.parts:
            if part.behaviour.role != SCRIPT:
                continue
            path: Path = (*part.path, "command")
            if engine is not None and not engine.real_programs:
                message = f"the engine {scenario.simulation.engine} starts no programs, and so no script"
                hint = 'engine = "local" or "shadow" runs it'
                yield RawProblem(path=path, message=message, hint=hint, depends_on=(("simulation", "engine"),))
            if not permissions.programs:
                message = "a scenario has the engine run a command only if you allow it"
                yield RawProblem(path=path, message=message, hint="add --allow-programs if you trust it")
    for index, entry in enumerate(scenario.timeline):
        group = entry.who if entry.who in composed else group_of(scenario, entry.who)
        if group is None or entry.do not in COMMON_COMMANDS:
            continue
        parts = composed[group].parts
        told = [part for name, part in zip(actor_names(parts), parts, strict=True) if entry.actor in ("", name)]
        if told and all(part.behaviour.role == SCRIPT for part in told):
            message = "a script takes no commands: the engine runs it from its start to its end"
            yield RawProblem(path=("timeline", index, "do"), message=message)
