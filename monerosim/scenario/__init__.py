"""Scenarios: what a person writes, checked."""

from monerosim.scenario.load import Examination, examine, examine_scenario, load, parse, read_file
from monerosim.scenario.permissions import Permissions
from monerosim.scenario.problems import Problem, ScenarioError
from monerosim.scenario.tables import (
    Binaries,
    Consensus,
    Network,
    Node,
    Participant,
    Scenario,
    Shadow,
    Simulation,
    Wallet,
)

__all__ = [
    "Binaries",
    "Consensus",
    "Examination",
    "Network",
    "Node",
    "Participant",
    "Permissions",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Shadow",
    "Simulation",
    "Wallet",
    "examine",
    "examine_scenario",
    "load",
    "parse",
    "read_file",
]
