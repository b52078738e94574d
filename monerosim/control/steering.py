"""Commands from outside that a run has taken: entries of its timeline, which a replay plays again.

``steering.jsonl`` in the run directory has a line for each, in the order in which they were taken.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from monerosim.control.requests import CONTROL, ControlError
from monerosim.files import append_lines, open_regular, read_regular, replace_file

STEERING = "steering.jsonl"

REPLAY = f"{CONTROL}/replay.jsonl"
"""What a run is to take again."""

OPERATOR = "0-operator"
"""The sender of commands from outside; no participant can be called so."""


class Steering(msgspec.Struct, frozen=True):
    """A command from outside, with the keys of an entry of a scenario's timeline."""

    at: int
    """When it was sent to the participant, microseconds since the scenario's time zero."""
    who: str
    do: str
    actor: str = ""
    arguments: dict[str, Any] = {}


def append_steering(run: Path, entry: Steering) -> None:
    """Record a command that a run has taken.

    Raises:
        OSError: It cannot be written.
    """
    append_lines(run / STEERING, msgspec.json.encode(entry) + b"\n")


def read_steering(run: Path) -> list[Steering]:
    """Read the commands that a run has taken, in their order; none of one that was not steered.

    Raises:
        ControlError: A whole line is damaged.
    """
    return list(_read(run / STEERING))


def count_steering(run: Path) -> int:
    """Return how many commands a run has taken, damaged lines included."""
    try:
        return read_regular(run / STEERING).count(b"\n")
    except FileNotFoundError:
        return 0


def write_replay(run: Path, entries: list[Steering]) -> None:
    """Have a run directory that has not been played take commands again.

    Raises:
        OSError: It cannot be written.
    """
    replace_file(run / REPLAY, b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))


def read_replay(run: Path) -> list[Steering]:
    """Read what a run is to take again.

    Raises:
        ControlError: A whole line is damaged.
    """
    return list(_read(run / REPLAY))


def _read(path: Path) -> Iterator[Steering]:
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield msgspec.json.decode(line, type=Steering)
            except (ValueError, RecursionError) as error:
                raise ControlError(f"{path}, line {number}: {error}") from error
