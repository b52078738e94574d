"""The network of a plan: who is connected with whom, how far apart nodes are, and a drawing of it."""

from collections.abc import Mapping, Sequence
from statistics import mean, median_grouped, quantiles
from typing import NamedTuple
from xml.sax.saxutils import escape

from monerosim.engines.embedded.discovered import discovery_of
from monerosim.network.discovery import DROP_INTERVAL
from monerosim.plan.plan import Plan
from monerosim.topology.paths import Paths
from monerosim.units import SECOND

MOST_DRAWN = 2_000
"""Nodes of the largest network that is drawn."""

_MOST_PAIRS = 20_000
_SIZE = 900
_MARGIN = 20
_COLOURS = {"reachable": "#1f77b4", "unreachable": "#bbbbbb", "hidden": "#d62728"}


class NetworkMap(NamedTuple):
    """Who is connected with whom."""

    reach: Mapping[str, str]
    """Of each node, in the order of their names."""
    dials: Mapping[str, Sequence[str]]
    """Whom each node dials."""
    lasted: Sequence[int]
    """How many drops each connection outlasted, where peers are discovered: of those that began in the first half of
    the time but not in its first eighth, when the network only forms. What is there to the end outlasts all."""


def network_map(plan: Plan, after: int) -> NetworkMap:
    """Return the connections of a plan's nodes.

    Args:
        plan: The plan.
        after: Where nodes find their peers, how long they have done so, microseconds.
    """
    nodes = {host.name: host.node for host in plan.hosts if host.node is not None}
    reach = {name: node.reach for name, node in nodes.items()}
    if plan.discovery is None:
        return NetworkMap(reach, {name: node.peers for name, node in nodes.items()}, ())
    names = list(nodes)
    discovery = discovery_of(plan, plan.discovery)
    begun: dict[tuple[int, int], int] = {}
    spans = []
    for change in discovery.advance(after):
        if change.is_open:
            begun[change[1:3]] = change.at
        else:
            since = begun.pop(change[1:3])
            spans.append((since, change.at - since))
    spans += [(since, after) for since in begun.values()]
    lasted = [round(took / DROP_INTERVAL) for since, took in spans if after // 8 < since < after // 2]
    dials = {name: tuple(names[peer] for peer in discovery.outgoing(place)) for place, name in enumerate(names)}
    return NetworkMap(reach, dials, lasted)


def describe(plan: Plan, found: NetworkMap) -> list[tuple[str, str]]:
    """Return what there is to say of a network: a name and a value each."""
    import networkx as nx  # noqa: PLC0415  (slow to import)

    incoming = dict.fromkeys(found.dials, 0)
    for peers in found.dials.values():
        for peer in peers:
            incoming[peer] += 1
    graph = nx.Graph()
    graph.add_nodes_from(found.dials)
    graph.add_edges_from((name, peer) for name, peers in found.dials.items() for peer in peers)
    parts = sorted(nx.connected_components(graph), key=len, reverse=True)
    reachable = [incoming[name] for name, reach in found.reach.items() if reach == "reachable"]
    count = len(found.dials)
    lines = [
        ("nodes", str(count)),
        ("not reachable", f"{1 - len(reachable) / count:.1%}" if count else "-"),
        ("connections", str(graph.number_of_edges())),
        ("outgoing", _spread([len(peers) for peers in found.dials.values()])),
        ("incoming, reachable", _spread(reachable)),
        ("all", _spread([degree for _, degree in graph.degree()])),
        ("parts", str(len(parts))),
        ("diameter", str(nx.diameter(graph.subgraph(parts[0]), usebounds=True)) if parts else "-"),
        ("latency (ms)", _latencies(plan, found)),
    ]
    if found.lasted:
        middle = (median_grouped(found.lasted) - 0.5) * DROP_INTERVAL / SECOND / 60
        lines.append(("connections lasted", f"median {middle:.1f} min"))
        lines.append(("mainnet, measured", "median 23 min; 13.2 % of nodes have 82.9 % of connections, 0.7 % over 250"))
    return lines


def _spread(numbers: Sequence[int]) -> str:
    if not numbers:
        return "none"
    ranked = sorted(numbers)
    return f"mean {mean(ranked):.2f}, least {ranked[0]}, median {ranked[len(ranked) // 2]}, most {ranked[-1]}"


def _latencies(plan: Plan, found: NetworkMap) -> str:
    """Return quantiles of the latencies of connections, one way."""
    paths, places = Paths(plan.topology), plan.topology.places
    pairs = [(name, peer) for name, peers in found.dials.items() for peer in peers]
    step = max(len(pairs) // _MOST_PAIRS, 1)
    each = [paths.between(places[name], places[peer])[0] / 1_000 for name, peer in pairs[::step]]
    if len(each) < 2:  # noqa: PLR2004
        return f"{each[0]:g}" if each else "-"
    tenths = quantiles(each, n=10, method="inclusive")
    return f"least {min(each):g}, 10 % {tenths[0]:g}, median {tenths[4]:g}, 90 % {tenths[8]:g}, most {max(each):g}"


def draw(plan: Plan, found: NetworkMap) -> str:
    """Return the connections as SVG; nodes are larger the more connections they have.

    Raises:
        ValueError: There are more than :data:`MOST_DRAWN` nodes.
    """
    import networkx as nx  # noqa: PLC0415

    if len(found.dials) > MOST_DRAWN:
        raise ValueError(f"a network of {len(found.dials)} nodes is not drawn: {MOST_DRAWN} at most")
    graph = nx.Graph()
    graph.add_nodes_from(found.dials)
    graph.add_edges_from((name, peer) for name, peers in found.dials.items() for peer in peers)
    placed = nx.spring_layout(graph, seed=1, iterations=30)
    scale = (_SIZE - 2 * _MARGIN) / 2
    at = {name: (_SIZE / 2 + scale * float(x), _SIZE / 2 + scale * float(y)) for name, (x, y) in placed.items()}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" font-family="sans-serif">',
        f'<rect width="{_SIZE}" height="{_SIZE}" fill="white"/>',
    ]
    for one, two in graph.edges:
        ends = f'x1="{at[one][0]:.1f}" y1="{at[one][1]:.1f}" x2="{at[two][0]:.1f}" y2="{at[two][1]:.1f}"'
        lines.append(f'<line {ends} stroke="#000" stroke-opacity="0.12"/>')
    names = plan.topology.names
    for name, (x, y) in at.items():
        place = f", {names[plan.topology.places[name]]}" if names else ""
        told = f"{name}, {found.reach[name]}{place}: {graph.degree(name)} connections"
        radius = 2 + graph.degree(name) ** 0.5 / 2
        circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{_COLOURS[found.reach[name]]}">'
        lines.append(f"{circle}<title>{escape(told)}</title></circle>")
    for row, (reach, colour) in enumerate(_COLOURS.items()):
        lines.append(f'<circle cx="16" cy="{16 + 18 * row}" r="5" fill="{colour}"/>')
        lines.append(f'<text x="28" y="{20 + 18 * row}" font-size="12">{reach}</text>')
    return "\n".join([*lines, "</svg>", ""])
