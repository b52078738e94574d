"""Points of simulated time on the command line."""

import re

import click

from monerosim.units import parse_duration

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


class TimePoint(click.ParamType[int]):
    """A point of the scenario's time: a duration or a clock's time as lines have it, negative for the bootstrap."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the time in microseconds."""
        text = str(value).strip()
        sign = -1 if text.startswith("-") else 1
        try:
            text = text.removeprefix("-")
            clock = _CLOCK.fullmatch(text)
            return sign * parse_duration("{}h{}m{}s".format(*clock.groups()) if clock else text)
        except ValueError as error:
            self.fail(str(error), param, ctx)
