"""How much time the beginning of a run gets: what the scenario says, or else its engine."""

from collections.abc import Mapping

from monerosim.config import Duration
from monerosim.engine import Engine, Timings
from monerosim.scenario.compose import Composition
from monerosim.scenario.tables import Node, Scenario


def timings_of(scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None) -> Timings:
    """Return the times of a scenario: its own, or else its engine's (the usual ones if there is none)."""
    simulation = scenario.simulation
    usual = _usual(scenario, composed, engine)
    return Timings(
        wallet_start=_chosen(simulation.wallet_start, usual.wallet_start),
        agent_start=_chosen(simulation.agent_start, usual.agent_start),
        controller_start=_chosen(simulation.controller_start, usual.controller_start),
        settling=usual.settling,
        block_interval=_chosen(simulation.bootstrap_block_interval, usual.block_interval),
    )


def _chosen(own: Duration | None, usual: int) -> int:
    return usual if own is None else int(own)


def _usual(scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None) -> Timings:
    if engine is None:
        return Timings()
    counts = {name: scenario.participants[name].count for name in composed}
    nodes = sum(counts[name] for name, composition in composed.items() if isinstance(composition.node, Node))
    return engine.timings(sum(counts.values()), nodes)
