"""The wall clock's side of a run: how far it may be played, as the requests to its clock have it.

Nothing here reaches the run but how long it waits, so none of it moves a digest.
"""

import re
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from monerosim.control.requests import ControlError, Request
from monerosim.units import SECOND, format_clock, parse_duration

Step: TypeAlias = Literal["event", "block", "minute"]

_MINUTE = 60 * SECOND
_SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)x?")
_LAG = 1.0
"""Seconds of real time that a run may be behind its speed; what it cannot make up it does not try to."""


class Speed(msgspec.Struct, frozen=True, tag="speed", tag_field="command", forbid_unknown_fields=True):
    """Play at a speed from now on."""

    factor: str | float
    """``"60x"`` or 60: simulated seconds in a second; ``"max"``: as fast as possible."""


class Advance(msgspec.Struct, frozen=True, tag="step", tag_field="command", forbid_unknown_fields=True):
    """Play a step as fast as possible, and pause."""

    by: Step = "event"


class Until(msgspec.Struct, frozen=True, tag="until", tag_field="command", forbid_unknown_fields=True):
    """Play on, and pause at a time."""

    time: str | int
    """A duration since the scenario's time zero; a number is one of microseconds."""


class Pause(msgspec.Struct, frozen=True, tag="pause", tag_field="command", forbid_unknown_fields=True):
    """Stand still."""


class Resume(msgspec.Struct, frozen=True, tag="resume", tag_field="command", forbid_unknown_fields=True):
    """Go on."""


ClockCommand: TypeAlias = Pause | Resume | Speed | Advance | Until


def clock_command(request: Request) -> ClockCommand:
    """Return what a request without a participant asks of the clock.

    Raises:
        ControlError: There is no such command, or its arguments do not fit.
    """
    if request.actor:
        raise ControlError(f"{request.command}: an actor without its participant")
    try:
        command: ClockCommand = msgspec.convert({**request.arguments, "command": request.command}, ClockCommand)
    except msgspec.ValidationError as error:
        raise ControlError(f"{request.command}: {error}") from error
    return command


def parse_speed(text: str | float) -> float | None:
    """Read a speed: ``"60x"``, ``"0.5x"``, 60; None for ``"max"``.

    Raises:
        ControlError: It is none.
    """
    if text == "max":
        return None
    found = _SPEED.fullmatch(str(text))
    if found is None or float(found[1]) == 0:
        raise ControlError(f'{text!r} is no speed: "60x", or "max" for as fast as possible')
    return float(found[1])


class RunClock:
    """How far a run may be played at each moment of real time.

    Args:
        time_zero: The beginning of the scenario's time, microseconds since the run's start.
        wall: Returns real time, in seconds.

    Attributes:
        speed: Simulated seconds in a second; None for as fast as possible.
        paused: Whether the run stands still.
        until: When it pauses, microseconds since the run's start; None if it does not.
        step: What it is to play before it pauses again, as fast as possible.
    """

    def __init__(self, time_zero: int, wall: Callable[[], float] = time.monotonic) -> None:
        self._time_zero = time_zero
        self._wall = wall
        self._anchor = (wall(), 0)
        self.speed: float | None = None
        self.paused = False
        self.until: int | None = None
        self.step: Step | None = None

    def obey(self, command: ClockCommand, now: int) -> str:
        """Carry out a command.

        Args:
            command: The command.
            now: Microseconds since the run's start.

        Returns:
            What the run does from now on.

        Raises:
            ControlError: It cannot be carried out.
        """
        until = self._time(command, now)
        if isinstance(command, Speed):
            self.speed = parse_speed(command.factor)
            self._anchor = (self._wall(), now)
            return "plays as fast as possible" if self.speed is None else f"plays at {self.speed:g}x"
        self.paused, self.until, self.step = isinstance(command, Pause), until, None
        self._anchor = (self._wall(), now)
        match command:
            case Advance(by=step):
                self.step = step
                return f"plays a {step}" if step == "minute" else f"plays to the next {step}"
            case Pause():
                return "paused"
            case _:
                return "plays" if until is None else f"plays to {format_clock(until - self._time_zero)}"

    def pause(self) -> None:
        """Stand still: a step is done, or the time has come."""
        self.paused, self.until, self.step = True, None, None

    def limit(self, now: int, most: int) -> int:
        """Return up to when a run may be played now, ``most`` at most; ``now``, if it is to wait.

        Args:
            now: Microseconds since the run's start, as the result.
            most: The most that is wanted.
        """
        if self.until is not None:
            most = min(most, self.until)
        if self.paused:
            return now
        if self.speed is None or self.step is not None:
            return most
        began, start = self._anchor
        due = start + round((self._wall() - began) * self.speed * SECOND)
        if due - now > _LAG * self.speed * SECOND:
            self._anchor = (self._wall(), now)
        return max(now, min(most, due))

    def _time(self, command: ClockCommand, now: int) -> int | None:
        if isinstance(command, Advance):
            return now + _MINUTE if command.by == "minute" else None
        if not isinstance(command, Until):
            return None
        try:
            time = command.time if isinstance(command.time, int) else parse_duration(command.time)
        except ValueError as error:
            raise ControlError(f"until: {error}") from error
        if time + self._time_zero <= now:
            raise ControlError(f"until: it is {format_clock(now - self._time_zero)} already")
        return time + self._time_zero
