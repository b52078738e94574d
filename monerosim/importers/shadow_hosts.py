"""A host of a Shadow file: which of its processes make a participant."""

import re
from pathlib import PurePosixPath

from monerosim.importers.architecture_v2 import BALANCE, HASHRATE
from monerosim.importers.arguments import read_arguments
from monerosim.importers.draft import COINS, Draft
from monerosim.importers.flags import put_flags
from monerosim.importers.source import Item, leave_each
from monerosim.importers.table import Table
from monerosim.importers.values import hashrate

NODE, WALLET, AGENT = "node", "wallet", "agent"

SCRIPTS = {
    "regular_user": "regular-user",
    "marketplace": "marketplace",
    "mining_pool": "mining-pool",
    "block_controller": "block-controller",
}
"""The scripts of the seed documents, and the behaviours that do the same."""

_PROGRAM = {NODE: "the monerod on PATH", WALLET: "the monero-wallet-rpc on PATH"}
_PYTHON = re.compile(r"python[0-9.]*")
_PORT = "addresses and ports are the engine's"
_AGENT_ARGUMENTS = {
    "--node-rpc": _PORT,
    "--wallet-rpc": _PORT,
    "--rpc-port": _PORT,
    "--config": "the file that it names is not read: carry its values over by hand",
    "-m": "the way in which Python is called",
    "-u": "the way in which Python is called",
}
_PLACED = {
    "network_node_id": "places are the topology's: [network] topology",
    "ip_addr": _PORT,
    "bandwidth_down": "bandwidths are the network's: [network] bandwidth",
    "bandwidth_up": "bandwidths are the network's: [network] bandwidth",
    "host_options": "options of hosts are in [shadow] host_options, by participant",
}
_PROCESS = {
    "environment": "the engine sets the environment of its programs",
    "expected_final_state": "monerosim knows how its programs end",
    "shutdown_time": "programs run to the end; [[timeline]] ends and starts them",
    "shutdown_signal": "programs run to the end",
}
_LOCAL = ("", "127.0.0.1", "localhost", "0.0.0.0")  # noqa: S104  (an address in a file, nothing is bound)


class Host:
    """What a host comes to."""

    def __init__(self, name: str, table: Table, item: Item) -> None:
        self.name = name
        self.table = table
        self.starts: dict[str, Item] = {}
        """When its node, wallet and agent start."""
        self.difficulty: Item | None = None
        self.daemon = ""
        """The host whose node its wallet uses; nothing if its own."""
        self.daemon_item = item
        self.kind = ""
        """Its behaviour's."""
        self.takes_part = False

    @property
    def has_node(self) -> bool:
        """Whether it has a node of its own."""
        return isinstance(self.table.get("node"), dict) or self.kind in ("regular-user", "mining-pool")


def read_host(draft: Draft, name: str, item: Item) -> Host:
    """Read a host; what of it is no part of a Monero network is left out."""
    host = Host(name, draft.participant(), item)
    leave_each(item.items(), _PLACED)
    processes = item.get("processes")
    for process in [] if processes is None else processes.elements():
        _process(host, process)
    if not host.takes_part:
        item.leave("it runs neither a program of Monero nor a script that is known")
        return host
    table = host.table
    blocked = item.get("blocked_inbound_ports")
    if isinstance(table.get("node"), dict):
        table.put(blocked, _reach, "node", "reach")
    elif blocked is not None:
        blocked.leave("it has no node of its own")
    if host.kind:
        table.data = {"kind": host.kind, **table.data}
    if host.kind == "mining-pool" and table.get("hashrate") is None:
        table.add(HASHRATE, "hashrate", reason="what the old pool had where nothing was said: 0.1")
    if host.kind == "mining-pool" and table.get("node") is not None:
        table.data.setdefault("wallet", {})
    if host.kind == "regular-user":
        table.add(BALANCE, "wallet", "initial_balance", reason=COINS)
    return host


def _reach(value: object) -> str:
    """Read the ports that a fork of Shadow, the public monerosim's, lets nobody connect to."""
    if not isinstance(value, list) or not value:
        raise ValueError("no port is blocked")
    return "unreachable"


def _process(host: Host, process: Item) -> None:
    path = process.get("path")
    program = PurePosixPath(path.value).name if path is not None and isinstance(path.value, str) else ""
    arguments = read_arguments(process.get("args"))
    start = process.get("start_time")
    if program.startswith("monerod"):
        role = NODE
        host.table.data.setdefault(NODE, {})
        host.difficulty = arguments.pop("--fixed-difficulty", None) or host.difficulty
    elif program.startswith("monero-wallet-rpc"):
        role = WALLET
        host.table.data.setdefault(WALLET, {})
        _daemon(host, arguments.pop("--daemon-address", None))
    elif _PYTHON.fullmatch(program) and _agent(host, arguments):
        role = AGENT
    else:
        process.leave("neither a program of Monero nor a script that is known")
        return
    if role != AGENT:
        put_flags(host.table, arguments, role)
        host.table.note(path, role, reason=_PROGRAM[role])
    elif path is not None:
        path.leave("agents run in the Python that runs monerosim")
    host.takes_part = True
    if start is not None and role not in host.starts:
        host.starts[role] = start
    leave_each(process.items(), _PROCESS)


def _daemon(host: Host, item: Item | None) -> None:
    if item is None:
        return
    address = str(item.value).rpartition("://")[2].partition(":")[0]
    if address in (*_LOCAL, host.name):
        host.table.note(item, "node", reason="its own")
    else:
        host.daemon, host.daemon_item = address, item


def _agent(host: Host, arguments: dict[str, Item]) -> bool:
    """Read the arguments of an agent; return whether its script is known."""
    script = next((word for word in arguments if _script(word) in SCRIPTS), None)
    if script is None:
        return False
    item = arguments.pop(script)
    if host.kind:
        item.leave(f"the host's behaviour is {host.kind} already")
        return True
    host.kind = SCRIPTS[_script(script)]
    host.table.note(item, "kind")
    if host.kind == "mining-pool":
        host.table.put(arguments.pop("--hashrate", None), hashrate, "hashrate")
    for name, argument in arguments.items():
        if name == "--id":
            reason = "" if argument.value == host.name else "the participant is called as its host"
            host.table.note(argument, reason=reason)
        else:
            argument.leave(_AGENT_ARGUMENTS.get(name, "not an argument that a behaviour has"))
    return True


def _script(word: str) -> str:
    """Return a script's name: ``regular_user`` of ``/agents/regular_user.py`` and of ``agents.regular_user``."""
    return PurePosixPath(word).name.removesuffix(".py").rpartition(".")[2]
