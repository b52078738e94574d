"""Commands to the behaviours of a host: each behaviour carries out one after the other, step by step."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import pykka

from actors.host.fan_out import FanOut, FanOuts, Outcome
from actors.host.lives import Lives
from actors.host.supervised import State, SupervisedBehaviour
from monerosim.agent.actor import Actor
from monerosim.agent.commands import (
    COMMAND_TIMEOUT,
    COMMON_COMMANDS,
    PAUSE,
    RESUME,
    SET,
    START,
    STOP,
    CommandError,
    CommandLetter,
    command_message,
    plain_answer,
)
from monerosim.agent.messages import Configure, End, Execute, Executed, Message, Pause, Resume
from monerosim.config import change_config, load_config
from monerosim.events import ActorFailed, CommandExecuted, CommandFailed

_BEFORE_END = "before the end of the run"


class NotAbleError(CommandError):
    """A behaviour's state does not allow a command; that of others may."""


class CommandRun(msgspec.Struct, eq=False):
    """A command to one behaviour."""

    number: int
    behaviour: SupervisedBehaviour
    fan_out: FanOut
    host: str
    steps: tuple[Message[Any], ...] = ()
    """What the behaviour is still to carry out; it has been told the first."""
    config: Mapping[str, object] = {}
    """Its configuration afterwards."""

    @property
    def command(self) -> CommandLetter:
        """The command."""
        return self.fan_out.command

    @property
    def is_closed(self) -> bool:
        """Whether it has counted as failed, because no answer came in time."""
        return self.behaviour.name not in self.fan_out.waiting

    def prepare(self) -> None:
        """Set the steps: none, while the behaviour does not run.

        Raises:
            NotAbleError: The behaviour's state does not allow the command.
            CommandError: The arguments do not fit.
        """
        do, runs = self.command.do, self.behaviour.state is State.RUNNING
        if do == START:
            if runs:
                raise NotAbleError(f"{self.behaviour.name} is running")
        elif do == STOP:
            self.steps = (Pause(), End()) if runs else ()
        elif runs or (do in COMMON_COMMANDS and self.behaviour.will_start):
            step = self._step()
            self.steps = (step,) if runs else ()
        else:
            raise NotAbleError(f"{self.behaviour.name} of {self.host}: not running")

    def finish(self) -> None:
        """Record in the behaviour's state that the command has been carried out."""
        do, behaviour = self.command.do, self.behaviour
        if do in (PAUSE, RESUME):
            behaviour.paused = do == PAUSE
        elif do == SET:
            behaviour.config = self.config
        elif do == STOP and behaviour.state is not State.GIVEN_UP:
            behaviour.paused = False
            behaviour.state = State.STOPPED

    def _step(self) -> Message[Any]:
        do, arguments, name = self.command.do, self.command.arguments, self.behaviour.name
        if do in (PAUSE, RESUME):
            return Pause() if do == PAUSE else Resume()
        behaviour = self.behaviour.behaviour
        if behaviour is None:
            raise NotAbleError(f"{name} of {self.host} cannot be loaded")
        if do != SET:
            return command_message(behaviour, do, arguments)
        self.config = change_config(self.behaviour.config, arguments, behaviour.Config)
        try:
            return Configure(load_config(self.config, behaviour.Config))
        except msgspec.ValidationError as error:
            raise CommandError(f"{name}: {error}") from error


class CommandRuns:
    """The commands that a host's behaviours have not carried out yet.

    Args:
        supervisor: Who gives them.
        lives: The behaviours.
        time_out: The supervisor's method that calls :meth:`time_out`.
    """

    def __init__(self, supervisor: Actor, lives: Lives, time_out: Callable[[str], None]) -> None:
        self._supervisor = supervisor
        self._lives = lives
        self._fan_outs = FanOuts(supervisor, time_out, self._close)
        self._runs: dict[int, CommandRun] = {}
        self._queues: defaultdict[str, deque[CommandRun]] = defaultdict(deque)
        self._numbers = supervisor.host.numbers(f"{supervisor.name}'s command runs")

    def __bool__(self) -> bool:
        return bool(self._runs)

    def is_understood(self, command: CommandLetter) -> bool:
        """Return whether a behaviour of the host has a command."""
        named = [it for it in self._lives.behaviours.values() if command.actor in ("", it.name)]
        return any(behaviour.understands(command.do, command.arguments) for behaviour in named)

    def start(self, command: CommandLetter, sender: str = "") -> None:
        """Have all behaviours that a command is for carry it out."""
        do, host, behaviours = command.do, self._supervisor.host.name, self._lives.behaviours
        named = [behaviour for behaviour in behaviours.values() if command.actor in ("", behaviour.name)]
        able = [behaviour.name for behaviour in named if behaviour.understands(do, command.arguments)]
        if able:
            self._fan_outs.start(command, sender, COMMAND_TIMEOUT, able, self._enqueue)
            return
        if named:
            what = f"set {', '.join(command.arguments)}" if do == SET else do
            reason = f"{' and '.join(behaviour.name for behaviour in named)} of {host} cannot {what}"
        else:
            reason = f"{host} has no behaviour {command.actor!r}; it has {', '.join(behaviours) or 'none'}"
        self._fan_outs.refuse(command, sender, Outcome.UNABLE, reason)

    def refuse(self, command: CommandLetter, sender: str, reason: str) -> None:
        """Send the result of a command that is not carried out."""
        self._fan_outs.refuse(command, sender, Outcome.FAILED, reason)

    def executed(self, done: Executed) -> None:
        """Continue after a step that a behaviour has carried out, with the next step or the next command."""
        run = self._runs.get(done.number)
        if run is None:
            return  # the behaviour has failed since
        name = run.behaviour.name
        step, *left = run.steps
        if done.error and isinstance(step, End):
            self._supervisor.log.warning("{} did not end well: {}", name, done.error)
            self._supervisor.emit(ActorFailed(name, done.error))
        elif done.error:
            self._drop(run, CommandError(f"{name}: {done.error}"))
            self.go_on(name)
            return
        run.steps = tuple(left)
        if left:
            self._tell_step(run)
        else:
            self._finish(run, done.answer)
            self.go_on(name)

    def go_on(self, name: str) -> None:
        """Have a behaviour carry out its commands, until there is an answer to wait for."""
        while queue := self._queues[name]:
            run = queue[0]
            self._supervisor.cause = run.fan_out.cause
            try:
                run.prepare()
            except CommandError as error:
                self._drop(run, error)
                continue
            if run.steps:
                self._tell_step(run)
                return
            self._finish(run)

    def time_out(self, number: str) -> None:
        """Count a command as failed where it is not carried out; a behaviour that has begun it still finishes it."""
        for name in self._fan_outs.unanswered(number):
            run = next(run for run in self._queues[name] if run.fan_out.id == number)
            self._miss(run, f"within {COMMAND_TIMEOUT:g} s")

    def drop_waiting(self) -> None:
        """Count all commands as failed that were not begun before the end of the run."""
        for run in list(self._runs.values()):
            if self._queues[run.behaviour.name][0] is not run:
                self._miss(run, _BEFORE_END)

    def drop_unanswered(self) -> None:
        """Count all commands as failed that were not answered before the end of the run."""
        for run in list(self._runs.values()):
            if not run.is_closed:
                self._miss(run, _BEFORE_END)

    def _enqueue(self, name: str, fan_out: FanOut) -> None:
        behaviour, host = self._lives.behaviours[name], self._supervisor.host.name
        run = CommandRun(next(self._numbers), behaviour, fan_out, host)
        self._runs[run.number] = run
        self._queues[name].append(run)
        if len(self._queues[name]) == 1:
            self.go_on(name)

    def _tell_step(self, run: CommandRun) -> None:
        reference = self._supervisor.host.actors.get(run.behaviour.name)
        if reference is not None:
            # If it has just failed, the supervisor is told soon.
            with suppress(pykka.ActorDeadError):
                self._supervisor.tell(reference, Execute(run.steps[0], run.number))

    def _finish(self, run: CommandRun, answer: object = None) -> None:
        behaviour, command = run.behaviour, run.command
        name, do, log = behaviour.name, command.do, self._supervisor.log
        self._remove(run)
        run.finish()
        if do == START:
            behaviour.reset()
            self._lives.launch(behaviour)
        elif do == STOP:
            self._lives.stop(name)
        if run.is_closed:
            log.info("{}: {}, after it had counted as failed", do, name)
        else:
            self._supervisor.emit(CommandExecuted(do, name))
            log.info("{}: {}", do, name, **command.arguments)
            plain = plain_answer(answer) if command.reply and answer is not None else None
            self._fan_outs.answer(run.fan_out.id, name, Outcome.DONE, name, plain)
        self._lives.report_state()

    def _drop(self, run: CommandRun, error: CommandError) -> None:
        """Record that a behaviour cannot carry out a command."""
        self._remove(run)
        if run.is_closed:
            self._supervisor.log.info("{} failed, as it had counted: {}", run.command.do, error)
        elif isinstance(error, NotAbleError):
            self._fan_outs.answer(run.fan_out.id, run.behaviour.name, Outcome.UNABLE, str(error))
        else:
            self._fail(run, str(error))

    def _miss(self, run: CommandRun, when: str) -> None:
        """Count a command as failed for lack of an answer."""
        self._supervisor.cause = run.fan_out.cause
        first = self._queues[run.behaviour.name][0]
        if run is first:
            reason = f"no answer {when}: it is not known whether it was done"
        else:
            self._remove(run)
            reason = f"not begun {when}: {first.command.do} took longer"
        self._fail(run, f"{run.behaviour.name}: {reason}")

    def _fail(self, run: CommandRun, reason: str) -> None:
        self._record_failure(run.command, reason)
        self._fan_outs.answer(run.fan_out.id, run.behaviour.name, Outcome.FAILED, reason)

    def _record_failure(self, command: CommandLetter, reason: str) -> None:
        self._supervisor.emit(CommandFailed(command.do, reason))
        self._supervisor.log.warning("{} failed: {}", command.do, reason)

    def _remove(self, run: CommandRun) -> None:
        del self._runs[run.number]
        self._queues[run.behaviour.name].remove(run)

    def _close(self, fan_out: FanOut) -> dict[str, dict[str, Any]]:
        """Record a command that nobody was able to carry out as failed, and return the answers."""
        if fan_out.unable and not (fan_out.done or fan_out.failed):
            reason = "; ".join(fan_out.unable)
            self._record_failure(fan_out.command, reason)
            fan_out.failed.append(reason)
        return {self._supervisor.host.name: fan_out.answers} if fan_out.answers else {}
