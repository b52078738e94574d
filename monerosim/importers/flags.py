"""Flags of monerod and monero-wallet-rpc that a file sets."""

import re
from collections.abc import Mapping

from monerosim.importers.source import Item
from monerosim.importers.table import Table
from monerosim.plan.allowed_flags import HARMLESS, NODE, WALLET
from monerosim.plan.flags import OPTIONAL_FLAGS, RESERVED

_FLAG = re.compile(r"--[a-z0-9][a-z0-9-]*(=[^\x00-\x1f]*)?")
_PLACE = {NODE: ("node", "flags"), WALLET: ("wallet", "flags")}
_ALL = {NODE: ("binaries", "monerod_flags"), WALLET: ("binaries", "wallet_flags")}


def put_flags(table: Table, flags: Mapping[str, Item], service: str, *, everybody: bool = False) -> None:
    """Put the flags that any scenario may set, and leave out the others with the reason.

    Args:
        table: A participant's, or the whole scenario's for the flags of all.
        flags: Their values by name; true if a flag has none, false if it is not set.
        service: ``"node"`` or ``"wallet"``.
        everybody: Whether they are for all participants' programs.
    """
    place = (_ALL if everybody else _PLACE)[service]
    for name, item in flags.items():
        reason = _refused(name, item, service)
        if reason:
            item.leave(reason)
            continue
        own = table.get(*place)
        if own is None:
            own = []
            table.set(own, *place)
        table.note(item, *place, len(own))
        own.append(written(name, item.value))


def written(name: str, value: object) -> str:
    """Return a flag as it is given to a program."""
    return name if value is True else f"{name}={value}"


def _refused(name: str, item: Item, service: str) -> str:
    """Return why a scenario has no such flag; nothing if it may have it."""
    refused = {
        "a word that belongs to no flag": not name.startswith("--"),
        RESERVED.get(name, ""): name in RESERVED,
        "monerosim sets it itself": name in OPTIONAL_FLAGS,
        "no flag that is known to be harmless: a scenario has it only with --allow-flag": name not in HARMLESS[service],
        "it is not set": item.value is False,
        "not a flag that a program takes": not isinstance(item.value, str | int | float)
        or not _FLAG.fullmatch(written(name, item.value)),
    }
    return next((reason for reason, applies in refused.items() if applies), "")
