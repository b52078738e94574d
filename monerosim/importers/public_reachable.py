"""Which nodes of a public monerosim's scenario nobody can dial.

Theirs are behind a firewall (``reachable_fraction``) or do not advertise their port (``hidden_fraction``); here both
are ``--hide-my-port``, with which nobody dials a node. As many are hidden as there, the last of each role; which ones
their tool draws by a hash of its own.
"""

import math
from collections.abc import Sequence

from monerosim.importers.draft import Draft
from monerosim.importers.source import Item
from monerosim.importers.table import Table
from monerosim.importers.values import within

_FLAG = "--hide-my-port"
_ROLES = ("user", "relay")
_REASON = "as many nodes have --hide-my-port: with it nobody dials them"


def hide(draft: Draft, tables: Sequence[Table]) -> set[int]:
    """Hide as many nodes as the file says; return which tables, by their ``id``.

    Args:
        draft: The scenario.
        tables: Those of all agents that are participants. Miners are always reachable.
    """
    general = draft.source.root.get("general")
    if general is None:
        return set()
    reachable = _share(draft, general.get("reachable_fraction"), 1.0)
    hidden = _share(draft, general.get("hidden_fraction"), 0.0)
    found: set[int] = set()
    for role in _ROLES:
        own = _share(draft, general.get("reachable_by_role", role), reachable)
        nodes = [table for table in tables if _role(table) == role]
        count = _rounded(max(1 - own, hidden) * len(nodes))
        for table in nodes[len(nodes) - count :]:
            flags = table.get("node", "flags")
            if not isinstance(flags, list):
                flags = []
                table.set(flags, "node", "flags")
            if _FLAG not in flags:
                flags.append(_FLAG)
                found.add(id(table))
    return found


def _role(table: Table) -> str:
    if table.get("kind") == "autonomous-miner" or not isinstance(table.get("node"), dict):
        return ""
    return "user" if table.get("wallet") is not None else "relay"


def _share(draft: Draft, item: Item | None, usual: float) -> float:
    if item is None:
        return usual
    try:
        share = within(0, 1)(item.value)
    except ValueError as error:
        item.leave(str(error))
        return usual
    draft.top.note(item, "participants", reason=_REASON)
    return float(share)


def _rounded(number: float) -> int:
    """Round as Rust does: halves away from zero."""
    return math.floor(number + 0.5)
