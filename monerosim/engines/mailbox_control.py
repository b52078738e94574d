"""Control of a run whose time is its own: commands from outside go through the mailboxes of its run directory."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monerosim.control import OPERATOR, ControlError, Request, State, is_controlled
from monerosim.control.requests import RequestReader
from monerosim.control.state import write_state
from monerosim.control.steering import read_replay
from monerosim.engine import Engine, EngineError, Progress, ProgressCallback
from monerosim.engines.steering import Commands
from monerosim.mailbox.disk import MAILBOXES, make_mailbox, post_letter, take_letters
from monerosim.plan.plan import Plan


@contextmanager
def steered_by_mail(
    plan: Plan, directory: Path, engine: Engine, on_progress: ProgressCallback
) -> Iterator[ProgressCallback]:
    """Have a run take requests whenever it tells its progress, if it is controlled and its engine does not do it.

    Yields:
        What the engine is to tell its progress to.

    Raises:
        EngineError: What is to be replayed is damaged.
        OSError: The run directory cannot be written.
    """
    if engine.paced or not is_controlled(directory):
        yield on_progress
        return
    control = _MailboxControl(plan, directory)

    def follow(progress: Progress) -> bool:
        control.look(progress)
        return on_progress(progress)

    try:
        yield follow
    finally:
        control.finish()


class _MailboxControl:
    """Posts commands to the participants' supervisors, and takes their results from the operator's own mailbox."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan = plan
        self._directory = directory
        self._boxes = directory / MAILBOXES
        self._hosts = {own.name for own in plan.hosts}
        self._last = Progress(0, 0, 0)
        self._requests = RequestReader(directory, lambda: self._last.now - plan.time_zero)
        self._commands = Commands(directory, plan.time_zero)
        try:
            self._replay = deque(read_replay(directory))
        except ControlError as error:
            raise EngineError(f"cannot be replayed: {error}") from error
        make_mailbox(self._boxes, OPERATOR)

    def look(self, progress: Progress) -> None:
        """Post the commands that have come, and answer those whose results have."""
        self._last = progress
        for number, request in self._requests:
            if not request.participant:
                why = f"the time of the engine {self._plan.engine} cannot be slowed"
                self._requests.answer(number, f"{request.command}: {why}", ok=False)
            elif request.participant not in self._hosts:
                self._requests.answer(number, f"no such participant: {request.participant!r}", ok=False)
            else:
                self._post(request, number)
        while self._replay and self._replay[0].at <= progress.now - self._plan.time_zero:
            entry = self._replay.popleft()
            self._post(Request(entry.do, entry.who, entry.actor, entry.arguments), None)
        self._answer()
        self._write_state()

    def finish(self) -> None:
        """Answer what is not answered, and write that the run is over."""
        for number, _ in self._requests:
            self._requests.answer(number, "the run has ended", ok=False)
        self._answer()
        self._commands.finish(self._last.now)
        self._write_state(over=True)

    def _post(self, request: Request, number: int | None) -> None:
        post_letter(self._boxes, self._commands.take(request, number, self._last.now))

    def _answer(self) -> None:
        for letter in take_letters(self._boxes, OPERATOR):
            self._commands.answer(letter, self._last.now)

    def _write_state(self, *, over: bool = False) -> None:
        plan, last = self._plan, self._last
        state = State(
            t=last.now - plan.time_zero,
            begin=-plan.time_zero,
            end=plan.stop - plan.time_zero,
            height=last.height,
            payments=last.payments,
            speed=None,
            paused=False,
            until=None,
            steered=self._commands.taken,
            taken=self._requests.taken,
            over=over,
            written=time.time(),
        )
        # A full disk ends the run when its events cannot be written; its state is not worth that.
        with suppress(OSError):
            write_state(self._directory, state)
