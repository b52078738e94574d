"""Which nodes of a public monerosim's scenario nobody can dial.

Theirs are behind a firewall (``reachable_fraction``), or do not advertise their port (``hidden_fraction``); both are
the first of one order, so that who is hidden is behind a firewall as well, as far as these go. Here the first are
``reach = "unreachable"``, and who is hidden alone ``"hidden"``: as many as there, the last of each role. Which ones
their tool draws by a hash of its own.
"""

import math
from collections.abc import Sequence

from monerosim.importers.draft import Draft
from monerosim.importers.source import Item
from monerosim.importers.table import Table
from monerosim.importers.values import within

_ROLES = ("user", "relay")
_REASON = 'as many nodes have reach = "unreachable" or "hidden"'


def set_reach(draft: Draft, tables: Sequence[Table]) -> None:
    """Have as many nodes as the file says out of others' reach.

    Args:
        draft: The scenario.
        tables: Those of the participants, but for seed nodes. Miners can always be reached, as seed nodes can.
    """
    general = draft.source.root.get("general")
    if general is None:
        return
    reachable = _share(draft, general.get("reachable_fraction"), 1.0)
    hidden = _share(draft, general.get("hidden_fraction"), 0.0)
    for role in _ROLES:
        own = _share(draft, general.get("reachable_by_role", role), reachable)
        nodes = [table for table in reversed(tables) if _role(table) == role]
        unreachable = _rounded((1 - own) * len(nodes))
        for table in nodes[:unreachable]:
            table.set("unreachable", "node", "reach")
        for table in nodes[unreachable : _rounded(hidden * len(nodes))]:
            table.set("hidden", "node", "reach")


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
