"""The table ``[record]``: what a run records of its nodes."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from monerosim.plan.plan import HostPlan, RecordPlan
from monerosim.runtime.rng import stable_seed
from monerosim.scenario.compose import Composition, group_of
from monerosim.scenario.mentions import nobody
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario
from monerosim.scenario.timeline import members_of

ALL_SPREADS = 200
"""Nodes up to which all times of each item are recorded, unless the scenario says otherwise."""

_KEYS_OF_NODES = ("relays", "stems", "txpool")


def recording_problems(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterable[RawProblem]:
    """Check that whom the table names has a node."""
    for key in _KEYS_OF_NODES:
        wanted: str | tuple[str, ...] = getattr(scenario.record, key)
        for index, name in enumerate(() if isinstance(wanted, str) else wanted):
            path: Path = ("record", key, index)
            group = name if name in composed else group_of(scenario, name)
            if group is None:
                yield nobody(path, name, composed)
            elif composed[group].node is None or not members_of(scenario, name):
                depends_on = tuple(("participants", group, it) for it in ("kind", "node", "count"))
                message = f'"{name}" has no node: nothing is recorded'
                yield RawProblem(path=path, message=message, severity="warning", depends_on=depends_on)


def record_plan(scenario: Scenario, hosts: Sequence[HostPlan]) -> RecordPlan:
    """Resolve the nodes that the table means.

    Args:
        scenario: The scenario.
        hosts: All of the plan, in the order of their names.
    """
    table, seed = scenario.record, scenario.simulation.seed
    nodes = [host.name for host in hosts if host.node is not None]
    drawn = set(sorted(nodes, key=lambda node: stable_seed(seed, "recorded", node))[: table.sample])
    sample = tuple(node for node in nodes if node in drawn)
    uses = {host.name: host.uses_node for host in hosts}

    def meant(wanted: str | tuple[str, ...]) -> tuple[str, ...]:
        if isinstance(wanted, str):
            return {"none": (), "sample": sample, "all": tuple(nodes)}[wanted]
        named = {uses.get(member) for name in wanted for member in members_of(scenario, name)}
        return tuple(node for node in nodes if node in named)

    spreads = table.spreads or ("all" if len(nodes) <= ALL_SPREADS else "quantiles")
    if spreads == "sample" and len(sample) == len(nodes):
        spreads = "all"
    plan = RecordPlan(spreads=spreads, sampled=sample if spreads == "sample" else ())
    return msgspec.structs.replace(plan, **{key: meant(getattr(table, key)) for key in _KEYS_OF_NODES})
