"""Files in the form of ethshadow: Shadow's sections, and nodes by location, reliability and clients.

Locations, reliabilities and defaults are those of lib/src/config/ethshadow.rs in its repository.
"""

from collections.abc import Mapping, Sequence
from itertools import product

from monerosim.importers.arguments import read_arguments
from monerosim.importers.draft import Draft
from monerosim.importers.flags import put_flags
from monerosim.importers.programs import put_program
from monerosim.importers.shadow_file import read_options
from monerosim.importers.source import Item, leave_each
from monerosim.importers.table import Table
from monerosim.importers.values import duration, text, whole, within
from monerosim.scenario.tables import MAX_COUNT

SECTIONS = ("monero", "ethereum")

REGIONS = {
    "australia": "oceania",
    "east_asia": "asia",
    "west_asia": "asia",
    "europe": "europe",
    "na_west": "north-america",
    "na_east": "north-america",
    "south_america": "south-america",
    "south_africa": "africa",
}
"""Locations, and the places of the topology ``regional`` that they are in."""

RELIABILITIES: Mapping[str, Mapping[str, object]] = {
    "reliable": {"bandwidth": "1 Gbit"},
    "home": {"bandwidth": "50 Mbit", "latency": "20ms", "loss": 0.001},
    "laggy": {"bandwidth": "50 Mbit", "latency": "300ms", "loss": 0.05},
    "constrained": {"bandwidth": "5 Mbit", "latency": "20ms", "loss": 0.001},
    "bad": {"bandwidth": "2 Mbit", "latency": "500ms", "loss": 0.2},
}
"""Lines, by what they are called."""

_OURS = {"monerod": "node", "monero-wallet-rpc": "wallet", "monero_wallet_rpc": "wallet"}
_FOREIGN = "they run no program of Monero"
_BUILDS = "the programs on PATH are run; `binary` of a node names another"
_SECTION = {
    "validators": "Monero has none",
    "genesis": "every run begins with a new chain",
    "topology": "places are the topology's: [network] topology",
    "shadow_path": "Shadow is looked for on PATH",
}
_NODE = dict.fromkeys(("base", "base_branch", "base_commit", "base_tag", "patches", "prs"), _BUILDS)


def is_ethshadow(data: Mapping[str, object]) -> bool:
    """Return whether a file has a section with nodes."""
    return any(isinstance(inner := data.get(section), Mapping) and "nodes" in inner for section in SECTIONS)


def read_ethshadow(draft: Draft) -> None:
    """Carry over the nodes that run programs of Monero, a group for each combination, and Shadow's own options."""
    read_options(draft)
    for name in SECTIONS:
        section = draft.source.root.get(name)
        if section is not None:
            leave_each(section.items(), _SECTION)
            _Section(draft, section, is_monero=name == "monero").read()


class _Section:
    """A section with nodes: its clients and lines are asked for by name."""

    def __init__(self, draft: Draft, section: Item, *, is_monero: bool) -> None:
        self._draft = draft
        self._section = section
        self._is_monero = is_monero

    def read(self) -> None:
        """Take in all nodes."""
        nodes = self._section.get("nodes")
        if nodes is None:
            return
        for node in nodes.elements():
            self._node(node)
        if isinstance(nodes.value, list):
            return
        if not self._is_monero:
            nodes.leave(_FOREIGN)
            return
        table = self._draft.participant()
        count = _number(nodes)
        if count is not None:
            table.set({}, "node")
            table.note(nodes, "node" if count == 1 else "count")
            self._draft.place("node", table, count)

    def _node(self, node: Item) -> None:
        """Take in a group of nodes for each combination of location, reliability and clients."""
        leave_each(node.items(), _NODE)
        layers = node.get("clients") or self._section.get("default_clients")
        clients = [_many(item) for _, item in ([] if layers is None else layers.items())]
        locations: list[Item | None] = [*_many(node.get("location") or node.get("locations"))] or [None]
        lines: list[Item | None] = [*_many(node.get("reliability") or node.get("reliabilities"))] or [None]
        combinations = list(product(locations, lines, product(*clients)))
        tables = [self._table(one) for _, _, one in combinations]
        if all(table.data == {} for table in tables):
            node.leave(_FOREIGN)
            return
        count, item = _count(node, len(combinations))
        for table, (location, line, _) in zip(tables, combinations, strict=True):
            if not table.data:
                continue
            if table.get("node") is None:
                table.add({}, "node", reason="a wallet needs one")
            if item is not None:
                table.note(item, *(["count"] if count != 1 else ["node"]))
            name = self._draft.place(_name(node, table), table, count)
            self._place(name, location, line)

    def _table(self, clients: Sequence[Item]) -> Table:
        """Return a participant with the programs of its clients; an empty one if none is Monero's."""
        table = self._draft.participant()
        for client in clients:
            settings = self._section.get("clients", str(client.value))
            kind = None if settings is None else settings.get("type")
            service = _OURS.get(str(client.value if kind is None else kind.value))
            if service is None:
                client.leave("no program of Monero")
                continue
            table.data.setdefault(service, {})
            table.note(client, service)
            if settings is not None:
                table.note(kind, service)
                put_program(table, settings.get("executable"), service)
                put_flags(table, read_arguments(settings.get("extra_args")), service)
        if not clients and self._is_monero:
            table.set({}, "node")
        return table

    def _place(self, name: str, location: Item | None, line: Item | None) -> None:
        """Carry over where a group is, and what its lines are like."""
        table = self._draft.participant()
        region = None if location is None else REGIONS.get(str(location.value))
        if region is not None:
            table.set(region, "place")
            table.note(location, "place", reason="latencies between continents are the topology's own")
            self._draft.top.add("regional", "network", "topology", reason="for the locations")
        elif location is not None:
            location.leave("not one of ethshadow's own locations: [network.places] has ours")
        if line is not None:
            self._line(table, line)
        if table.data:
            self._draft.top.set(table.data, "network", "places", name)
            table.settle("network", "places", name)

    def _line(self, table: Table, line: Item) -> None:
        own = self._section.get("reliabilities", str(line.value))
        if own is not None:
            table.put(own.get("added_latency"), duration, "latency")
            table.put(own.get("added_packet_loss"), within(0, 0.99), "loss")
            table.put(own.get("bandwidth_up"), text, "bandwidth")
            leave_each(own.items(), {"bandwidth_down": "a line of [network.places] has one bandwidth, that of uploads"})
            line.leave("its values are carried over one by one")
        elif str(line.value) in RELIABILITIES:
            table.data |= RELIABILITIES[str(line.value)]
            table.note(line, "bandwidth")
        else:
            line.leave("not one of ethshadow's own reliabilities, and the file does not say what it is")


def _many(item: Item | None) -> list[Item]:
    """Return what may be one or many."""
    if item is None:
        return []
    return item.elements() if isinstance(item.value, list) else [item]


def _number(item: Item) -> int | None:
    try:
        return whole(0, MAX_COUNT)(item.value)
    except ValueError as error:
        item.leave(str(error))
        return None


def _count(node: Item, combinations: int) -> tuple[int, Item | None]:
    """Return how many there are of each combination, one if nothing is said, and the value that says so."""
    each, total = node.get("count", "per_combination"), node.get("count", "total")
    item = each or total or node.get("count")
    number = None if item is None else _number(item)
    if item is None or number is None:
        return 1, None
    if item == each:
        return number, item
    if number % combinations:
        item.leave(f"it cannot be divided among {combinations} combinations: one of each")
        return 1, None
    return number // combinations, item


def _name(node: Item, table: Table) -> str:
    """Return what a group of nodes is called in the file, or else by what it runs."""
    item = node.get("tag") or node.get("name")
    if item is None or not isinstance(item.value, str):
        return "node"
    table.note(item, reason="its name")
    return item.value
