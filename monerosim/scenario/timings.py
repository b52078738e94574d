"""How much time the beginning of a run gets where the scenario does not say.

On this machine's own clock, every second of it is waited for.
"""

from collections.abc import Mapping

import msgspec

from monerosim.config import Duration
from monerosim.scenario.compose import Composition
from monerosim.scenario.tables import Node, Scenario
from monerosim.units import SECOND


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Times in microseconds; the starts count from the run's start."""

    wallet_start: int
    agent_start: int
    controller_start: int
    settling: int
    """From the last agent's start until everything answers."""
    block_interval: int
    """Between two blocks of the bootstrap."""


def timings_of(scenario: Scenario, composed: Mapping[str, Composition]) -> Timings:
    """Tell the times of a scenario: its own, or else its engine's."""
    simulation = scenario.simulation
    usual = _local(scenario, composed) if simulation.engine == "local" else _USUAL
    return Timings(
        wallet_start=_chosen(simulation.wallet_start, usual.wallet_start),
        agent_start=_chosen(simulation.agent_start, usual.agent_start),
        controller_start=_chosen(simulation.controller_start, usual.controller_start),
        settling=usual.settling,
        block_interval=_chosen(simulation.bootstrap_block_interval, usual.block_interval),
    )


def _chosen(own: Duration | None, usual: int) -> int:
    return usual if own is None else int(own)


_USUAL = Timings(
    wallet_start=30 * SECOND,
    agent_start=60 * SECOND,
    controller_start=90 * SECOND,
    settling=30 * SECOND,
    block_interval=2 * SECOND,
)


def _local(scenario: Scenario, composed: Mapping[str, Composition]) -> Timings:
    """Make the run as short as this many real programs allow on two cores.

    Measured: a host's programs take 2 to 2.5 seconds of CPU until they answer, half of them to calibrate tick counters;
    a block of the bootstrap takes each node 0.045. Agents wait for their services, and a start that takes longer than
    planned only uses up some of the bootstrap's margin.
    """
    counts = {name: scenario.participants[name].count for name in composed}
    hosts = sum(counts.values())
    nodes = sum(counts[name] for name, composition in composed.items() if isinstance(composition.node, Node))
    return Timings(
        wallet_start=SECOND,
        agent_start=2 * SECOND,
        controller_start=2 * SECOND,
        settling=(2 + hosts) * SECOND,
        block_interval=max(SECOND // 2, nodes * SECOND // 10),
    )
