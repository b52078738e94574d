"""Actors, and what they are told to do."""

from typing import Literal

from monerosim.events.event import Event


class ActorFailed(Event, frozen=True):
    """An actor raised an exception and has stopped."""

    name: str
    error: str


class ActorRestarted(Event, frozen=True):
    """The supervisor restarted an actor."""

    name: str
    restarts: int


class ActorGivenUp(Event, frozen=True):
    """An actor failed too often; the supervisor does not restart it again."""

    name: str
    restarts: int


class CommandExecuted(Event, frozen=True):
    """A behaviour executed a command of the scenario's timeline or of a letter."""

    command: str
    behaviour: str


class CommandFailed(Event, frozen=True):
    """A command was not executed."""

    command: str
    reason: str


class AgentState(Event, frozen=True):
    """A participant's agent changed state; sent to subscribers only, not recorded."""

    state: Literal["initializing", "waiting-for-services", "running", "paused", "stopped", "failed"]
    reason: str = ""


class AgentUnresponsive(Event, frozen=True):
    """An agent did not answer the orchestrator's health check."""

    agent: str
    last_heard: int
    """When it last answered, microseconds since the scenario's time zero."""
