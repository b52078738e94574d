"""Command lines in a file: one text, or an array of words or of flags with their values."""

import shlex
from collections.abc import Container, Mapping

from monerosim.importers.source import Item


def read_arguments(item: Item | None) -> dict[str, Item]:
    """Read a command line, each flag of which is accounted for by itself.

    Returns:
        Flags and their values, ``--a 1 --b=2 c`` as ``{--a: 1, --b: 2, c: True}``: a flag without a value is true, and
        so is a word that belongs to no flag; one that comes again has a number.
    """
    if item is None:
        return {}
    if isinstance(item.value, str):
        return item.source.split(item, split_arguments(item.value)) if item.value.strip() else {}
    found: dict[str, Item] = {}
    flag: Item | None = None
    for element in item.elements():
        word = element.value
        if not isinstance(word, str | int | float):
            continue
        parts = split_arguments(word) if isinstance(word, str) and word.strip() else {str(word): True}
        if flag is not None and not str(word).startswith("--"):
            # The flag's own element says nothing more.
            element.source.split(flag, {})
            found[str(flag.value)] = element
            flag = None
            continue
        if list(parts) == [word] and str(word).startswith("--"):
            flag = element
            found[_new(str(word), found)] = element.source.split(element, parts)[str(word)]
            continue
        flag = None
        for name, part in element.source.split(element, parts).items():
            found[_new(name, found)] = part
    return found


def split_arguments(line: str) -> Mapping[str, object]:
    """Split a line into flags and their values."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    found: dict[str, object] = {}
    flag = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            flag = _new(name, found)
            found[flag] = value if equals else True
            flag = "" if equals else flag
        elif flag:
            found[flag] = word
            flag = ""
        else:
            found[_new(word, found)] = True
    return found


def _new(name: str, found: Container[str]) -> str:
    number, choice = 1, name
    while choice in found:
        number += 1
        choice = f"{name} ({number})"
    return choice
