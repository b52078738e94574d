"""Networks of made-up scenarios: topologies, places, whom nodes dial, and which come and go."""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

from monerosim.runtime.rng import Rng
from monerosim.scenario.tables import Network, Place, Turnover
from monerosim.swarm.values import Values, duration
from monerosim.topology import load_topology, topology_names
from monerosim.topology.regional import REGIONS
from monerosim.units import SECOND

GRAPH = "graph.gml"
"""The graph that scenarios have beside them."""

PEERS = "peers.txt"
"""The file that says who dials whom."""

BANDWIDTHS = ("100 Mbit", "1 Gbit", "5 Mbit", "200 kbit", "10 Mbit/s", "1.5 gbit")

PLACES: Mapping[str, Sequence[str]] = {"regional": REGIONS, "file": ("west", "east")}
"""The names of the places of topologies that have such."""

_OF_PEERS = ("peers", "peers_file", "seed_nodes", "unreachable", "hidden")
"""Keys that go with who takes part."""


def _shares(*texts: str) -> Callable[[Rng], object]:
    return lambda rng: {text: rng.integer(1, 9) for text in texts if rng.random() < 0.7}  # noqa: PLR2004


TEXTS: Mapping[str, Callable[[Rng], object]] = {
    "bandwidth": lambda rng: rng.choice(BANDWIDTHS),
    "latency": lambda rng: duration(rng, SECOND // 1000, 3 * SECOND),
    "loss": lambda rng: round(rng.random() * (0.05 if rng.random() < 0.8 else 0.9), 4),  # noqa: PLR2004
    "mean": lambda rng: duration(rng, SECOND // 1000, SECOND),
    "least": lambda rng: duration(rng, 0, SECOND // 100),
    "epoch": lambda rng: duration(rng, 10 * SECOND, 900 * SECOND),
    "epoch_range": lambda rng: duration(rng, 0, 60 * SECOND),
    "embargo": lambda rng: f"{rng.integer(1, 100)}s",
    "flush_incoming": lambda rng: rng.integer(1, 100) / 4,
    "flush_outgoing": lambda rng: rng.integer(1, 100) / 4,
    "file": lambda _: GRAPH,
    "subnets": lambda rng: rng.choice([["5.6.0.0/16"], ["23.0.0.0/12", "91.4.7.0/24"]]),
    "bandwidths": _shares("200 kbit", "20 Mbit", "1 Gbit"),
    "latencies": _shares("10ms", "80ms", "0.4s"),
    "losses": _shares("0", "0.01", "0.2"),
    "regions": lambda rng: {name: rng.integer(1, 9) for name in REGIONS if rng.random() < 0.5} or {"asia": 1},  # noqa: PLR2004
}
"""How to draw the values of the network's keys."""


class NetworkMaker:
    """Draws the network of a scenario.

    Args:
        rng: The random numbers.
        values: What values are made of.
        turn: The scenario's number: each topology is there in turn.
        forks: Whether blocks are to come about as quickly as they spread.
    """

    def __init__(self, rng: Rng, values: Values, turn: int, *, forks: bool) -> None:
        self._rng = rng
        self._values = values
        self._turn = turn
        self._forks = forks

    def _often(self, probability: float) -> bool:
        return self._rng.random() < probability

    def network(self, groups: Sequence[str]) -> dict[str, Any]:
        """Draw what lies between groups of participants."""
        table = self._values.table(Network, leave=["topology", "places", *_OF_PEERS, "turnover"])
        if self._forks:
            table["latency"] = duration(self._rng, SECOND, 4 * SECOND)
        if self._often(0.95):
            around, place = divmod(self._turn, len(topology_names()))
            kind = topology_names()[place]
            options = self._values.table(load_topology(kind), share=0.7)
            # A text that is read before the topology has it, or the shares of several: one of the two.
            given, left = ("bandwidth", "bandwidths") if around % 2 else ("bandwidths", "bandwidth")
            options.pop(left, None)
            if self._often(0.9):
                options[given] = TEXTS[given](self._rng)
            for key in ("loss", "losses") if self._forks else ():
                options.pop(key, None)
            table["topology"] = {"kind": kind, **options} if options and self._often(0.95) else kind
            if kind == "file":
                table["topology"] = {"kind": kind, **options}
            if self._often(0.3):
                table["places"] = self._places(groups, PLACES.get(kind, ()))
        return table

    def _places(self, groups: Sequence[str], known: Sequence[str]) -> dict[str, Any]:
        """Place some participants, by name where places have names, and give some lines of their own."""
        chosen = [group for group in groups if self._often(0.5)]
        found: dict[str, Any] = {group: self._values.table(Place, leave=["place"]) for group in chosen}
        for name, own in found.items():
            if known and self._often(0.6):
                place = self._rng.choice(known)
                found[name] = {**own, "place": place} if own else place
        return found

    def peers(self, participants: Mapping[str, Mapping[str, Any]], *, modelled: bool) -> dict[str, Any]:
        """Draw how nodes have their peers; some that are dialled by others anyway cannot be dialled."""
        owners = _owners(participants)
        if modelled and self._often(0.5):
            table: dict[str, Any] = {"peers": "discovered"}
            if owners and self._often(0.6):
                table["seed_nodes"] = owners[:2]
            return table
        for name in owners[1:]:
            participants[name]["node"]["reach"] = self._rng.choice(["reachable", "unreachable", "hidden"])
        return {"unreachable": 0.1, "hidden": 0.1, **({"peers": "random"} if self._often(0.5) else {})}

    def listed_peers(self, participants: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Have all nodes dial each other by name, or by a file."""
        owners = _owners(participants)
        if self._often(0.5):
            return {"peers": "file", "peers_file": PEERS}
        for name in owners:
            participants[name]["node"]["peers"] = owners
        return {"peers": "explicit"}

    def turnover(self, participants: Mapping[str, Mapping[str, Any]], until: int) -> dict[str, Any]:
        """Draw which nodes come and go, and how often in a time, microseconds."""
        nodes = _owners(participants)
        table = self._values.table(Turnover, leave=["among", "session", "downtime"])
        for key in ("session", "downtime"):
            if self._often(0.7):
                table[key] = duration(self._rng, 10 * SECOND, until)
        return {**table, "among": [self._rng.choice(nodes)]} if nodes and self._often(0.5) else table


def _owners(participants: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return who has the table of a node."""
    return [name for name, table in participants.items() if isinstance(table.get("node"), dict)]


def peers_file(document: Mapping[str, Any]) -> bytes:
    """Return the file of peers that goes with a scenario, a damaged one too: all with the table of a node dial all."""
    participants = document.get("participants")
    tables = participants if isinstance(participants, dict) else {}
    owners = _owners({name: table for name, table in tables.items() if isinstance(table, dict)})
    return "".join(f"{one} {other}\n" for one, other in permutations(owners, 2)).encode("utf-8", "replace")
