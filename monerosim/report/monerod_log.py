"""Relays in the form of monerod's log, so that analyses that were written for it read them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from monerosim.events import ItemRelayed, PeerConnected, Record
from monerosim.plan.plan import Plan
from monerosim.runtime.clock import EPOCH

_CONNECTION = "INFO\tnet.p2p\tsrc/p2p/net_node.inl:2673"
_MESSAGE = "INFO\tnet.p2p.msg\tsrc/cryptonote_protocol/cryptonote_protocol_handler.inl:973"
_BLOCK = "INFO\tnet.p2p.msg\tsrc/cryptonote_protocol/cryptonote_protocol_handler.inl:546"
_STEM = "DEBUG\tnet.p2p.tx\tsrc/cryptonote_protocol/levin_notify.cpp:562"
"""Level, category and place of each line, as monerod 0.18.0.0 has them."""

LOG = "bitmonero.log"
"""What monerod calls its log."""

_FIRST_PORT, _PORTS = 32_768, 28_232
"""The ports that Linux gives to those who dial (ip_local_port_range)."""


def write_monerod_logs(plan: Plan, records: Iterable[Record], directory: Path) -> list[Path]:
    """Write the relays of a run as monerod would have logged them, as NODE/bitmonero.log for each recorded node.

    With ``net.p2p:INFO,net.p2p.msg:INFO,net.p2p.tx:DEBUG``, as far as connections, messages with transactions and
    blocks, and stems that were sent go. Times have the log's milliseconds. Any of monerod's threads reads a message;
    here each peer has one, and further ones for messages of one millisecond, so that their lines are told apart. What a
    node asked for is not told, as monerod does not tell it either.

    Args:
        plan: The run's plan.
        records: Its events; what is no connection and no relay is left out.
        directory: Where the nodes' folders go.

    Returns:
        The files, in the order of the nodes; none if no relays were recorded.

    Raises:
        OSError: A file cannot be written.
    """
    logs = _Logs(plan)
    messages: dict[tuple[int, str, str, str, int], list[str]] = {}
    for record in records:
        match record.data:
            case PeerConnected(peer=peer):
                logs.connection(record.t, record.participant, peer)
            case ItemRelayed(kind="fetched"):
                pass
            case ItemRelayed(item=item, kind=kind) as relayed:
                for at, sender, receiver, size in relayed.relays():
                    messages.setdefault((at, sender, receiver, kind, size), []).append(item)
            case _:
                pass
    for (at, sender, receiver, together, size), items in messages.items():
        # Nodes that have dialled each other send the same over both connections: dealt out, no item comes to one twice.
        count = -(-len(items) // size)
        for number in range(count):
            logs.message(at, sender, receiver, together, items[number::count])
    return logs.write(directory)


class _Logs:
    def __init__(self, plan: Plan) -> None:
        self._zero = datetime.fromtimestamp(EPOCH, UTC) + timedelta(microseconds=plan.time_zero)
        self._nodes = {host.name: (host, host.node) for host in plan.hosts if host.node is not None}
        self._recorded = set(plan.record.relays)
        self._lines: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._threads: dict[tuple[str, str, int], int] = {}
        self._together = Counter[tuple[str, str, int]]()
        """Messages of a millisecond."""

    def connection(self, at: int, dialler: str, listener: str) -> None:
        text = f"[{self._listens(listener)} {_id(dialler, listener)} OUT] NEW CONNECTION"
        self._add(at, dialler, listener, _CONNECTION, text)
        text = f"[{self._dials(dialler, listener)} {_id(listener, dialler)} INC] NEW CONNECTION"
        self._add(at, listener, dialler, _CONNECTION, text)

    def message(self, at: int, sender: str, receiver: str, kind: str, items: list[str]) -> None:
        # Stems go to those whom a node has dialled only.
        incoming = kind == "stem" or sender not in self._nodes[receiver][1].peers
        peer = f"{self._dials(sender, receiver)} INC" if incoming else f"{self._listens(sender)} OUT"
        if kind == "stem":
            text = f"Sent {len(items)} transaction(s) to {_id(sender, receiver)} using Dandelion++ stem"
            self._add(at, sender, receiver, _STEM, text)
        if kind == "block":
            text = f"[{peer}] Received NOTIFY_NEW_FLUFFY_BLOCK <{items[0]}> (height 0, 0 txes)"
            self._add(at, receiver, sender, _BLOCK, text)
            return
        lines = [f"[{peer}] Received NOTIFY_NEW_TRANSACTIONS ({len(items)} txes)"]
        lines += [f"Including transaction <{item}>" for item in items]
        before = receiver, sender, at // 1000
        self._add(at, receiver, sender, _MESSAGE, *lines, further=self._together[before])
        self._together[before] += 1

    def write(self, directory: Path) -> list[Path]:
        paths = []
        for node in filter(self._recorded.__contains__, self._nodes):
            paths.append(path := directory / node / LOG)
            path.parent.mkdir(parents=True, exist_ok=True)
            ordered = sorted(self._lines[node], key=lambda line: line[0])
            path.write_text("".join(text for _, text in ordered), encoding="ascii")
        return paths

    def _add(self, at: int, node: str, peer: str, origin: str, *texts: str, further: int = 0) -> None:
        when = (self._zero + timedelta(microseconds=at)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        thread = self._threads.setdefault((node, peer, further), len(self._threads))
        self._lines[node].append((at, "".join(f"{when}\t[P2P{thread}]\t{origin}\t{text}\n" for text in texts)))

    # Where a log did not tell whose an address is, that stands for the name.

    def _listens(self, name: str) -> str:
        if name not in self._nodes:
            return name
        host, node = self._nodes[name]
        return f"{host.address}:{node.p2p_port}"

    def _dials(self, dialler: str, listener: str) -> str:
        """Return the address from which a node dials, as whom it dials sees it."""
        if dialler not in self._nodes:
            return dialler
        port = _FIRST_PORT + int.from_bytes(_hash(dialler, listener)[:4]) % _PORTS
        return f"{self._nodes[dialler][0].address}:{port}"


def _id(node: str, peer: str) -> UUID:
    """Return what a node calls a connection to a peer."""
    return UUID(bytes=_hash(node, peer)[:16], version=4)


def _hash(one: str, other: str) -> bytes:
    return sha256(f"{one} {other}".encode()).digest()
