"""Commands from outside on their way to actors: letters to a participant's supervisor, and its results."""

from pathlib import Path

import msgspec

from monerosim.agent.commands import CommandLetter, ResultLetter
from monerosim.agent.registry import SUPERVISOR
from monerosim.control import OPERATOR, Answer, Request, Steering
from monerosim.control.requests import write_answer
from monerosim.control.steering import append_steering
from monerosim.mailbox.post import Envelope


class Commands:
    """The commands that a run has taken, and those of them that are not answered.

    Args:
        run: The run directory.
        time_zero: The beginning of the scenario's time, microseconds since the run's start.
    """

    def __init__(self, run: Path, time_zero: int) -> None:
        self._run = run
        self._time_zero = time_zero
        self._asked: dict[str, int] = {}
        self.taken = 0
        """How many there are so far."""

    def take(self, request: Request, number: int | None, now: int) -> Envelope:
        """Record a command, and return the letter that brings it to its participant.

        Args:
            request: The command.
            number: The request to answer; None for a command that is replayed.
            now: Microseconds since the run's start.
        """
        entry = Steering(now - self._time_zero, request.participant, request.command, request.actor, request.arguments)
        append_steering(self._run, entry)
        self.taken += 1
        own = str(self.taken)
        if number is not None:
            self._asked[own] = number
        letter = CommandLetter(do=entry.do, id=own, actor=entry.actor, arguments=entry.arguments, reply=OPERATOR)
        return Envelope(
            sent=now,
            sender=OPERATOR,
            number=self.taken,
            recipient=entry.who,
            actor=SUPERVISOR,
            kind=CommandLetter.kind,
            data=msgspec.to_builtins(letter),
            cause=f"{OPERATOR}@{self.taken}",
        )

    def answer(self, letter: Envelope, now: int) -> None:
        """Answer the request whose result has come.

        Args:
            letter: The letter with it; any other is of no interest here.
            now: Microseconds since the run's start.
        """
        try:
            result = msgspec.convert(letter.data, ResultLetter)
        except msgspec.ValidationError:
            return
        number = self._asked.pop(result.id, None)
        if number is not None:
            # How far Shadow is, it tells now and then: the letter may be of later than that.
            at = max(now, letter.sent) - self._time_zero
            answer = Answer(result.ok, result.text, at, result.answers)
            write_answer(self._run, number, answer)

    def finish(self, now: int) -> None:
        """Answer what is not answered at the end."""
        for number in self._asked.values():
            write_answer(self._run, number, Answer(False, "the run ended before the answer", now - self._time_zero))
        self._asked.clear()
