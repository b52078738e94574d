"""Commands to behaviours: those that each understands, their arguments, and the letters about them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Letter, Message
from monerosim.config import fields_of, load_config
from monerosim.units import SECOND

PAUSE, RESUME, STOP, START, SET = "pause", "resume", "stop", "start", "set"
COMMON_COMMANDS = (PAUSE, RESUME, STOP, START, SET)
"""The commands of every behaviour."""

RUN_OVER_AFTER = 10 * SECOND
"""Microseconds from the event ``run-ended`` to the end: by then the letters about it have reached all hosts."""


COMMAND_TIMEOUT = 300.0
"""Seconds that a behaviour may take to carry out a command: a wallet may take minutes to pay."""

MAX_ANSWER = 1000
"""Bytes of JSON that an answer may have in a letter; a longer one is cut, and is a text then."""


class CommandError(Exception):
    """A command is not understood or was not carried out; the message says why."""


class CommandLetter(Letter, frozen=True, kw_only=True):
    """To a supervisor, or to an orchestrator, which passes it on: have behaviours carry out a command."""

    kind: ClassVar[str] = "command"
    do: str
    id: str = ""
    """The sender's id of the command, repeated in the result."""
    who: str = ""
    """To an orchestrator: the participant, or the group, or ``*``."""
    actor: str = ""
    """One behaviour's name; all that understand the command, if left out."""
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    reply: str = ""
    """The sender's actor that gets the letter ``result``; none is sent, if left out."""


class ResultLetter(Letter, frozen=True, kw_only=True):
    """The outcome of a command."""

    kind: ClassVar[str] = "result"
    id: str
    ok: bool
    text: str
    """The behaviours that carried it out, or the reasons of those that failed."""
    answers: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    """Answers of behaviours (a payment's transaction, for instance), by participant and behaviour."""


class SubscribeLetter(Letter, frozen=True, kw_only=True):
    """To a supervisor, or to an orchestrator for all hosts: send events from now on."""

    kind: ClassVar[str] = "subscribe"
    kinds: tuple[str, ...]
    """Events' tags, such as ``block-found``."""
    actor: str
    """The sender's actor that gets the letters ``event``."""
    interval: float | None = None
    """Seconds between two polls, for events that are polled for."""


class RunOverLetter(Letter, frozen=True, kw_only=True):
    """To a supervisor: the run ends before its time, for all hosts at once."""

    kind: ClassVar[str] = "run-over"
    at: int
    """When, microseconds since the scenario's time zero."""


def understands(behaviour: type[Behaviour], do: str, arguments: Mapping[str, object]) -> bool:
    """Return whether a behaviour has a command; ``set`` only if it has all the keys."""
    if do == SET:
        return bool(arguments) and settable(behaviour).issuperset(arguments)
    return do in COMMON_COMMANDS or do in behaviour.commands


def settable(behaviour: type[Behaviour]) -> set[str]:
    """Return the keys of a behaviour's configuration that ``set`` may change."""
    return {field.encode_name for field in fields_of(behaviour.Config)} - behaviour.immutable_settings


def command_message(behaviour: type[Behaviour], do: str, arguments: Mapping[str, object]) -> Message[Any]:
    """Return the message of one of a behaviour's own commands.

    Raises:
        CommandError: The arguments do not fit.
    """
    try:
        message: Message[Any] = load_config(arguments, behaviour.commands[do])
    except msgspec.ValidationError as error:
        raise CommandError(f"{do}: {error}") from error
    return message


def plain_answer(answer: object) -> object:
    """Return a behaviour's answer as plain data for a letter, of :data:`MAX_ANSWER` bytes at most."""
    try:
        data: object = msgspec.to_builtins(answer, str_keys=True, order="deterministic", enc_hook=str)
        text = msgspec.json.encode(data)
    except (TypeError, ValueError, OverflowError, RecursionError):
        # JSON cannot hold it: as Python prints it.
        text = str(answer).encode(errors="replace")
        data = text.decode()
    return data if len(text) <= MAX_ANSWER else text[:MAX_ANSWER].decode(errors="ignore")
