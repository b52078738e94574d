"""The configuration of "Monerosim Refined Architecture V2": ``simulation`` and ``network``."""

from collections.abc import Callable

from monerosim.importers.draft import COINS, Draft
from monerosim.importers.source import Item, leave_each
from monerosim.importers.table import Table
from monerosim.importers.values import amount, hashrate, number, percent, positive_duration, text, whole, within
from monerosim.scenario.tables import MAX_COUNT, MAX_DIFFICULTY

BALANCE = "10 XMR"
HASHRATE = 10
"""Percent: 0.1, what the old pool had where nothing was said (``config.get('hashrate_share', 0.1)``)."""

_PORTS = "addresses and ports are the engine's"
_OLD_SETTINGS = {
    "node": _PORTS,
    "wallet": _PORTS,
    "items": "items are drawn; `monerosim plugins marketplace` has their keys",
}


def read_architecture_v2(draft: Draft) -> None:
    """Carry over users, marketplaces, pools and the block controller that they imply."""
    root = draft.source.root
    draft.top.put(root.get("simulation", "duration"), positive_duration, "simulation", "duration")
    read_consensus(draft, root.get("network", "consensus") or root.get("consensus"))
    agents = root.get("network", "agents")
    if agents is None:
        return
    users = _users(draft, agents.get("regular_users"))
    market = agents.get("marketplaces")
    if users:
        _marketplaces(draft, market, users)
    pools = _pools(draft, agents.get("mining_pools"))
    if not users:
        _marketplaces(draft, market, next(iter(pools), ""))
    if pools:
        add_controller(draft)


def read_consensus(draft: Draft, consensus: Item | None) -> None:
    """Carry over block time and difficulty."""
    if consensus is None:
        return
    draft.top.put(consensus.get("difficulty"), whole(1, MAX_DIFFICULTY), "consensus", "difficulty")
    read_block_time(draft, consensus.get("block_time"))


def read_block_time(draft: Draft, item: Item | None) -> None:
    """Carry over the time between two blocks, which was fixed."""
    if draft.top.put(item, positive_duration, "consensus", "block_time") is not None:
        reason = 'the old block controller found one every block_time; "poisson" is as on the real network'
        draft.top.add("fixed", "consensus", "block_arrivals", reason=reason)


def add_controller(draft: Draft, table: Table | None = None) -> None:
    """Add the block controller that tells pools by letter to mine; ``table`` is what the file says of it."""
    if table is None:
        table = draft.participant()
        table.add("block-controller", "kind", reason="decides which pool finds a block")
    table.add("signal", "mode", reason="pools waited for its signal, and mined themselves")
    draft.place("block-controller", table)


def _users(draft: Draft, users: Item | None) -> str:
    """Take in the users; return their group's name."""
    if users is None:
        return ""
    table = draft.participant()
    table.set("regular-user", "kind")
    _config(table, users, "transaction_frequency", within(1e-9, 1), "transaction_frequency")
    _config(table, users, "wallet_initial_balance", amount, "wallet", "initial_balance")
    if table.get("wallet", "initial_balance") is None:
        table.add(BALANCE, "wallet", "initial_balance", reason=COINS)
    return _place_group(draft, "user", table, users)


def _marketplaces(draft: Draft, marketplaces: Item | None, near: str) -> None:
    """Take in the marketplaces, which use the nodes of ``near``."""
    if marketplaces is None:
        return
    table = draft.participant()
    table.set("marketplace", "kind")
    if near:
        table.add(near, "node", reason="a marketplace uses another's node")
    else:
        table.add({}, "node", reason="no other participant has a node")
    _config(table, marketplaces, "wallet_count", whole(1, 10_000), "wallet", "addresses")
    _place_group(draft, "marketplace", table, marketplaces)


def _config(table: Table, group: Item, key: str, read: Callable[[object], object], *target: str) -> None:
    """Put a key of the group's ``config``."""
    config = group.get("config")
    if config is not None:
        table.put(config.get(key), read, *target)
        leave_each(config.items(), _OLD_SETTINGS)


def _place_group(draft: Draft, name: str, table: Table, group: Item) -> str:
    """Take in a group of as many as its ``count`` says; return its name, or nothing if there are none."""
    count = table.put(group.get("count"), whole(0, MAX_COUNT), "count")
    table.data = {key: table.data[key] for key in ("kind", "count", *table.data) if key in table.data}
    placed = draft.place(name, table)
    return placed if count != 0 else ""


def _pools(draft: Draft, pools: Item | None) -> list[str]:
    """Take in the pools; return their names."""
    if pools is None:
        return []
    shares = [share for pool in pools.elements() if (share := pool.get("hashrate_share")) is not None]
    whole_numbers = any(_above_one(share) for share in shares)
    read = hashrate if whole_numbers else _share
    reason = "as it is written: percentages, since one is above 1" if whole_numbers else "a share of 1, as a percentage"
    placed = []
    for pool in pools.elements():
        table = draft.participant()
        table.set("mining-pool", "kind")
        if table.put(pool.get("hashrate_share"), read, "hashrate", reason=reason) is None:
            table.add(HASHRATE, "hashrate", reason="what the old pool had where nothing was said: 0.1")
        leave_each(pool.items(), _OLD_SETTINGS)
        item = pool.get("id")
        name = _name(item) or "pool"
        table.note(item if _name(item) else None, reason="names are made of a-z, 0-9 and -" if "_" in name else "")
        placed.append(draft.place(name, table))
    return placed


def _above_one(share: Item) -> bool:
    try:
        return number(share.value) > 1
    except ValueError:
        return False


def _share(value: object) -> int | float:
    """Read a share of 1 as a percentage."""
    return hashrate(percent(value))


def _name(item: Item | None) -> str:
    try:
        return text(item.value) if item is not None else ""
    except ValueError:
        return ""
