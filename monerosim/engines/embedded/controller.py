"""A controlled run: it waits for real time, takes requests, and goes on exactly as one that is not controlled."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from monerosim.control import OPERATOR, ControlError, Request, State
from monerosim.control.clock import RunClock, clock_command
from monerosim.control.requests import RequestReader
from monerosim.control.state import write_state
from monerosim.control.steering import read_replay
from monerosim.engine import EngineError
from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.engines.steering import Commands
from monerosim.mailbox.post import Envelope
from monerosim.plan.plan import Plan
from monerosim.units import SECOND

_WAIT = 0.02
"""Seconds of real time between two looks while the run waits."""

_FLUSH = 0.1
"""Seconds of real time between two writes of what has happened."""

_SHORT, _LONG = 0.03, 0.1
"""Seconds of real time that a piece shall take: requests are looked for between two."""

_PIECE = (SECOND // 1000, 10 * SECOND)
"""Simulated time of the shortest and the longest piece."""


class Controller:
    """Plays a run in pieces, and takes requests between them.

    A command from outside is sent when everything due at that instant has happened, and the instant is recorded. So a
    replay, which plays everything due at it and sends the command then, comes to the same.

    Args:
        plan: What is played.
        directory: The run directory.
        environment: What it is played on.
        idle: Called while the run waits; returns whether it shall stop.

    Raises:
        EngineError: What is to be replayed is damaged.
    """

    def __init__(self, plan: Plan, directory: Path, environment: EmbeddedEnvironment, idle: Callable[[], bool]) -> None:
        self._plan = plan
        self._directory = directory
        self._environment = environment
        self._runtime = environment.runtime
        self._idle = idle
        self._hosts = {own.name for own in plan.hosts}
        self._clock = RunClock(plan.time_zero)
        self._requests = RequestReader(directory, self._now)
        self._commands = Commands(directory, plan.time_zero)
        self._piece = SECOND
        self._written = 0.0
        try:
            self._replay = deque(read_replay(directory))
        except (ControlError, OSError) as error:
            raise EngineError(f"cannot be replayed: {error}") from error
        environment.post_office.receive(OPERATOR, self._take_result)

    def advance(self, until: int, stopped: Callable[[], bool]) -> bool:
        """Play up to a time as :meth:`monerosim.runtime.virtual.VirtualRuntime.run` does, as the requests have it."""
        runtime, clock = self._runtime, self._clock
        asked, whole = False, True

        def stop() -> bool:
            nonlocal asked
            asked = asked or stopped()
            return asked

        while not asked:
            self._take_requests(stop)
            if whole:
                self._send_again()
            now = runtime.now()
            limit = clock.limit(now, until)
            if clock.paused or limit == now != until:
                self._publish()
                time.sleep(_WAIT)
                asked = self._idle()
                continue
            whole = self._play(self._next(now, limit), stop)
            if clock.until is not None and runtime.now() >= clock.until:
                clock.pause()
            self._publish()
            if whole and runtime.now() == until:
                return True
        return False

    def finish(self) -> None:
        """Answer what is not answered, and write that the run is over."""
        for number, _ in self._requests:
            self._requests.answer(number, "the run has ended", ok=False)
        self._commands.finish(self._runtime.now())
        self._write_state(over=True)

    def _now(self) -> int:
        return self._runtime.now() - self._plan.time_zero

    def _next(self, now: int, limit: int) -> int:
        """Return the end of the next piece."""
        again = self._replay[0].at + self._plan.time_zero if self._replay else limit
        return max(now, min(limit, now + self._piece, again))

    def _play(self, until: int, stopped: Callable[[], bool]) -> bool:
        """Play a piece, and return whether all of it was played: a step may end in the middle of an instant."""
        if self._clock.step in ("event", "block"):
            before = self._steps()
            whole = self._runtime.run(until, lambda: self._steps() > before or stopped())
            if self._steps() > before:
                self._clock.pause()
            return whole
        began = time.monotonic()
        whole = self._runtime.run(until, stopped)
        took, (shortest, longest) = time.monotonic() - began, _PIECE
        if took < _SHORT:
            self._piece = min(2 * self._piece, longest)
        elif took > _LONG:
            self._piece = max(self._piece // 2, shortest)
        return whole

    def _steps(self) -> int:
        """Return how many of what the run is to step by there have been."""
        return self._environment.blocks if self._clock.step == "block" else self._environment.recorded

    def _take_requests(self, stopped: Callable[[], bool]) -> None:
        for number, request in self._requests:
            try:
                if request.participant:
                    self._send(request, number, stopped)
                else:
                    text = self._clock.obey(clock_command(request), self._runtime.now())
                    self._requests.answer(number, text)
            except ControlError as error:
                self._requests.answer(number, str(error), ok=False)
            self._written = 0.0

    def _send(self, request: Request, number: int | None, stopped: Callable[[], bool]) -> None:
        if request.participant not in self._hosts:
            raise ControlError(f"no such participant: {request.participant!r}")
        now = self._runtime.now()
        # After a step there may be more to happen at this instant.
        self._runtime.run(now, stopped)
        self._environment.post_office.send(self._commands.take(request, number, now))

    def _send_again(self) -> None:
        """Send what is to be replayed now."""
        while self._replay and self._replay[0].at <= self._now():
            entry = self._replay.popleft()
            request = Request(entry.do, entry.who, entry.actor, entry.arguments)
            self._environment.post_office.send(self._commands.take(request, None, self._runtime.now()))

    def _take_result(self, letter: Envelope, again: bool) -> bool:
        del again
        self._commands.answer(letter, self._runtime.now())
        return True

    def _publish(self) -> None:
        """Bring what has happened to the run directory, if that is long ago."""
        now = time.monotonic()
        if now - self._written >= _FLUSH:
            self._environment.flush()
            self._write_state()
            self._written = now

    def _write_state(self, *, over: bool = False) -> None:
        plan, clock = self._plan, self._clock
        state = State(
            t=self._now(),
            begin=-plan.time_zero,
            end=plan.stop - plan.time_zero,
            height=self._environment.height,
            payments=self._environment.payments,
            speed=clock.speed,
            paused=clock.paused,
            until=None if clock.until is None else clock.until - plan.time_zero,
            steered=self._commands.taken,
            taken=self._requests.taken,
            over=over,
            written=time.time(),
        )
        # A full disk ends the run when its events cannot be written; its state is not worth that.
        with suppress(OSError):
            write_state(self._directory, state)
