"""The modelled network of a plan."""

from collections.abc import Sequence

import msgspec

from monerosim.config import load_config
from monerosim.model.rules import HardFork
from monerosim.monero.versions import parse_version
from monerosim.network.dandelion import Dandelion
from monerosim.network.queues import FLUSH_STEP
from monerosim.network.relay import Link, RelayNetwork, RelayTimings
from monerosim.network.uplinks import Uplinks
from monerosim.network.verification import Verification
from monerosim.plan.plan import HostPlan, Plan, RelayPlan, RulePlan
from monerosim.plugins import PluginFiles
from monerosim.rules import Rule, load_rule
from monerosim.topology.paths import paths_between
from monerosim.units import SECOND


def network_of(plan: Plan) -> RelayNetwork:
    """Build the network of a plan: its hosts that have a node, in the plan's order.

    Where places have no direct link, latency and loss are those of the way of least latency, as Shadow's
    ``use_shortest_path`` has it.

    Raises:
        ValueError: A node dials a host that has no node, or there is no way to it.
    """
    hosts = {host.name: host for host in plan.hosts if host.node is not None}
    nodes = {host.name: host.node for host in plan.hosts if host.node is not None}
    index = {name: position for position, name in enumerate(nodes)}
    place = plan.topology.places
    dialled = [(name, peer) for name, node in nodes.items() for peer in node.peers]
    for name, peer in dialled:
        if peer not in index:
            raise ValueError(f"{name} dials {peer}, which has no node")
    ways = paths_between(plan.topology, {(place[name], place[peer]) for name, peer in dialled})
    links = []
    for name, peer in dialled:
        latency, loss = ways[place[name], place[peer]]
        bandwidth = min(bandwidth_of(plan, hosts[name]), bandwidth_of(plan, hosts[peer]))
        links.append(Link(index[name], index[peer], latency, loss, bandwidth))
    ready = [node.start + node.ready_after for node in nodes.values()]
    relay, dandelion = (RelayTimings(), Dandelion()) if plan.relay is None else _settings(plan.relay)
    return RelayNetwork(
        seed=plan.seed,
        names=tuple(nodes),
        links=links,
        relay=relay,
        dandelion=dandelion,
        ready=ready,
        begin=[node.start for node in nodes.values()],
        versions=versions_of(plan),
        uplinks=Uplinks.of_slow([_uplink_of(plan, host) for host in hosts.values()]),
    )


def bandwidth_of(plan: Plan, host: HostPlan) -> int:
    """Return the bits a second of a host's node: of the slower way, and as far as its flags allow."""
    place = plan.topology.places[host.name]
    down = plan.topology.bandwidth_down or plan.topology.bandwidth
    return min(_uplink_of(plan, host), down[place])


def _uplink_of(plan: Plan, host: HostPlan) -> int:
    """Return the bits a second that a host's node sends, as far as its flags allow."""
    own = plan.topology.bandwidth[plan.topology.places[host.name]]
    return own if host.node is None or host.node.rate_limit is None else min(own, host.node.rate_limit)


def _settings(plan: RelayPlan) -> tuple[RelayTimings, Dandelion]:
    block, transaction = plan.block_verification, plan.transaction_verification
    timings = RelayTimings(
        block=Verification(mean=block.mean, distribution=block.distribution, least=block.least),
        transaction=Verification(mean=transaction.mean, distribution=transaction.distribution, least=transaction.least),
    )
    dandelion = Dandelion(
        stems=plan.stems,
        fluff_probability=plan.fluff_probability,
        epoch=plan.epoch,
        epoch_range=plan.epoch_range,
        embargo=plan.embargo // SECOND,
        flush_incoming=plan.flush_incoming // FLUSH_STEP,
        flush_outgoing=plan.flush_outgoing // FLUSH_STEP,
    )
    return timings, dandelion


def rules_of(plan: Plan, files: PluginFiles) -> list[tuple[Rule, ...]] | None:
    """Return the rules of each node of a plan that take the place of monerod's; like ones are one object.

    Args:
        plan: The plan.
        files: The files that it names.

    Returns:
        In the plan's order; None if all nodes go by monerod's.
    """
    nodes = [host.node for host in plan.hosts if host.node is not None]
    if not any(node.rules for node in nodes):
        return None
    made: dict[bytes, tuple[Rule, ...]] = {}
    own = []
    for node in nodes:
        key = msgspec.json.encode(node.rules, order="deterministic")
        if key not in made:
            made[key] = _made(node.rules, files)
        own.append(made[key])
    return own


def hard_forks_of(plan: Plan, files: PluginFiles) -> list[HardFork]:
    """Return the hard forks of a plan.

    Args:
        plan: The plan.
        files: The files that it names.
    """
    forks = plan.consensus.hard_forks
    return [HardFork(fork.height, parse_version(fork.since), _made(fork.rules, files)) for fork in forks]


def _made(rules: Sequence[RulePlan], files: PluginFiles) -> tuple[Rule, ...]:
    return tuple(load_config(rule.config, load_rule(rule.use, files)) for rule in rules)


def versions_of(plan: Plan) -> list[tuple[int, ...]]:
    """Return the version of monerod that each node of a plan runs, in the plan's order."""
    nodes = (host.node for host in plan.hosts if host.node is not None)
    return [parse_version(node.version) for node in nodes]
