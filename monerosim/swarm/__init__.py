"""Scenarios made up from seeds, tried for crashes, hangs and results that cannot be."""

from monerosim.swarm.cases import Case
from monerosim.swarm.networks import PEERS
from monerosim.swarm.reached import ENOUGH, ENOUGH_PAIRS
from monerosim.swarm.swarm import Finding, Swarm
from monerosim.swarm.trial import Outcome

__all__ = ["ENOUGH", "ENOUGH_PAIRS", "PEERS", "Case", "Finding", "Outcome", "Swarm"]
