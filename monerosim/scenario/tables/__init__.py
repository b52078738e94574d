"""A scenario: what a person writes, in TOML or in Python.

Durations and amounts may be given as text (``"2h"``, ``"10 XMR"``), tables as dicts. What does not fit raises a
:class:`~monerosim.scenario.problems.ScenarioError` that names every place.
"""

from monerosim.scenario.tables.consensus import ChainStart, Consensus, HardFork, Rules
from monerosim.scenario.tables.network import Network, NetworkDandelion, NetworkRelay, Place, Turnover, Verification
from monerosim.scenario.tables.participants import Node, Participant, TimelineEntry, Upgrade, Wallet
from monerosim.scenario.tables.programs import Binaries, Shadow
from monerosim.scenario.tables.scenario import Scenario, SweepTable
from monerosim.scenario.tables.simulation import Alert, Letters, Recording, Simulation
from monerosim.scenario.tables.table import MAX_COUNT, MAX_DIFFICULTY, MAX_MEDIAN, Options, Table

__all__ = [
    "MAX_COUNT",
    "MAX_DIFFICULTY",
    "MAX_MEDIAN",
    "Alert",
    "Binaries",
    "ChainStart",
    "Consensus",
    "HardFork",
    "Letters",
    "Network",
    "NetworkDandelion",
    "NetworkRelay",
    "Node",
    "Options",
    "Participant",
    "Place",
    "Recording",
    "Rules",
    "Scenario",
    "Shadow",
    "Simulation",
    "SweepTable",
    "Table",
    "TimelineEntry",
    "Turnover",
    "Upgrade",
    "Verification",
    "Wallet",
]
