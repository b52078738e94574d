"""The scenario of a sweep, and what each of its runs takes of it."""

import shlex
from pathlib import Path

import msgspec

from monerosim.ensemble.design import Design, Point
from monerosim.ensemble.member import Keep, Member
from monerosim.ensemble.store import Entry, key_of
from monerosim.plugins import PluginFiles
from monerosim.scenario import Examination, Permissions, Scenario, examine, read_file
from monerosim.scenario.tables import SweepTable


class Source:
    """The scenario of a sweep.

    Args:
        path: Its file.
        changes: ``KEY.PATH=VALUE``, made at every point.
        permissions: What the user allows it.

    Attributes:
        name: The scenario's.
        table: Its table ``[sweep]``.

    Raises:
        ScenarioError: It has errors.
    """

    def __init__(self, path: Path, changes: tuple[str, ...], permissions: Permissions) -> None:
        self.path = path
        self.raw = read_file(path)
        self.changes = changes
        self.permissions = permissions
        examination = self._examine(Point({}))
        self.name = examination.scenario.simulation.name
        self.table = examination.scenario.sweep
        self._files: dict[str, bytes] = {}

    def _examine(self, point: Point) -> Examination:
        changes = (*self.changes, *point.changes)
        examination = examine(self.raw, None, changes, PluginFiles(self.path.parent), self.permissions)
        examination.require()
        return examination

    def entries(self, design: Design) -> tuple[Entry, ...]:
        """Return all runs of a design, with their keys.

        Raises:
            ScenarioError: The scenario has errors at one of the points.
        """
        known = {point.changes: self._examine(point) for point in design.points}
        digests = {changes: examination.files.digests() for changes, examination in known.items()}
        self._files = {name: source for found in known.values() for name, source in found.files.sources.items()}
        return tuple(
            Entry(
                key=key_of(_seeded(known[point.changes].scenario, seed), digests[point.changes]),
                values=point.values,
                seed=seed,
            )
            for point, seed in design.runs()
        )

    def member(self, entry: Entry, keep: Keep, directory: Path) -> Member:
        """Return what it takes to play a run.

        Args:
            entry: The run.
            keep: What is kept of it.
            directory: Where, if that is all.
        """
        return Member(
            key=entry.key,
            scenario=self.raw,
            changes=(*self.changes, *Point(entry.values).changes),
            seed=entry.seed,
            files=self._files,
            base=str(self.path.parent.absolute()),
            permissions=self.permissions,
            tables=keep == "tables",
            directory=str(directory.absolute()) if keep == "all" else "",
        )

    def command(self, entry: Entry) -> str:
        """Return the command that plays a run alone."""
        changes = (*self.changes, *Point(entry.values).changes)
        options = [*_allowing(self.permissions), *(part for change in changes for part in ("--set", change))]
        return shlex.join(["monerosim", "run", str(self.path), "--seed", str(entry.seed), *options])


def _allowing(permissions: Permissions) -> list[str]:
    programs = ["--allow-programs"] if permissions.programs else []
    return programs + [f"--allow-flag={flag}" for flag in permissions.flags]


def _seeded(scenario: Scenario, seed: int) -> Scenario:
    """Return what a run is made of: the scenario with its seed, and nothing of what others vary."""
    simulation = msgspec.structs.replace(scenario.simulation, seed=seed)
    return msgspec.structs.replace(scenario, simulation=simulation, sweep=SweepTable())
