"""How far a controlled run is, in a file that its engine replaces some times a second: ``control/state.json``."""

from pathlib import Path

import msgspec

from monerosim.control.requests import CONTROL, is_controlled
from monerosim.files import read_regular, replace_file

_STATE = "state.json"
_MOST = 64 * 1024


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is, and how it goes on; times are microseconds since the scenario's time zero."""

    t: int
    begin: int
    """When the run began: negative by the length of the bootstrap."""
    end: int
    """When it is to stop."""
    height: int
    payments: int
    speed: float | None
    """Simulated seconds in a second; None for as fast as possible, or as the engine has it."""
    paused: bool
    until: int | None
    """When it will pause by itself."""
    steered: int
    """How many commands from outside it has taken."""
    taken: int
    """The number of the last request that it has taken."""
    over: bool
    written: float
    """Unix time."""


def write_state(run: Path, state: State) -> None:
    """Replace the state in a run directory.

    Raises:
        OSError: It cannot be written.
    """
    replace_file(run / CONTROL / _STATE, msgspec.json.encode(state))


def read_state(run: Path) -> State | None:
    """Read the state of a run; None if it is not controlled, has not begun or is damaged."""
    if not is_controlled(run):
        return None
    try:
        return msgspec.json.decode(read_regular(run / CONTROL / _STATE, _MOST), type=State)
    except (OSError, ValueError):
        return None
