"""Hosts that are elsewhere, or have other lines, than their topology has it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import msgspec

from monerosim.plan.plan import LinkPlan, TopologyPlan
from monerosim.topology.places import TopologyError


class Own(NamedTuple):
    """What a host has of its own."""

    place: str = ""
    """The name of its place."""
    bandwidth: int = 0
    """Bits a second up and down; 0 for that of its place."""
    latency: int = 0
    """Microseconds, one way, beside those of its place's links."""
    loss: float = 0.0
    """Share of packets, beside that of its place's links."""


class UnknownPlaceError(TopologyError):
    """A host is to be at a place that there is not.

    Args:
        message: For the user.
        place: What was asked for.
    """

    def __init__(self, message: str, place: str) -> None:
        super().__init__(message)
        self.place = place


class _Variant(NamedTuple):
    place: int
    latency: int
    loss: float


def with_own(plan: TopologyPlan, own: Mapping[str, Own]) -> TopologyPlan:
    """Return a topology with hosts at their own places and on their own lines.

    A host that is not alone at its place, or whose line is longer, gets a place beside it with the same links; hosts
    that have the same share one.

    Args:
        plan: The topology.
        own: Of the hosts that have something of their own.

    Raises:
        UnknownPlaceError: There is no such place.
    """
    places = {**plan.places, **{host: _find(plan, it.place) for host, it in own.items() if it.place}}
    alone = Counter(places.values())
    up, down = list(plan.bandwidth), list(plan.bandwidth_down or plan.bandwidth)
    names = list(plan.names)
    variants: dict[int, list[_Variant]] = {}
    beside: dict[tuple[int, int, int, float], int] = {}
    for host in sorted(own):
        it, place = own[host], places[host]
        if it.bandwidth and alone[place] == 1 and not it.latency and not it.loss:
            up[place] = down[place] = it.bandwidth
        elif it.bandwidth or it.latency or it.loss:
            like = (place, it.bandwidth, it.latency, it.loss)
            if like not in beside:
                beside[like] = len(up)
                variants.setdefault(place, [_Variant(place, 0, 0.0)]).append(_Variant(len(up), it.latency, it.loss))
                up.append(it.bandwidth or up[place])
                down.append(it.bandwidth or down[place])
                names += [plan.names[place]] if plan.names else []
            places[host] = beside[like]
    links = plan.links if not variants else tuple(_links(plan, variants))
    different = tuple(down) if down != up else ()
    return msgspec.structs.replace(
        plan, bandwidth=tuple(up), bandwidth_down=different, links=links, places=places, names=tuple(names)
    )


def _find(plan: TopologyPlan, name: str) -> int:
    if name in plan.names:
        return plan.names.index(name)
    near = get_close_matches(name, plan.names, 1)
    few = 20
    hint = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(plan.names[:few])}" if plan.names else ""
    message = f'there is no place "{name[:40]}": {hint or "the places of this topology have no names"}'
    raise UnknownPlaceError(message, name)


def _links(plan: TopologyPlan, variants: Mapping[int, list[_Variant]]) -> Iterator[LinkPlan]:
    """Return the links, each for all variants of its ends."""
    for link in plan.links:
        one = variants.get(link.source, [_Variant(link.source, 0, 0.0)])
        two = variants.get(link.target, [_Variant(link.target, 0, 0.0)])
        for a, b in combinations_with_replacement(one, 2) if link.source == link.target else product(one, two):
            kept = (1 - link.loss) * (1 - a.loss) * (1 - b.loss)
            loss = 1 - kept if a.loss or b.loss else link.loss
            yield LinkPlan(source=a.place, target=b.place, latency=link.latency + a.latency + b.latency, loss=loss)
