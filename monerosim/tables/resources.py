"""What the processes of a run took, as it was measured while it was played: in real time, so it is in no digest."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from monerosim.tables.schema import Column, Table

RESOURCES_FILE = "resources.jsonl"
"""Where a run directory has it, a :class:`Usage` a line."""

RESOURCES = Table(
    "resources",
    "What processes took, looked at now and then; empty unless the run was played by `monerosim run` or in Python.",
    (
        Column("process", "name", "PARTICIPANT/PROGRAM; monerosim is the engine, with all that it simulates itself"),
        Column("wall_s", "real", "seconds since the run's start"),
        Column("t_us", "time", "simulated time then"),
        Column("cpu_s", "real", "seconds of CPU so far"),
        Column("rss", "integer", "resident bytes"),
        Column("disk", "integer", "bytes of its files in the run directory; null before the end"),
    ),
)


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a process had taken at a time; see :data:`RESOURCES`."""

    process: str
    wall_s: float
    t_us: int
    cpu_s: float
    rss: int
    disk: int | None = None


def read_usages(run: Path) -> Iterator[Usage]:
    """Return what was measured of a run; a line that a kill has cut is left out."""
    try:
        lines = (run / RESOURCES_FILE).read_bytes().splitlines(keepends=True)
    except OSError:
        return
    for line in lines:
        if line.endswith(b"\n"):
            yield msgspec.json.decode(line, type=Usage)
