"""The configuration of the "Mining Architecture Design": ``agents.user_agents`` and ``agents.block_controller``."""

from monerosim.importers.architecture_v2 import read_block_time
from monerosim.importers.arguments import read_arguments
from monerosim.importers.draft import COINS, Draft, alike
from monerosim.importers.programs import put_program, script_command
from monerosim.importers.source import Item
from monerosim.importers.table import Table
from monerosim.importers.values import amount, flag, hashrate, positive_duration, within

THRESHOLD = 2.0
"""Percent, where the file says nothing: monerosim's own default."""

USER = {"initial_balance": "40 XMR", "outputs": 20}
SOLO = {"initial_balance": "10 XMR", "outputs": 5}

_USERS = ("agents.regular_user", "agents/regular_user.py")
_CONTROLLERS = ("agents.block_controller", "agents/block_controller.py")


def read_mining_architecture(draft: Draft) -> None:
    """Carry over the user agents, equal ones as a group, and the block controller."""
    agents = draft.source.root.get("agents")
    if agents is None:
        return
    controller = agents.get("block_controller")
    table = draft.participant()
    threshold = _controller(draft, table, controller)
    groups: dict[str, list[Item]] = {}
    listed = agents.get("user_agents")
    for agent in listed.elements() if listed is not None else []:
        groups.setdefault(alike(agent.value), []).append(agent)
    rates = {key: _hashrate(like[0]) for key, like in groups.items()}
    total = sum((rates[key] or 0) * len(like) for key, like in groups.items())
    for key, like in groups.items():
        rate = rates[key]
        solo = rate is not None and 100 * rate < threshold * total
        tables = [_agent(draft, agent, rate, solo=solo) for agent in like]
        name = draft.place(_name(tables[0], rate), tables[0], len(like))
        for other in tables[1:]:
            other.settle("participants", name)
    if controller is not None or total:
        table.add("block-controller", "kind", reason="decides which miner finds a block")
        table.data = {"kind": table.data.pop("kind"), **table.data}
        draft.place("block-controller", table)


def _name(table: Table, rate: float | None) -> str:
    if rate is not None:
        return f"miner-{rate}"
    return "user" if table.get("kind") == "regular-user" else "node"


def _hashrate(agent: Item) -> int | float | None:
    """Return the hashrate of an agent that mines; None if it does not."""
    try:
        mines, rate = agent.get("is_miner"), agent.get("attributes", "hashrate")
        if mines is None or not flag(mines.value) or rate is None:
            return None
        return hashrate(rate.value)
    except ValueError:
        return None


def _agent(draft: Draft, agent: Item, rate: float | None, *, solo: bool) -> Table:
    """Return a participant's table from an agent."""
    table = draft.participant()
    script = agent.get("user_script")
    pays = script is not None and script.value in _USERS
    if rate is not None and pays:
        table.set([{"use": "mining-pool"}, {"use": "regular-user"}], "actors")
        miner: tuple[str | int, ...] = ("actors", 0)
        user: tuple[str | int, ...] = ("actors", 1)
    else:
        miner = user = ()
        if rate is not None or pays:
            table.set("mining-pool" if rate is not None else "regular-user", "kind")
    _miner(table, agent, rate, miner)
    if pays:
        table.note(script, *user, "use" if user else "kind")
        _payer(table, agent, user)
    elif script is not None and not draft.agents:
        table.put(script, script_command, "actors", reason="runs beside the node, with --allow-programs")
    elif script is not None:
        script.leave("of scripts only agents.regular_user is a behaviour here; a script runs where use_agents is false")
    put_program(table, agent.get("daemon"), "node")
    put_program(table, agent.get("wallet"), "wallet")
    if (rate is not None or pays or table.get("actors") is not None) and table.get("node") is None:
        table.add({}, "node", reason="it needs one")
    if pays or solo:
        reason = COINS if pays else f"below the threshold a miner is a regular user too; {COINS}"
        for key, value in (USER if pays else SOLO).items():
            table.add(value, "wallet", key, reason=reason)
    return table


def _miner(table: Table, agent: Item, rate: float | None, place: tuple[str | int, ...]) -> None:
    mines, share = agent.get("is_miner"), agent.get("attributes", "hashrate")
    if rate is not None:
        table.put(share, hashrate, *place, "hashrate")
        table.note(mines, *place, "use" if place else "kind")
        return
    if share is not None:
        share.leave("it is no miner: is_miner is not true" if not _is_true(mines) else _why(share))
    if mines is not None:
        mines.leave("a miner needs a hashrate, and this one has none" if _is_true(mines) else "it does not mine")


def _is_true(item: Item | None) -> bool:
    try:
        return item is not None and flag(item.value)
    except ValueError:
        return False


def _why(share: Item) -> str:
    try:
        hashrate(share.value)
    except ValueError as error:
        return str(error)
    return "it does not mine"


def _payer(table: Table, agent: Item, place: tuple[str | int, ...]) -> None:
    attributes = agent.get("attributes")
    if attributes is not None:
        for old, new, read in (
            ("transaction_interval", "transaction_interval", positive_duration),
            ("min_transaction_amount", "min_amount", amount),
            ("max_transaction_amount", "max_amount", amount),
        ):
            table.put(attributes.get(old), read, *place, new)


def _controller(draft: Draft, table: Table, controller: Item | None) -> float:
    """Carry over the block controller; return the threshold of solo miners, percent."""
    if controller is None:
        return THRESHOLD
    script = controller.get("script")
    if script is not None and script.value in _CONTROLLERS:
        table.note(script, "kind")
    elif script is not None:
        script.leave("the block controller here is monerosim's own")
    arguments = read_arguments(controller.get("arguments"))
    read_block_time(draft, arguments.pop("--interval", None))
    threshold = table.put(arguments.pop("--solo-miner-threshold", None), within(0, 100), "solo_miner_threshold")
    for item in arguments.values():
        item.leave("not an argument of the block controller")
    return THRESHOLD if threshold is None else threshold
