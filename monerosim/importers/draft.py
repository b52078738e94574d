"""A scenario in the making: its tables, and participants whose names are made from those of the file."""

import json
import re
from typing import Any

from monerosim.importers.source import Source
from monerosim.importers.table import Table
from monerosim.plan.funding import FUNDER_HOST
from monerosim.scenario.names import LONGEST_NAME
from monerosim.scenario.tables import MAX_COUNT

_NUMBERED = re.compile(r"(.*?[^0-9_.-])[_.-]?[0-9]+")

COINS = "a payer needs coins, and the file says of none"


class Draft:
    """What the scenario will have."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.top = Table(source)
        """Everything but the participants."""
        self.participants: dict[str, Table] = {}
        self.notes: list[str] = []
        self.agents = True
        """Whether participants have behaviours."""

    def note(self, text: str) -> None:
        """Note what is left to do by hand."""
        self.notes.append(text)

    def participant(self) -> Table:
        """Return a table for a participant that has no name yet."""
        return Table(self.source)

    def place(self, name: str, table: Table, count: int = 1) -> str:
        """Take a participant in, under a name that is valid and its own; return that name.

        Args:
            name: What the file calls it.
            table: Its table.
            count: How many there are; not written if one.
        """
        unique = self._free(name, count)
        if count != 1:
            table.data = {**_head(table.data), "count": count, **table.data}
        table.settle("participants", unique)
        self.participants[unique] = table
        return unique

    def document(self) -> dict[str, Any]:
        """Return the scenario as plain data, in the order in which people write it."""
        self.top.settle()
        order = ("simulation", "network", "consensus", "binaries", "shadow")
        data = {key: self.top.data[key] for key in order if key in self.top.data}
        participants = {name: table.data for name, table in self.participants.items()}
        rest = {key: value for key, value in self.top.data.items() if key not in order}
        return {**data, "participants": participants, **rest}

    def _free(self, name: str, count: int) -> str:
        room = LONGEST_NAME - len(str(MAX_COUNT)) - 1
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789").strip("-")[:room].strip("-")
        plain = plain or "participant"
        choices = [plain, *(f"{plain}-{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")]
        choices += [f"{plain}-x{number}" for number in range(len(self.participants) + 2)]
        return next(choice for choice in choices if self._is_free(choice, count))

    def _is_free(self, name: str, count: int) -> bool:
        if name in self.participants or name == FUNDER_HOST:
            return False
        groups = {other for other, table in self.participants.items() if table.data.get("count", 1) != 1}
        inside = {other.rpartition("-")[0] for other in self.participants if other.rpartition("-")[2].isdigit()}
        stem, _, number = name.rpartition("-")
        return not (number.isdigit() and stem in groups) and not (count != 1 and name in inside)


def _head(data: dict[str, Any]) -> dict[str, Any]:
    """Return what stands before a count: the kind."""
    return {key: data[key] for key in ("kind",) if key in data}


def stem(name: str) -> str:
    """Return a name without the number at its end: ``user_001`` is one of ``user``."""
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name


def alike(value: object) -> str:
    """Return a text that is the same for equal plain data, whatever the order of keys."""
    return json.dumps(value, sort_keys=True, default=str)
