"""Reading graphs: Shadow's GML, GraphML, and lists of edges.

GML is read here and not by networkx, which takes forty seconds for a million edges and knows no line of what is wrong.
Attributes are those of Shadow's docs/network_graph_spec.md: ``host_bandwidth_up`` and ``host_bandwidth_down`` of nodes,
``latency`` and ``packet_loss`` of edges.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from monerosim.topology.places import TopologyError, read_bandwidth, read_latency, read_loss

T = TypeVar("T")
D = TypeVar("D")

MOST_PLACES = 200_000
MOST_LINKS = 2_000_000

_VALUE = r'(?:"[^"]*"|[^\s\[\]"]+)'
_BLOCK = re.compile(r'\b(node|edge)\s*\[([^\[\]"]*(?:"[^"]*"[^\[\]"]*)*)\]')
_PAIR = re.compile(rf"([A-Za-z]\w*)\s+({_VALUE})")
_BETWEEN = re.compile(rf"\s*(?:(?:graph\s*\[|\]|[A-Za-z]\w*\s+{_VALUE})\s*)*")
_COMMENT = re.compile(r"(?m)^[ \t]*#.*$")
_DIRECTED = re.compile(r"\bdirected\s+1\b")


class GraphPlace(NamedTuple):
    """A node of a graph."""

    name: str
    up: int
    """Bits a second; 0 where the file has none, as is ``down``."""
    down: int


class GraphLink(NamedTuple):
    """An edge of a graph."""

    source: int
    target: int
    latency: int
    """Microseconds; 0 where the file has none."""
    loss: float | None
    """None where the file has none."""
    where: str
    """Where it stands, for messages."""


class Graph(NamedTuple):
    """What a file has."""

    places: list[GraphPlace]
    links: list[GraphLink]


class _Item(NamedTuple):
    where: str
    values: Mapping[str, str]


def read_graph(name: str, data: bytes) -> Graph:
    """Read a graph, in the form that its file's name ends with.

    Args:
        name: The file's name, for messages.
        data: Its bytes.

    Raises:
        TopologyError: It is no such graph; the message has the line, or the node or edge.
    """
    ending = name.rpartition(".")[2].lower()
    readers: dict[str, Callable[[str, str], Graph]] = {
        "gml": _read_gml,
        "graphml": _read_graphml,
        "edges": _read_edges,
        "txt": _read_edges,
    }
    if ending not in readers:
        raise TopologyError(f"{name}: the name of a graph ends with {', '.join(f'.{it}' for it in readers)}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise TopologyError(f"{name}: not UTF-8: {error}") from error
    graph = readers[ending](name, text)
    if not graph.places:
        raise TopologyError(f"{name}: there are no nodes")
    return graph


def _read_gml(name: str, text: str) -> Graph:
    nodes: list[_Item] = []
    edges: list[_Item] = []
    line, end = 1, 0
    text = _COMMENT.sub("", text)
    around = []
    for block in _BLOCK.finditer(text):
        between = text[end : block.start()]
        if not between.isspace():
            _check_between(name, text, end, between)
            around.append(between)
        line += text.count("\n", end, block.start())
        values = {key: value.strip('"') for key, value in _PAIR.findall(block[2])}
        (nodes if block[1] == "node" else edges).append(_Item(f"{name}:{line}", values))
        line += text.count("\n", block.start(), block.end())
        end = block.end()
    _check_between(name, text, end, text[end:])
    around.append(text[end:])
    head = "".join(around)
    if not re.search(r"\bgraph\s*\[", head) or head.count("[") != head.count("]"):
        raise TopologyError(f"{name}: expected graph [ ... ], with a ] for each [")
    return _graph(name, nodes, edges, directed=_DIRECTED.search(head) is not None)


def _check_between(name: str, text: str, begin: int, between: str) -> None:
    match = _BETWEEN.match(between)
    good = match.end() if match is not None else 0
    if good < len(between):
        line = text.count("\n", 0, begin + good) + 1
        raise TopologyError(f"{name}:{line}: expected node [ ... ] or edge [ ... ], got {between[good : good + 40]!r}")


def _read_graphml(name: str, text: str) -> Graph:
    import networkx as nx  # noqa: PLC0415  (of use here alone, and slow to import)

    if "<!" in text.replace("<!--", ""):
        raise TopologyError(f"{name}: a document type is not read")
    try:
        graph = nx.parse_graphml(text)
    except Exception as error:
        raise TopologyError(f"{name}: no GraphML: {type(error).__name__}: {error}") from error

    def values(found: Mapping[str, object]) -> dict[str, str]:
        return {key: str(value) for key, value in found.items()}

    nodes = [_Item(f"{name}: node {it}", {**values(found), "id": str(it)}) for it, found in graph.nodes(data=True)]
    edges = [
        _Item(f"{name}: edge {one} - {two}", {**values(found), "source": str(one), "target": str(two)})
        for one, two, found in graph.edges(data=True)
    ]
    return _graph(name, nodes, edges, directed=graph.is_directed())


def _read_edges(name: str, text: str) -> Graph:
    edges: list[_Item] = []
    seen: dict[str, _Item] = {}
    for number, line in enumerate(text.splitlines(), 1):
        columns = line.partition("#")[0].replace(",", " ").split()
        if not columns:
            continue
        where = f"{name}:{number}"
        if not 2 <= len(columns) <= 4:  # noqa: PLR2004
            raise TopologyError(f"{where}: expected SOURCE TARGET [LATENCY [LOSS]], got {len(columns)} columns")
        edges.append(_Item(where, dict(zip(("source", "target", "latency", "packet_loss"), columns, strict=False))))
        for end in columns[:2]:
            seen.setdefault(end, _Item(where, {"id": end}))
    return _graph(name, list(seen.values()), edges, directed=False)


def _graph(name: str, nodes: Sequence[_Item], edges: Sequence[_Item], *, directed: bool) -> Graph:
    if len(nodes) > MOST_PLACES or len(edges) > MOST_LINKS:
        most = f"at most {MOST_PLACES} nodes and {MOST_LINKS} edges"
        raise TopologyError(f"{name}: {len(nodes)} nodes and {len(edges)} edges are too many: {most}")
    index: dict[str, int] = {}
    for node in nodes:
        identity = node.values.get("id")
        if identity is None:
            raise TopologyError(f"{node.where}: the node has no id")
        if identity in index:
            raise TopologyError(f"{node.where}: there is a node {identity} before")
        index[identity] = len(index)
    labels = [node.values.get("label", "") for node in nodes]
    names = labels if len(set(labels)) == len(labels) else list(index)
    bandwidth, latency, loss = cache(read_bandwidth), cache(read_latency), cache(read_loss)
    places = [
        GraphPlace(
            given,
            _value(node, "host_bandwidth_up", bandwidth, 0),
            _value(node, "host_bandwidth_down", bandwidth, 0),
        )
        for given, node in zip(names, nodes, strict=True)
    ]
    links = [
        GraphLink(
            _end(edge, "source", index),
            _end(edge, "target", index),
            _value(edge, "latency", latency, 0),
            _value(edge, "packet_loss", loss, None),
            edge.where,
        )
        for edge in edges
    ]
    return Graph(places, list(_once(links, names, directed=directed)))


def _end(edge: _Item, key: str, index: Mapping[str, int]) -> int:
    identity = edge.values.get(key)
    if identity is None:
        raise TopologyError(f"{edge.where}: the edge has no {key}")
    if identity not in index:
        raise TopologyError(f"{edge.where}: there is no node {identity[:40]}")
    return index[identity]


def _value(item: _Item, key: str, read: Callable[[str], T], default: D) -> T | D:
    given = item.values.get(key)
    if given is None:
        return default
    try:
        return read(given)
    except ValueError as error:
        raise TopologyError(f"{item.where}: {key}: {error}") from error


def _once(links: Sequence[GraphLink], names: Sequence[str], *, directed: bool) -> Iterator[GraphLink]:
    """Return each link once; of a directed graph both directions have to be alike."""
    seen: dict[tuple[int, int], GraphLink] = {}
    for link in links:
        pair = (min(link[:2]), max(link[:2]))
        before = seen.setdefault(pair, link)
        between = f"between {names[pair[0]]} and {names[pair[1]]}"
        if before is link:
            yield link
        elif not directed or before[:2] == link[:2]:
            raise TopologyError(f"{link.where}: there is a link {between} before ({before.where})")
        elif before[2:4] != link[2:4]:
            raise TopologyError(f"{link.where}: the link {between} is another one than its way back ({before.where})")
