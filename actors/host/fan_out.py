"""Commands to several at once: their answers, time-outs, and the result for the sender."""

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any

import msgspec
import pykka

from monerosim.agent.actor import Actor
from monerosim.agent.commands import CommandLetter, ResultLetter
from monerosim.mailbox.post import UnknownHostError
from monerosim.units import SECOND

_MAX_ANSWERS = 2**19
"""Bytes that the answers in one letter may have together; one that does not fit is left out."""

_MAX_TEXT = 100_000
"""Characters of a result's text."""


class Outcome(Enum):
    """What became of a command at one of those it went to."""

    DONE = auto()
    FAILED = auto()
    UNABLE = auto()
    """Its state does not allow the command: a failure only if no other did it or tried."""


class FanOut(msgspec.Struct, eq=False):
    """A command to several."""

    id: str
    command: CommandLetter
    sender: str
    """The host that gets the result; empty for a command of the scenario's timeline."""
    cause: str
    until: int
    """When the time to answer is over, microseconds since the run's start."""
    waiting: dict[str, None]
    """Those that have not answered."""
    done: list[str] = []
    failed: list[str] = []
    unable: list[str] = []
    answers: dict[str, Any] = {}
    """By those who answered, plain data."""
    size: int = 0
    """Bytes of the answers as JSON."""

    def take(self, who: str, outcome: Outcome, text: str, answer: object = None) -> None:
        """Record an answer."""
        self.waiting.pop(who, None)
        {Outcome.DONE: self.done, Outcome.FAILED: self.failed, Outcome.UNABLE: self.unable}[outcome].append(text)
        if answer is not None:
            size = len(msgspec.json.encode(answer))
            if self.size + size <= _MAX_ANSWERS:
                self.size += size
                self.answers[who] = answer


class FanOuts:
    """The commands that an actor has sent to several and that are not answered by all.

    Args:
        actor: Whose they are.
        time_out: A method of the actor, called with a command's id when its time is over: it answers for those that
            are :meth:`unanswered`.
        close: Called with a command when all have answered; returns the answers for the result letter.
        running: Those that are not answered yet; retained by an actor that goes on with them in its next life.
    """

    def __init__(
        self,
        actor: Actor,
        time_out: Callable[[str], None],
        close: Callable[[FanOut], dict[str, dict[str, Any]]],
        running: dict[str, FanOut] | None = None,
    ) -> None:
        self._actor = actor
        self._time_out = time_out
        self._close = close
        self._running = {} if running is None else running
        self._ids = actor.host.numbers(f"{actor.name}'s fan-outs")
        for fan_out in self._running.values():
            with actor.because_of(fan_out.cause):
                self._plan_time_out(fan_out)

    def start(
        self,
        command: CommandLetter,
        sender: str,
        timeout: float,
        to: Iterable[str],
        tell: Callable[[str, FanOut], None],
    ) -> None:
        """Send a command to several.

        Args:
            command: The command.
            sender: The host that gets the result.
            timeout: Seconds until those that have not answered are not waited for.
            to: Their names, one at least.
            tell: Tells one of them; the answer may come before it returns.
        """
        names = dict.fromkeys(to)
        fan_out = self._make(command, sender, names, timeout)
        self._running[fan_out.id] = fan_out
        self._plan_time_out(fan_out)
        for name in names:
            tell(name, fan_out)

    def refuse(self, command: CommandLetter, sender: str, outcome: Outcome, reason: str) -> None:
        """Send the result of a command that is sent to none."""
        fan_out = self._make(command, sender, {}, 0)
        fan_out.take("", outcome, reason)
        self._finish(fan_out)

    def answer(self, number: str, who: str, outcome: Outcome, text: str, answer: object = None) -> bool:
        """Record an answer, and send the result if it is the last.

        Args:
            number: The command's id.
            who: One of those it was given to.
            outcome: What became of it.
            text: Who did it, or why it was not done.
            answer: What was answered, plain data.

        Returns:
            Whether the answer was waited for.
        """
        fan_out = self._running.get(number)
        if fan_out is None or who not in fan_out.waiting:
            return False
        fan_out.take(who, outcome, text, answer)
        if not fan_out.waiting:
            del self._running[number]
            self._finish(fan_out)
        return True

    def unanswered(self, number: str) -> list[str]:
        """Return the names of those that have not answered a command."""
        fan_out = self._running.get(number)
        return [] if fan_out is None else list(fan_out.waiting)

    def _make(self, command: CommandLetter, sender: str, names: dict[str, None], timeout: float) -> FanOut:
        until = self._actor.host.now() + round(timeout * SECOND)
        return FanOut(str(next(self._ids)), command, sender, self._actor.cause, until, names.copy())

    def _plan_time_out(self, fan_out: FanOut) -> None:
        left = (fan_out.until - self._actor.host.now()) / SECOND
        self._actor.after(max(0.0, left), self._time_out, fan_out.id, same_cause=True)

    def _finish(self, fan_out: FanOut) -> None:
        answers = self._close(fan_out)
        if not fan_out.command.reply:
            return
        text = "; ".join(fan_out.failed or fan_out.done)[:_MAX_TEXT]
        result = ResultLetter(id=fan_out.command.id, ok=not fan_out.failed, text=text, answers=answers)
        try:
            self._actor.send(fan_out.sender, fan_out.command.reply, result)
        except (UnknownHostError, pykka.ActorDeadError) as error:
            # At the end of a run the mailbox may have stopped.
            self._actor.log.warning("cannot send {} the result of {}: {}", fan_out.sender, fan_out.command.do, error)
