"""The script: a command of the scenario's that the engine runs."""

from typing import ClassVar

from monerosim.agent.behaviour import Behaviour
from monerosim.events import Event, ScriptEnded
from monerosim.plan.roles import SCRIPT
from monerosim.plan.scripts import ScriptConfig


class Script(Behaviour[ScriptConfig]):
    """Has the engine run a command beside its node, on real programs and with --allow-programs only; does nothing."""

    role: ClassVar[str] = SCRIPT
    emits: ClassVar[tuple[type[Event], ...]] = (ScriptEnded,)
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"command"})
