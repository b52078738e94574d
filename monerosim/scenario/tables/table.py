"""What all tables of a scenario share."""

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import NODEFAULT, Meta

from monerosim import config
from monerosim.config import Config, fields_of
from monerosim.scenario.convert import Reader
from monerosim.scenario.problems import Problem, ScenarioError, format_path

Options: TypeAlias = dict[str, Any]
"""Plain data that somebody else (a behaviour, a topology, Shadow) checks."""

MAX_COUNT = 100_000
"""The most participants a scenario may have."""

MAX_MEDIAN = 10**9
"""The highest median block weight of a chain's start, bytes: three thousand times that of an empty chain."""

MAX_DIFFICULTY = 10**12
"""The highest difficulty, about that of the real network in 2025: that of a million blocks is less than 2^63."""

_VERSION_FORM = config.form('a version of monerod such as "0.18.0.0"')

Version: TypeAlias = Annotated[str, Meta(pattern=r"^0\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$", extra=_VERSION_FORM)]
"""A version of monerod."""

RuleNames: TypeAlias = str | Options | tuple[str | Options, ...]
"""Rules, by name or as tables with their keys."""


class Table(Config, frozen=True):
    """A table of a scenario. Its constructor takes text and dicts where the fields are quantities and tables."""

    def __post_init__(self) -> None:
        """Read the fields that were given as plain data."""
        reader = Reader()
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            found = reader.read(value, field.type, (field.encode_name,))
            if found is not NODEFAULT and found is not value:
                msgspec.structs.force_setattr(self, field.name, found)
        wrong = [Problem(place=format_path(it.path), message=it.message, hint=it.hint) for it in reader.findings]
        if not wrong:
            wrong = [Problem(place=str(keys[0]), message=message) for keys, message in self.problems()]
        if wrong:
            raise ScenarioError(wrong)
