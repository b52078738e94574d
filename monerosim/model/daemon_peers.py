"""The methods of monerod that deal with its peers (src/rpc/core_rpc_server.cpp, src/p2p/net_node.inl)."""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated

from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import NOT_HEEDED, Methods
from monerosim.model.node_state import RPC_PAYMENT_FIELDS, STATUS_OK, Limits, NodeState
from monerosim.model.parameters import I64, U32, UNHEEDED, Parameters
from monerosim.model.views import View
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

METHODS: Methods[NodeState] = Methods()


@METHODS.method(Parameters, "get_connections")
def get_connections(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_connections."""
    connections = _connections(node, node.view())
    return {"connections": connections, **STATUS_OK} if connections else dict(STATUS_OK)


@METHODS.method(Parameters, "sync_info")
def sync_info(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer sync_info."""
    view = node.view()
    peers: list[Json] = [{"info": peer} for peer in _connections(node, view)]
    return {
        **({"peers": peers} if peers else {}),
        "height": view.tip.height + 1,
        "next_needed_pruning_seed": 1,
        "overview": "[]",
        "target_height": 0,
        **RPC_PAYMENT_FIELDS,
        **STATUS_OK,
    }


def _connections(node: NodeState, view: View) -> list[Json]:
    blockchain = node.blockchain
    connections: list[Json] = []
    for peer, other in node.connected(view):
        host, _, port = other.address.rpartition(":")
        # Each end has its own name for a connection.
        identity = blockchain.digest("connection", str(node.index).encode(), str(peer.node).encode())
        since = max(node.ready_at, other.ready_at)
        if node.peering is not None:
            since = node.peering.since(node.index, peer.node, incoming=peer.incoming)
        live = (view.at - since) // SECOND
        connections.append(
            {
                "address": other.address,
                "address_type": 1,
                "avg_download": 0,
                "avg_upload": 0,
                "connection_id": identity[:16].hex(),
                "current_download": 0,
                "current_upload": 0,
                "height": min(blockchain.view(peer.node, view.at).tip.height, view.tip.height) + 1,
                "host": host,
                "incoming": peer.incoming,
                "ip": host,
                "live_time": live,
                "local_ip": False,
                "localhost": False,
                "peer_id": _peer_id(node, peer.node).to_bytes(8, "big").hex(),
                "port": port,
                "pruning_seed": 0,
                "recv_count": 0,
                "recv_idle_time": 0,
                "rpc_credits_per_hash": 0,
                "rpc_port": 0,
                "send_count": 0,
                "send_idle_time": 0,
                "state": "normal",
                "support_flags": 1,
            }
        )
    return connections


def _peer_id(node: NodeState, peer: int) -> int:
    return int.from_bytes(node.blockchain.digest("peer", str(peer).encode())[:8], "big")


class PeerList(Parameters, frozen=True):
    """The parameters of /get_peer_list; there are no peers in anonymity networks."""

    public_only: Annotated[bool, UNHEEDED] = True
    include_blocked: bool = False


@METHODS.method(PeerList, "/get_peer_list")
def get_peer_list(node: NodeState, asked: PeerList) -> dict[str, Json]:
    """Answer /get_peer_list: the peers that the node knows, without those it has banned."""
    view = node.view()
    listed: dict[str, list[tuple[NodeState, int | None]]]
    if node.peering is None:
        listed = {"white_list": [(other, view.at) for peer, other in node.connected(view) if not peer.incoming]}
    else:
        lists = node.peering.lists(node.index)
        listed = {
            "gray_list": [(node.other(peer), None) for peer in reversed(lists.gray)],
            "white_list": [(node.other(peer), lists.white[peer]) for peer in reversed(lists.white)],
        }
    told = {name: _peer_list(node, peers, include_blocked=asked.include_blocked) for name, peers in listed.items()}
    return {**{name: peers for name, peers in told.items() if peers}, **STATUS_OK}


def _peer_list(node: NodeState, peers: Iterable[tuple[NodeState, int | None]], *, include_blocked: bool) -> list[Json]:
    """Return a list of peers and when each was seen last, None for never."""
    listed: list[Json] = []
    for other, seen in peers:
        host, _, port = other.address.rpartition(":")
        if include_blocked or not _remaining(node, host):
            listed.append(
                {
                    "host": host,
                    "id": _peer_id(node, other.index),
                    "ip": _number(host),
                    "last_seen": 0 if seen is None else node.blockchain.unix(seen),
                    "port": int(port),
                }
            )
    return listed


class PublicNodes(Parameters, frozen=True):
    """The parameters of /get_public_nodes: nodes that offer their RPC to everybody, which none does here."""

    gray: Annotated[bool, UNHEEDED] = False
    white: Annotated[bool, UNHEEDED] = True
    include_blocked: Annotated[bool, UNHEEDED] = False


@METHODS.method(PublicNodes, "/get_public_nodes")
def get_public_nodes(_node: NodeState, _asked: PublicNodes) -> dict[str, Json]:
    """Answer /get_public_nodes."""
    return dict(STATUS_OK)


class Ban(Parameters, frozen=True):
    """A ban of set_bans."""

    host: str = ""
    ip: U32 = 0
    ban: bool = False
    seconds: U32 = 0


class SetBans(Parameters, frozen=True):
    """The parameters of set_bans."""

    bans: tuple[Ban, ...] = ()


@METHODS.method(SetBans, "set_bans")
def set_bans(node: NodeState, asked: SetBans) -> dict[str, Json]:
    """Answer set_bans."""
    now, banned_now = node.blockchain.now(), set()
    for entry in asked.bans:
        host = _host(entry.host) if entry.host else str(IPv4Address(entry.ip.to_bytes(4, "little")))
        if entry.ban:
            node.bans[host] = now + entry.seconds * SECOND
            banned_now.add(host)
        else:
            node.bans.pop(host, None)
        if node.peering is not None:
            subnet = IPv4Network(host)
            node.peering.ban(node.index, int(subnet.network_address), subnet.prefixlen, node.bans.get(host, now))
    kept: list[Json] = [
        f"the connection to {other.address} stays"
        for _, other in node.connected(node.view())
        if banned_now and _remaining(node, other.address.rpartition(":")[0])
    ]
    return {**({NOT_HEEDED: kept} if kept else {}), **STATUS_OK}


def _host(text: str) -> str:
    """Return a host or a subnet in the form in which it is listed."""
    try:
        if "/" in text:
            return str(IPv4Network(text, strict=False))
        return str(IPv4Address(text.partition(":")[0]))
    except (AddressValueError, NetmaskValueError, ValueError):
        raise ServiceError(-1, "Unsupported host/subnet type") from None


def _number(host: str) -> int:
    """Return an address as the number that it is in memory, 0 for a name."""
    try:
        return int.from_bytes(IPv4Address(host).packed, "little")
    except AddressValueError:
        return 0


def _remaining(node: NodeState, host: str) -> int:
    """Return for how many more seconds a host is banned, by itself or with its subnet."""
    now = node.blockchain.now()
    ends = [node.bans.get(host, 0)]
    try:
        address = IPv4Address(host)
    except AddressValueError:
        pass
    else:
        ends += [until for banned, until in node.bans.items() if "/" in banned and address in IPv4Network(banned)]
    return max(max(ends) - now, 0) // SECOND


@METHODS.method(Parameters, "get_bans")
def get_bans(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_bans."""
    now = node.blockchain.now()
    bans: list[Json] = [
        {"host": host, "ip": _number(host), "seconds": (until - now) // SECOND}
        for host, until in sorted(node.bans.items(), key=lambda entry: ("/" in entry[0], entry[0]))
        if until > now
    ]
    return {**({"bans": bans} if bans else {}), **STATUS_OK}


class Banned(Parameters, frozen=True):
    """The parameters of banned."""

    address: str = ""


@METHODS.method(Banned, "banned")
def banned(node: NodeState, asked: Banned) -> dict[str, Json]:
    """Answer banned."""
    try:
        host = str(IPv4Address(asked.address.partition(":")[0]))
    except AddressValueError:
        raise ServiceError(-1, "Unsupported host type") from None
    seconds = _remaining(node, host)
    return {"banned": seconds > 0, "seconds": seconds, "status": "OK"}


class OutPeers(Parameters, frozen=True):
    """The parameters of /out_peers."""

    set: bool = True
    out_peers: U32 = 0


class InPeers(Parameters, frozen=True):
    """The parameters of /in_peers."""

    set: bool = True
    in_peers: U32 = 0


@METHODS.method(OutPeers, "/out_peers")
def out_peers(node: NodeState, asked: OutPeers) -> dict[str, Json]:
    """Answer /out_peers."""
    if asked.set:
        node.limits = node.limits._replace(out_peers=asked.out_peers)
        if node.peering is not None:
            node.peering.limit(node.index, out_peers=asked.out_peers)
    more = _beyond(node, node.limits.out_peers, incoming=False)
    return {"out_peers": node.limits.out_peers, **more, **STATUS_OK}


@METHODS.method(InPeers, "/in_peers")
def in_peers(node: NodeState, asked: InPeers) -> dict[str, Json]:
    """Answer /in_peers."""
    if asked.set:
        node.limits = node.limits._replace(in_peers=asked.in_peers)
        if node.peering is not None:
            node.peering.limit(node.index, in_peers=asked.in_peers)
    more = _beyond(node, node.limits.in_peers, incoming=True)
    return {"in_peers": node.limits.in_peers, **more, **STATUS_OK}


def _beyond(node: NodeState, limit: int, *, incoming: bool) -> dict[str, Json]:
    """Name the connections that stay in spite of a limit."""
    there = sum(peer.incoming is incoming for peer, _ in node.connected(node.view()))
    return {NOT_HEEDED: [f"{there} connections stay"]} if there > limit else {}


@METHODS.method(Parameters, "/get_limit")
def get_limit(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_limit."""
    return {"limit_down": node.limits.down, "limit_up": node.limits.up, **STATUS_OK}


class SetLimit(Parameters, frozen=True):
    """The parameters of /set_limit, kB/s: -1 for the default, 0 for what it is."""

    limit_down: I64 = 0
    limit_up: I64 = 0


@METHODS.method(SetLimit, "/set_limit")
def set_limit(node: NodeState, asked: SetLimit) -> dict[str, Json]:
    """Answer /set_limit; the network's bandwidths stay as they are."""
    if min(asked.limit_down, asked.limit_up) < -1:
        return {"limit_down": 0, "limit_up": 0, **STATUS_OK, "status": "Invalid parameter"}

    def chosen(wanted: int, now: int, default: int) -> int:
        return default if wanted < 0 else wanted or now

    node.limits = node.limits._replace(
        down=chosen(asked.limit_down, node.limits.down, Limits().down),
        up=chosen(asked.limit_up, node.limits.up, Limits().up),
    )
    changed: list[Json] = [f"limit_{end}" for end in ("down", "up") if getattr(asked, f"limit_{end}") > 0]
    more: dict[str, Json] = {NOT_HEEDED: changed} if changed else {}
    return {"limit_down": node.limits.down, "limit_up": node.limits.up, **more, **STATUS_OK}


@METHODS.method(Parameters, "/get_net_stats")
def get_net_stats(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_net_stats; what a connection carries is not counted."""
    return {
        "start_time": node.blockchain.unix(node.ready_at),
        "total_bytes_in": 0,
        "total_bytes_out": 0,
        "total_packets_in": 0,
        "total_packets_out": 0,
        **STATUS_OK,
    }
