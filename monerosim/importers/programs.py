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


def script_command(value: object) -> list[dict[str, object]]:
    """Return the script that runs an old one: a module of Python (``agents.old``), or a file and its arguments.

    Raises:
        ValueError: It names none.
    """
    words = text(value).split()
    if not words or not all(word.isprintable() for word in words):
        raise ValueError("expected a module or a file of Python")
    script, *rest = words
    is_file = "/" in script or script.endswith(".py")
    named = [script if script.startswith(("/", "./", "../")) else f"./{script}"] if is_file else ["-m", script]
    return [{"use": "script", "command": ["{python}", *named, *rest]}]


def _program(value: object) -> str:
    name = text(value)
    if not name or not name.isprintable():
        raise ValueError("expected the name of a program")
    return name
