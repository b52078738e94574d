"""Programs that a file names for a participant."""

from monerosim.importers.source import Item
from monerosim.importers.table import Table
from monerosim.importers.values import text

USUAL = {"node": "monerod", "wallet": "monero-wallet-rpc"}


def put_program(table: Table, item: Item | None, service: str) -> None:
    """Give a participant a node or a wallet of its own, with the program that the file names if it is not the usual.

    Args:
        table: The participant's.
        item: A program's name, or true.
        service: ``"node"`` or ``"wallet"``.
    """
    if item is None:
        return
    if item.value is False or item.value is None:
        item.leave("it has none")
        return
    table.data.setdefault(service, {})
    if item.value is True or item.value == USUAL[service]:
        table.note(item, service)
    else:
        table.put(item, _program, service, "binary")


def _program(value: object) -> str:
    name = text(value)
    if not name or not name.isprintable():
        raise ValueError("expected the name of a program")
    return name
