"""The topology in GML, for Shadow."""

from decimal import Decimal

from monerosim.plan.plan import TopologyPlan


def to_gml(topology: TopologyPlan) -> str:
    """Return a topology as a GML graph with a node for each place and an edge for each link.

    Attributes and units are those of Shadow's docs/network_graph_spec.md and src/main/utility/units.rs.

    Raises:
        ValueError: A link has no latency, which Shadow refuses.
    """
    lines = ["graph [", "  directed 0"]
    for place, (up, down) in enumerate(
        zip(topology.bandwidth, topology.bandwidth_down or topology.bandwidth, strict=True)
    ):
        lines += ["  node [", f"    id {place}"]
        if up:
            lines += [f'    host_bandwidth_down "{down} bit"', f'    host_bandwidth_up "{up} bit"']
        lines.append("  ]")
    for link in topology.links:
        if link.latency <= 0:
            raise ValueError(f"the link between places {link.source} and {link.target} needs a latency above 0")
        # never in exponent notation, and with a point: Shadow requires a floating-point number
        loss = f"{Decimal(repr(float(link.loss))):f}"
        lines += [
            "  edge [",
            f"    source {link.source}",
            f"    target {link.target}",
            f'    latency "{link.latency} us"',
            f"    packet_loss {loss}",
            "  ]",
        ]
    return "\n".join([*lines, "]", ""])
