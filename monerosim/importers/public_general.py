"""The tables ``general``, ``network`` and ``performance`` of the public monerosim."""

from monerosim.importers.draft import Draft
from monerosim.importers.old_general import SHADOW_GENERAL
from monerosim.importers.public_agents import put_options
from monerosim.importers.source import Item, leave_each
from monerosim.importers.values import duration, flag, positive_duration, text, whole
from monerosim.plan.allowed_flags import NODE, WALLET
from monerosim.scenario.document import INT64

_PEERS = "nodes dial random peers: network.connections"
_REASONS = {
    "bootstrap_end_time": "the bootstrap comes before time zero, and its links are those of the network",
    "process_threads": "monerosim sets the threads of its programs",
    "fresh_blockchain": "every run begins with a new chain",
    "python_venv": "agents run in the Python that runs monerosim",
    "log_level": "levels of logs are options of commands: `monerosim run --trace-level`",
    "difficulty_cache_ttl": "miners ask for the difficulty at each wait",
    "shared_dir": "all files of a run are in its directory: `monerosim run --output`",
    "daemon_data_dir": "all files of a run are in its directory: `monerosim run --output`",
    "enable_dns_server": "nodes are told their peers, so none asks DNS",
}
_NETWORK = {
    "path": 'copy the graph beside the scenario and set [network] topology = { kind = "file", file = "NAME.gml" }',
    "peer_mode": _PEERS,
    "seed_nodes": _PEERS,
    "topology": f"it says who dials whom; {_PEERS}",
    "distribution": '[network] topology = { kind = "regional" } has continents, [network.places] who is where',
}


def read_public_general(draft: Draft) -> None:
    """Carry over how long, which seed, flags of all programs, the switch, and options of Shadow."""
    root, top = draft.source.root, draft.top
    general = root.get("general")
    if general is not None:
        top.put(general.get("stop_time"), positive_duration, "simulation", "duration")
        top.put(general.get("simulation_seed"), whole(0, INT64.stop - 1), "simulation", "seed")
        for key, read in SHADOW_GENERAL.items():
            top.put(general.get(key), read, "shadow", "general", key)
        top.put(general.get("shadow_log_level"), text, "shadow", "general", "log_level")
        top.put(general.get("runahead"), duration, "shadow", "experimental", "runahead")
        top.put(general.get("native_preemption"), flag, "shadow", "experimental", "native_preemption_enabled")
        for key, service in (("daemon_defaults", NODE), ("wallet_defaults", WALLET)):
            defaults = general.get(key)
            if defaults is not None:
                put_options(top, dict(defaults.items()), service, everybody=True)
        leave_each(general.items(), _REASONS)
    if top.get("simulation", "seed") is None:
        top.add(12345, "simulation", "seed", reason="their default")
    network = root.get("network")
    if network is not None:
        _network(draft, network)
    latency = root.get("performance", "model_unblocked_syscall_latency")
    top.put(latency, flag, "shadow", "general", "model_unblocked_syscall_latency")


def _network(draft: Draft, network: Item) -> None:
    switch = network.get("type")
    draft.top.put(switch, _switch, "network", "topology")
    if switch is not None and network.get("bandwidth") is None and draft.top.get("network", "topology"):
        draft.top.add("1 Gbit", "network", "bandwidth", reason="that of the switch")
    draft.top.put(network.get("bandwidth"), text, "network", "bandwidth")
    draft.top.put(network.get("latency"), positive_duration, "network", "latency")
    leave_each(network.items(), _NETWORK)


def _switch(value: object) -> str:
    if value != "1_gbit_switch":
        raise ValueError("the only kind of switch is 1_gbit_switch")
    return "switch"
