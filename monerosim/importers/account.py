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
    """Yield a line for each entry; entries that differ in numbers of names and indices alone share one."""
    groups: dict[tuple[str, str, str, str], list[Entry]] = {}
    for entry in entries:
        told = _MEMBER.sub("#", format_path(entry.path)), _MEMBER.sub("#", format_path(entry.target))
        groups.setdefault((*told, entry.value if entry.path else "", entry.reason), []).append(entry)
    for like in groups.values():
        first = like[0]
        line = f"line {first.line}, " if first.line is not None else ""
        source = f"{line}{format_path(first.path)} = {first.value}" if first.path else ""
        target = format_path(first.target)
        if not source:
            source, target = f"{target} = {first.value}", ""
        more = f" (and {len(like) - 1} more alike)" if len(like) > 1 else ""
        yield source + more + (f" -> {target}" if target else "") + (f": {first.reason}" if first.reason else "")
