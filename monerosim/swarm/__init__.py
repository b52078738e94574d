"""Scenarios made up from seeds, tried for crashes, hangs and results that cannot be."""

from monerosim.swarm.reached import ENOUGH, ENOUGH_PAIRS
from monerosim.swarm.swarm import Finding, Swarm

__all__ = ["ENOUGH", "ENOUGH_PAIRS", "Finding", "Swarm"]
