"""What is asked of a script: the command that an engine with real programs runs beside a node."""

from pathlib import PurePosixPath
from typing import Annotated

from msgspec import Meta

from monerosim.config import Config
from monerosim.plan.plan import HostPlan, Plan
from monerosim.plan.roles import SCRIPT

_FOLDER = "hosts"


class ScriptConfig(Config, frozen=True):
    """The configuration of a script; a script's own has these fields at least."""

    command: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            description="The program and its arguments. The program is a name on PATH or a file; what begins with ./ "
            "or ../ starts at the scenario's directory. {run} is the run directory, {python} monerosim's Python.",
        ),
    ]


def scripts_of(host: HostPlan) -> list[str]:
    """Return the names of a host's scripts."""
    return [actor.name for actor in host.actors if actor.role == SCRIPT]


def has_scripts(plan: Plan) -> bool:
    """Return whether an engine that plays a plan runs commands of the scenario's."""
    return any(scripts_of(host) for host in plan.hosts)


def script_folder(host: str, script: str) -> PurePosixPath:
    """Return the folder of the run directory that has what a script printed, and the event of its end."""
    return PurePosixPath(_FOLDER, host, script)
