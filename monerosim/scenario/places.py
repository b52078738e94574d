"""The table ``[network.places]``: where participants are, and what lines they have."""

from collections.abc import Iterator, Mapping

from monerosim.scenario.compose import Composition, group_of
from monerosim.scenario.mentions import nobody
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Place, Scenario
from monerosim.scenario.timeline import members_of
from monerosim.topology import Own, read_bandwidth


def place_problems(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Check that the table names participants, and bandwidths that there are."""
    for name, given in scenario.network.places.items():
        path: Path = ("network", "places", name)
        if name not in composed and group_of(scenario, name) is None:
            yield nobody(path, name, composed)
        if isinstance(given, Place) and given.bandwidth:
            try:
                read_bandwidth(given.bandwidth)
            except ValueError as error:
                yield RawProblem(path=(*path, "bandwidth"), message=str(error), unreadable=((*path, "bandwidth"),))


def own_places(scenario: Scenario) -> dict[str, Own]:
    """Return what each host has of its own; what is said of a member counts before what is said of its group.

    Raises:
        ValueError: A bandwidth is none.
    """
    given = scenario.network.places
    groups_first = sorted(given, key=lambda name: name not in scenario.participants)
    return {host: _own(given[name]) for name in groups_first for host in members_of(scenario, name)}


def _own(given: Place | str) -> Own:
    if isinstance(given, str):
        return Own(given)
    bandwidth = read_bandwidth(given.bandwidth) if given.bandwidth else 0
    return Own(given.place, bandwidth, int(given.latency), given.loss)
