"""Files of Shadow whose hosts run monerod, monero-wallet-rpc or the Python agents of the seed documents."""

import re
from collections.abc import Iterator, Sequence

from monerosim.importers.architecture_v2 import add_controller
from monerosim.importers.draft import Draft, alike, stem
from monerosim.importers.shadow_hosts import AGENT, NODE, WALLET, Host, read_host
from monerosim.importers.source import Item, leave_each
from monerosim.importers.values import microseconds, positive_duration, whole
from monerosim.scenario.convert import show
from monerosim.scenario.document import INT64
from monerosim.scenario.tables import MAX_DIFFICULTY
from monerosim.units import format_duration

_SWITCH = re.compile(r"([0-9]+)_([kmg])bit_switch")
_UNITS = {"k": "kbit", "m": "Mbit", "g": "Gbit"}
_CONTROLLER = "block-controller"
_STARTS = {NODE: "node_start", WALLET: "wallet_start", AGENT: "agent_start", _CONTROLLER: "controller_start"}


def read_shadow_file(draft: Draft) -> None:
    """Carry over the hosts that take part in a Monero network, equal ones as a group, and Shadow's own options."""
    read_options(draft)
    listed = draft.source.root.get("hosts")
    hosts = [read_host(draft, name, item) for name, item in ([] if listed is None else listed.items())]
    hosts = [host for host in hosts if host.takes_part]
    _start_times(draft, hosts)
    _difficulty(draft, hosts)
    names = _place(draft, hosts)
    _connect(draft, hosts, names)


def read_options(draft: Draft) -> None:
    """Carry over Shadow's own options, and the graph if it is a switch."""
    root, top = draft.source.root, draft.top
    for section in ("general", "experimental", "host_option_defaults"):
        found = root.get(section)
        for key, item in [] if found is None else found.items():
            if section == "general" and key == "stop_time":
                top.put(item, positive_duration, "simulation", "duration", reason="after the bootstrap")
            elif section == "general" and key == "seed":
                top.put(item, whole(0, INT64.stop - 1), "simulation", "seed")
            elif section == "general" and key in ("data_directory", "template_directory"):
                item.leave("all files of a run are in its directory: `monerosim run --output`")
            else:
                top.put(item, _option, "shadow", section, key)
    network = root.get("network")
    for key, item in [] if network is None else network.items():
        if key != "graph":
            top.put(item, _option, "shadow", "network", key)
    graph = root.get("network", "graph")
    if graph is not None:
        _graph(draft, graph)


def _graph(draft: Draft, graph: Item) -> None:
    kind = graph.get("type")
    switch = _SWITCH.fullmatch(str(kind.value)) if kind is not None else None
    if kind is not None and switch:
        draft.top.put(kind, lambda _: "switch", "network", "topology")
        draft.top.set(f"{switch[1]} {_UNITS[switch[2]]}", "network", "bandwidth")
        draft.top.add("1ms", "network", "latency", reason="that of Shadow's switch")
    graph.source.known.update(("type", "file", "path", "inline"))
    leave_each(
        [(key, item) for key, item in graph.items() if not (switch and key == "type")],
        dict.fromkeys(("type", "file", "inline", "path"), "places and paths are the topology's: [network] topology"),
    )


def _option(value: object) -> object:
    if value is None:
        raise ValueError("nothing is Shadow's default")
    if not isinstance(value, bool | int | float | str):
        raise ValueError(f"expected a number, a text, true or false, got {show(value)}")  # noqa: TRY004  (unreadable)
    return value


def _start_times(draft: Draft, hosts: Sequence[Host]) -> None:
    """Carry over when programs start: of each kind together, the agents of a participant later if they were."""
    ours = any(NODE in host.starts or WALLET in host.starts for host in hosts)
    for role, key in _STARTS.items():
        started = list(_starts(hosts, role))
        first = min((time for time, _, _ in started), default=0)
        if started and ours:
            draft.top.set(format_duration(first), "simulation", key)
        for time, host, item in started:
            if time > first and role == AGENT:
                host.table.set(format_duration(time - first), "start")
                host.table.note(item, "start", reason="after the first agents")
            elif time > first:
                item.leave(f"all of them start at simulation.{key}, the earliest")
            elif ours:
                draft.top.note(item, "simulation", key)
            else:
                item.leave("the agent started its programs itself; here the engine starts them before")


def _starts(hosts: Sequence[Host], role: str) -> Iterator[tuple[int, Host, Item]]:
    """Yield when each host's node, wallet, agent or block controller starts, microseconds."""
    for host in hosts:
        controls = host.kind == _CONTROLLER
        if role in (NODE, WALLET) or controls == (role == _CONTROLLER):
            item = host.starts.get(AGENT if role == _CONTROLLER else role)
            time = None if item is None else _time(item)
            if item is not None and time is not None:
                yield time, host, item


def _time(item: Item) -> int | None:
    try:
        return microseconds(item.value)
    except ValueError as error:
        item.leave(str(error))
        return None


def _difficulty(draft: Draft, hosts: Sequence[Host]) -> None:
    items = [host.difficulty for host in hosts if host.difficulty is not None]
    for item in items:
        if draft.top.get("consensus", "difficulty") in (None, item.value, _number(item)):
            draft.top.put(item, whole(1, MAX_DIFFICULTY), "consensus", "difficulty")
        else:
            item.leave("a network has one difficulty, and another node set it before")


def _number(item: Item) -> int | None:
    try:
        return whole(1, MAX_DIFFICULTY)(item.value)
    except ValueError:
        return None


def _place(draft: Draft, hosts: Sequence[Host]) -> dict[str, str]:
    """Take the hosts in; return the participants by the hosts' names."""
    groups: dict[tuple[str, str, str], list[Host]] = {}
    for host in hosts:
        key = (stem(host.name), stem(host.daemon), alike(host.table.data))
        groups.setdefault(key, []).append(host)
    names: dict[str, str] = {}
    for like in groups.values():
        first = like[0]
        if first.kind == _CONTROLLER:
            add_controller(draft, first.table)
            placed = _CONTROLLER
        else:
            placed = draft.place(stem(first.name) if len(like) > 1 else first.name, first.table, len(like))
        for other in like[1:]:
            other.table.settle("participants", placed)
        names.update((host.name, placed) for host in like)
    if any(host.kind == "mining-pool" for host in hosts) and not any(host.kind == _CONTROLLER for host in hosts):
        add_controller(draft)
    return names


def _connect(draft: Draft, hosts: Sequence[Host], names: dict[str, str]) -> None:
    """Give the participants without a node of their own the one that their wallet named."""
    owners = {names[host.name]: host for host in hosts if host.has_node}
    for host in hosts:
        table = draft.participants[names[host.name]]
        if host.has_node or host.kind == _CONTROLLER:
            continue
        wanted = names.get(host.daemon, "")
        if wanted in owners:
            table.set(wanted, "node")
            draft.source.carry(host.daemon_item, ("participants", names[host.name], "node"), "")
        elif owners:
            table.set(next(iter(owners)), "node")
            draft.source.add(
                ("participants", names[host.name], "node"), table.get("node"), "the file names no node for it"
            )
        else:
            table.set({}, "node")
            draft.source.add(("participants", names[host.name], "node"), {}, "no participant has a node")
