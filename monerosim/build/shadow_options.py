"""Checks of a scenario's Shadow options: some would make Shadow deviate from the plan, or write elsewhere."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from monerosim.scenario.problems import Problem
from monerosim.scenario.tables import Scenario
from monerosim.units import SECOND, format_duration

_TIME = re.compile(r"\s*(?P<number>\d+)\s*(?P<unit>[a-zμµ]*)\s*")
_UNITS = {
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1),
    **dict.fromkeys(("us", "μs", "µs", "microsecond", "microseconds"), 1_000),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1_000_000),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 10**9),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60 * 10**9),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600 * 10**9),
}
"""Nanoseconds (src/main/utility/units.rs in Shadow's repository)."""


def option_problems(scenario: Scenario, stop: int) -> list[Problem]:
    """Return the problems of a scenario's options for Shadow that Shadow itself would not find.

    Args:
        scenario: The scenario.
        stop: The end of the run, microseconds since its start.
    """
    return [Problem(place=f"shadow.{place}", message=message) for place, message in _problems(scenario, stop)]


def _problems(scenario: Scenario, stop: int) -> Iterator[tuple[str, str]]:
    options = scenario.shadow
    data = options.general.get("data_directory")
    if data is not None and not _is_below(data):
        yield "general.data_directory", f"expected a directory's name in the run directory, got {data!r}"
    if "template_directory" in options.general:
        yield "general.template_directory", "a scenario has no directory copied into its run"
    yield from _early(options.general, stop)
    if "graph" in options.network:
        yield "network.graph", "the graph follows from network.topology"
    for name in sorted(options.host_options.keys() - scenario.participants.keys()):
        yield f"host_options.{name}", "no such participant"


def _early(general: Mapping[str, object], stop: int) -> Iterator[tuple[str, str]]:
    time = general.get("stop_time")
    found = _TIME.fullmatch(str(time))
    if time is None or found is None or found["unit"] not in _UNITS:
        # Shadow itself reports the expected form.
        return
    if int(found["number"]) * _UNITS[found["unit"]] < stop * 1_000:
        whole = format_duration(-(-stop // SECOND) * SECOND)
        yield "general.stop_time", f"{time} is before the end of the run, which takes {whole}: set simulation.duration"


def _is_below(path: object) -> bool:
    if not isinstance(path, str):
        return False
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts
