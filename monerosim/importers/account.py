"""The account of an imported file, as text: on the terminal, and as comments at the head of the scenario."""

import re
from collections.abc import Iterator, Sequence

from monerosim.importers.convert import Conversion
from monerosim.importers.source import Entry, Outcome
from monerosim.scenario.problems import format_path
from monerosim.scenario.toml import write_toml

_TITLES = {
    Outcome.LEFT: "Left out:",
    Outcome.ADDED: "Added, since the file does not say it:",
    Outcome.CARRIED: "Carried over:",
}
_MEMBER = re.compile(r"\d+")
_VALUES = 20
"""How many values of entries that are alike otherwise have a line each."""


def write_scenario(conversion: Conversion, name: str, command: str) -> str:
    """Return the scenario as TOML, with the account as comments before it.

    Args:
        conversion: The scenario.
        name: The file that it is made from.
        command: The command that makes it.
    """
    lines = [f"Made by `{command}` from {name} ({conversion.kind}).", *account_lines(conversion)]
    # TOML has no control characters in comments, which names and values of the file may have.
    printable = ("".join(it if it.isprintable() else "?" for it in line) for line in lines)
    comments = "".join(f"# {line}".rstrip() + "\n" for line in printable)
    return f"{comments}{write_toml(conversion.document)}"


def account_lines(conversion: Conversion) -> list[str]:
    """Return the account in lines: what was left out first, with the reasons."""
    lines = ["", *(f"To do: {note}." for note in conversion.notes)] if conversion.notes else []
    for outcome, title in _TITLES.items():
        entries = [entry for entry in conversion.entries if entry.outcome is outcome]
        if entries:
            lines += ["", title, *(f"  {line}" for line in _told(entries))]
    return lines


def _told(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a line for each entry; those that differ in numbers of names, in indices, or in many values share one."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        told = _MEMBER.sub("#", format_path(entry.path)), _MEMBER.sub("#", format_path(entry.target))
        groups.setdefault((*told, entry.reason), []).append(entry)
    for like in groups.values():
        values: dict[str, list[Entry]] = {}
        for entry in like:
            values.setdefault(entry.value if entry.path else "", []).append(entry)
        if len(values) > _VALUES:
            yield _line(like[0], f" (and {len(like) - 1} more, with other values)")
        else:
            for same in values.values():
                yield _line(same[0], f" (and {len(same) - 1} more alike)" if len(same) > 1 else "")


def _line(entry: Entry, more: str) -> str:
    target = format_path(entry.target)
    if not entry.path:
        told = f"{target} = {entry.value}{more}"
    else:
        line = f"line {entry.line}, " if entry.line is not None else ""
        told = f"{line}{format_path(entry.path)} = {entry.value}{more}" + (f" -> {target}" if target else "")
    return told + (f": {entry.reason}" if entry.reason else "")
