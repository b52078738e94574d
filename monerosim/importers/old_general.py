"""The table ``general`` of old configurations, and the mode without agents."""

from typing import Any

from monerosim.importers.draft import Draft
from monerosim.importers.values import duration, flag, positive_duration, text, whole
from monerosim.scenario.document import INT64

_NO_AGENTS = "use_agents is false: nodes without behaviours"
_LEVELS = "levels of logs are options of commands: `monerosim run --trace-level`"
_REASONS = {
    "agent_image": "agents are processes that the engine starts, in no container",
    "orchestrator_port": "the orchestrator serves no port: it takes commands by letter and publishes orchestrator.json",
    "fresh_blockchain": "every run begins with a new chain",
    "python_venv": "agents run in the Python that runs monerosim",
    "log_level": _LEVELS,
    "difficulty_cache_ttl": "miners do not ask for the difficulty",
    "shared_dir": "all files of a run are in its directory: `monerosim run --output`",
    "daemon_data_dir": "all files of a run are in its directory: `monerosim run --output`",
    "enable_dns_server": "nodes are told their peers, so none asks DNS",
}
SHADOW_GENERAL = {"parallelism": whole(0, 10_000), "progress": flag}
"""Keys that Shadow has in its own section ``general``."""


def read_general(draft: Draft) -> None:
    """Carry over ``general``: how long, which seed, options of Shadow; and an orchestrator where one had a port."""
    general = draft.source.root.get("general")
    if general is None:
        return
    top = draft.top
    top.put(general.get("stop_time"), positive_duration, "simulation", "duration")
    top.put(general.get("simulation_seed"), whole(0, INT64.stop - 1), "simulation", "seed")
    for key, read in SHADOW_GENERAL.items():
        top.put(general.get(key), read, "shadow", "general", key)
    top.put(general.get("shadow_log_level"), text, "shadow", "general", "log_level")
    top.put(general.get("bootstrap_end_time"), duration, "shadow", "general", "bootstrap_end_time")
    top.put(general.get("runahead"), duration, "shadow", "experimental", "runahead")
    for key, reason in _REASONS.items():
        item = general.get(key)
        if item is not None:
            item.leave(reason)


def uses_agents(draft: Draft) -> bool:
    """Return whether participants have behaviours; they do unless ``general.use_agents`` is false."""
    item = draft.source.root.get("general", "use_agents")
    if item is None:
        return True
    try:
        wanted = flag(item.value)
    except ValueError as error:
        item.leave(str(error))
        return True
    draft.top.note(item, "participants", reason="with behaviours" if wanted else "nodes without behaviours")
    return wanted


def add_orchestrator(draft: Draft) -> None:
    """Add the orchestrator whose port the file names."""
    if draft.source.root.get("general", "orchestrator_port") is not None:
        orchestrator = draft.participant()
        orchestrator.add("orchestrator", "kind", reason="the file has a port for one")
        draft.place("orchestrator", orchestrator)


def without_agents(document: dict[str, Any], miner: str) -> dict[str, Any]:
    """Return the scenario as the old tool played it without agents: its nodes, one of which mines all blocks.

    Args:
        document: The scenario with behaviours.
        miner: The participant that mines, one of those with a node.
    """
    plain: dict[str, Any] = {}
    for name, table in document["participants"].items():
        if not has_node(table):
            continue
        count = table.get("count", 1)
        node = table["node"] if isinstance(table.get("node"), dict) else {}
        if name == miner:
            interval = document.get("consensus", {}).get("block_time", "120s")
            mining = {"kind": "constant-mining", "interval": interval, "node": node}
            plain["miner" if count > 1 else name] = {**mining, **_scripts(table)}
            count -= 1
        if count:
            plain[name] = {**({"count": count} if count > 1 else {}), "node": node, **_scripts(table)}
    return {**document, "participants": plain}


def _scripts(table: dict[str, Any]) -> dict[str, Any]:
    """Return what a participant keeps of scripts: them, and the wallet that they may use."""
    scripts = [actor for actor in table.get("actors", ()) if actor["use"] == "script"]
    wallet = {"wallet": table["wallet"]} if "wallet" in table else {}
    return {**wallet, "actors": scripts} if scripts else {}


def has_node(table: dict[str, Any]) -> bool:
    """Return whether a participant has a node of its own."""
    own = table.get("kind") in ("regular-user", "mining-pool", "autonomous-miner") and "node" not in table
    return own or isinstance(table.get("node"), dict)
