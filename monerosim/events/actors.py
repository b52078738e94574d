"""Actors, and what they are told to do."""

from typing import Literal

from monerosim.events.event import Event


class ActorFailed(Event, frozen=True):
    """An actor raised an exception and has stopped."""

    failed: str
    error: str


class ActorRestarted(Event, frozen=True):
    """The supervisor started an actor again."""

    restarted: str
    restarts: int


class ActorGivenUp(Event, frozen=True):
    """The supervisor restarts an actor no more."""

    given_up: str
    restarts: int


class CommandCarriedOut(Event, frozen=True):
    """A behaviour did what it was told: by the scenario's timeline, or by a letter."""

    do: str
    by: str
    """The behaviour."""


class CommandFailed(Event, frozen=True):
    """A command was not carried out."""

    do: str
    reason: str


class AgentState(Event, frozen=True):
    """A participant's agent is in another state; told to those who have subscribed, not recorded."""

    state: Literal["initializing", "waiting-for-services", "running", "paused", "stopped", "failed"]
    reason: str = ""


class AgentSilent(Event, frozen=True):
    """An agent did not answer the orchestrator's health check."""

    agent: str
    since: int
    """When it was heard of last, microseconds since the scenario's time zero."""
