"""Networks on which hardly anything arrives, so that a run would be all failures."""

from monerosim.monero.fees import PENALTY_FREE_WEIGHT
from monerosim.scenario.problems import RawProblem
from monerosim.scenario.tables import Scenario
from monerosim.units import SECOND, format_duration, parse_bandwidth

LOSS = 0.5
"""Share of lost packets from which on a connection's retransmissions take minutes (RFC 6298: each wait is twice the one
before)."""


def slow_network_problems(scenario: Scenario) -> list[RawProblem]:
    """Warn of a network whose loss or bandwidth lets hardly anything arrive."""
    network, block_time = scenario.network, scenario.consensus.block_time
    problems = []
    if network.loss >= LOSS:
        message = f"with {network.loss:.0%} of all packets lost hardly anything arrives: payments and blocks will fail"
        problems.append(RawProblem(path=("network", "loss"), message=message, severity="warning"))
    try:
        bandwidth = parse_bandwidth(network.bandwidth)
    except ValueError:
        # Told where the network is read.
        return problems
    takes = PENALTY_FREE_WEIGHT * 8 * SECOND // bandwidth
    if takes > block_time:
        told = format_duration(takes // SECOND * SECOND)
        message = (
            f"at {network.bandwidth} a full block takes {told} from node to node, "
            f"and the next comes after {format_duration(block_time)} on average"
        )
        problems.append(
            RawProblem(
                path=("network", "bandwidth"),
                message=message,
                severity="warning",
                depends_on=(("consensus", "block_time"),),
            )
        )
    return problems
