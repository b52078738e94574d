"""Relays in the form of monerod's log, so that analyses that were written for it read them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from monerosim.events import PeerConnected, Record, Relayed
from monerosim.plan.plan import HostPlan, NodePlan, Plan
from monerosim.runtime.clock import EPOCH

_CONNECTION = "INFO\tnet.p2p\tsrc/p2p/net_node.inl:2673"
_MESSAGE = "INFO\tnet.p2p.msg\tsrc/cryptonote_protocol/cryptonote_protocol_handler.inl:973"
_BLOCK = "INFO\tnet.p2p.msg\tsrc/cryptonote_protocol/cryptonote_protocol_handler.inl:546"
_STEM = "DEBUG\tnet.p2p.tx\tsrc/cryptonote_protocol/levin_notify.cpp:562"
"""Level, category and place of each line, as monerod 0.18.0.0 has them."""

_FIRST_PORT, _PORTS = 32_768, 28_232
"""The ports that Linux gives to those who dial (ip_local_port_range)."""


def write_monerod_logs(plan: Plan, records: Iterable[Record], directory: Path) -> list[Path]:
    """Write the relays of a run as each node's monerod would have logged them, as NODE.log.

    With ``net.p2p:INFO,net.p2p.msg:INFO,net.p2p.tx:DEBUG``, as far as connections, messages with transactions and
    blocks, and stems that were sent go. Times have the log's milliseconds.

    Args:
        plan: The run's plan.
        records: Its events; what is no connection and no relay is left out.
        directory: Where the logs go; it is there.

    Returns:
        The files, in the order of the nodes.

    Raises:
        OSError: A file cannot be written.
    """
    logs = _Logs(plan)
    messages: dict[tuple[int, str, str, str], list[str]] = {}
    for record in records:
        match record.data:
            case PeerConnected(peer=peer):
                logs.connection(record.t, record.participant, peer)
            case Relayed(item=item, sender=sender, kind=kind, message=1):
                logs.message(record.t, sender, record.participant, kind, [item])
            case Relayed(item=item, sender=sender, kind=kind):
                messages.setdefault((record.t, sender, record.participant, kind), []).append(item)
            case _:
                pass
    for (at, sender, receiver, together), items in messages.items():
        logs.message(at, sender, receiver, together, items)
    return logs.write(directory)


class _Logs:
    def __init__(self, plan: Plan) -> None:
        self._zero = datetime.fromtimestamp(EPOCH, UTC) + timedelta(microseconds=plan.time_zero)
        self._nodes = {host.name: (host, host.node) for host in plan.hosts if host.node is not None}
        self._lines: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)

    def connection(self, at: int, dialler: str, listener: str) -> None:
        self._add(at, dialler, _CONNECTION, f"[{self._listens(listener)} {_id(dialler, listener)} OUT] NEW CONNECTION")
        text = f"[{self._dials(dialler, listener)} {_id(listener, dialler)} INC] NEW CONNECTION"
        self._add(at, listener, _CONNECTION, text)

    def message(self, at: int, sender: str, receiver: str, kind: str, items: list[str]) -> None:
        # Stems go to those whom a node has dialled only.
        incoming = kind == "stem" or sender not in self._node(receiver)[1].peers
        peer = f"{self._dials(sender, receiver)} INC" if incoming else f"{self._listens(sender)} OUT"
        if kind == "stem":
            text = f"Sent {len(items)} transaction(s) to {_id(sender, receiver)} using Dandelion++ stem"
            self._add(at, sender, _STEM, text)
        if kind == "block":
            self._add(
                at, receiver, _BLOCK, f"[{peer}] Received NOTIFY_NEW_FLUFFY_BLOCK <{items[0]}> (height 0, 0 txes)"
            )
            return
        lines = [f"[{peer}] Received NOTIFY_NEW_TRANSACTIONS ({len(items)} txes)"]
        self._add(at, receiver, _MESSAGE, *lines, *(f"Including transaction <{item}>" for item in items))

    def write(self, directory: Path) -> list[Path]:
        paths = []
        for node in self._nodes:
            paths.append(path := directory / f"{node}.log")
            ordered = sorted(self._lines[node], key=lambda line: line[0])
            path.write_text("".join(text for _, text in ordered), encoding="ascii")
        return paths

    def _add(self, at: int, node: str, origin: str, *texts: str) -> None:
        when = (self._zero + timedelta(microseconds=at)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        self._lines[node].append((at, "".join(f"{when}\t[P2P0]\t{origin}\t{text}\n" for text in texts)))

    def _node(self, name: str) -> tuple[HostPlan, NodePlan]:
        return self._nodes[name]

    def _listens(self, name: str) -> str:
        host, node = self._node(name)
        return f"{host.address}:{node.p2p_port}"

    def _dials(self, dialler: str, listener: str) -> str:
        """Return the address from which a node dials, as whom it dials sees it."""
        port = _FIRST_PORT + int.from_bytes(_hash(dialler, listener)[:4]) % _PORTS
        return f"{self._node(dialler)[0].address}:{port}"


def _id(node: str, peer: str) -> UUID:
    """Return what a node calls a connection to a peer."""
    return UUID(bytes=_hash(node, peer)[:16], version=4)


def _hash(one: str, other: str) -> bytes:
    return sha256(f"{one} {other}".encode()).digest()
