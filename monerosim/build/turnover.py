"""Nodes that come and go all the time: when each is shut down and started up again."""

from collections.abc import Iterator, Sequence

from monerosim.agent.conditions import ShutDown, StartUp, name_of
from monerosim.plan.plan import CommandPlan
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.scenario.tables import Turnover
from monerosim.units import SECOND


def turnover_commands(
    turnover: Turnover, nodes: Sequence[str], seed: int, *, begin: int, duration: int
) -> Iterator[tuple[str, CommandPlan]]:
    """Draw who is told to shut its node down and to start it up again, and when.

    Which nodes they are, and when, depends on their names alone: one more participant changes nobody else's times.

    Args:
        turnover: What the scenario says.
        nodes: The hosts that have a node and may come and go.
        seed: The scenario's.
        begin: The scenario's time zero, microseconds since the run's start.
        duration: How long it is.
    """
    for node in nodes:
        rng = Rng(stable_seed(seed, "turnover", node))
        if rng.random() >= turnover.share:
            continue
        at = 0
        while True:
            # An exponential session has no memory: the first one may have begun before the run.
            for condition, mean in ((ShutDown(), turnover.session), (StartUp(), turnover.downtime)):
                wait = int(mean) if turnover.distribution == "fixed" else round(rng.exponential(int(mean)))
                at += max(wait, SECOND)
                if at < duration:
                    yield node, CommandPlan(at=begin + at, do=name_of(condition))
            if at >= duration:
                break
