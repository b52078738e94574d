"""Simulates Monero networks whose participants are actors.

    from monerosim import Participant, Scenario, run

    played = run(Scenario(participants={...}))
    print(played.summary)

Names are loaded when they are first used, so that an agent's process imports only what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monerosim.runs import Run, run
    from monerosim.scenario import (
        Binaries,
        Consensus,
        Network,
        Node,
        Participant,
        Problem,
        Scenario,
        ScenarioError,
        Shadow,
        Simulation,
        Wallet,
    )
    from monerosim.scenario.load import load

_PLACES = {
    "Run": "monerosim.runs",
    "run": "monerosim.runs",
    "Binaries": "monerosim.scenario",
    "Consensus": "monerosim.scenario",
    "Network": "monerosim.scenario",
    "Node": "monerosim.scenario",
    "Participant": "monerosim.scenario",
    "Problem": "monerosim.scenario",
    "Scenario": "monerosim.scenario",
    "ScenarioError": "monerosim.scenario",
    "Shadow": "monerosim.scenario",
    "Simulation": "monerosim.scenario",
    "Wallet": "monerosim.scenario",
    "load": "monerosim.scenario",
}

__all__ = [
    "Binaries",
    "Consensus",
    "Network",
    "Node",
    "Participant",
    "Problem",
    "Run",
    "Scenario",
    "ScenarioError",
    "Shadow",
    "Simulation",
    "Wallet",
    "load",
    "run",
]


def __getattr__(name: str) -> object:
    """Load a public name."""
    if name not in _PLACES:
        raise AttributeError(f"module 'monerosim' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
