"""The lives of a host's actors: their starts, failures, restarts and ends, and the state of the whole."""

from collections.abc import Callable
from contextlib import suppress

import pykka

from actors.host.mailbox import ActorGone
from actors.host.supervised import State, Supervised, SupervisedBehaviour
from monerosim.agent.actor import Actor, describe_error
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import End, Pause, Resume
from monerosim.config import load_config
from monerosim.events import ActorFailed, ActorGivenUp, ActorRestarted, AgentState, RunEnded
from monerosim.plan.plan import ActorPlan
from monerosim.plan.restarts import Restarts
from monerosim.units import SECOND

_END_TIMEOUT = 30.0
"""Seconds that an actor may take to act for the last time."""

_SERVICES = ("node", "wallet")


class Lives:
    """The actors that a supervisor starts.

    Args:
        supervisor: The supervisor.
        launch: Its method that calls :meth:`launch_due`.
        restart: Its method that calls :meth:`restart_due`.
    """

    def __init__(
        self, supervisor: Actor, launch: Callable[[str, int], None], restart: Callable[[str, int], None]
    ) -> None:
        self.behaviours: dict[str, SupervisedBehaviour] = {}
        self._actors: dict[str, Supervised] = {}
        self._supervisor = supervisor
        self._host = supervisor.host
        self._launch = launch
        self._restart = restart
        self._limits = load_config(self._host.own.restarts, Restarts)
        self._state: AgentState | None = None
        """The state that subscribers know; None, while there are none."""

    def start(self, name: str, starter: Callable[[], object]) -> None:
        """Start an actor that is no behaviour."""
        self._actors[name] = Supervised(name, starter)
        self.launch(self._actors[name])

    def plan(self, plan: ActorPlan) -> None:
        """Start a behaviour when its time has come."""
        behaviour = SupervisedBehaviour(self._host, plan)
        self._actors[plan.name] = self.behaviours[plan.name] = behaviour
        wait = (plan.start - self._host.now()) / SECOND
        self._supervisor.after(wait, self._launch, plan.name, behaviour.plan_launch())

    def launch_due(self, name: str, number: int) -> None:
        """Start an actor, if this launch still counts."""
        if self._actors[name].is_due(number):
            self.launch(self._actors[name])

    def restart_due(self, name: str, number: int) -> None:
        """Start a failed actor again, if this launch still counts."""
        actor = self._actors[name]
        if actor.is_due(number):
            self._supervisor.emit(ActorRestarted(name, len(actor.restarts)))
            self.launch(actor)

    def launch(self, actor: Supervised) -> None:
        """Start an actor now."""
        log = self._supervisor.log
        actor.state = State.RUNNING
        try:
            actor.start()
        except Exception as error:  # noqa: BLE001  (whatever its constructor raises, it is a failure of that actor)
            log.opt(exception=error).error("could not start {}: {}", actor.name, error)
            self._host.failed(actor.name, error)
            return
        log.debug("started {}", actor.name)
        if isinstance(actor, SupervisedBehaviour):
            actor.lives += 1
            if actor.paused or actor.lives > 1:
                # It may have failed at once.
                with suppress(pykka.ActorDeadError):
                    self._supervisor.tell(self._host.actor(actor.name), Pause() if actor.paused else Resume())

    def fail(self, name: str, error: str) -> SupervisedBehaviour | None:
        """Record a failure, and start the actor again after a while or give it up.

        Returns:
            The behaviour that has failed; None, if it is none or nothing follows from its failure.
        """
        self._supervisor.emit(ActorFailed(name, error))
        actor = self._actors.get(name)
        if actor is None or actor.state is not State.RUNNING:
            return None  # another actor of the host starts it again when it is needed, or it was stopped
        wait = actor.fail(error, self._supervisor.clock.now(), self._limits)
        if wait is None:
            self._give_up(actor)
        else:
            self._supervisor.log.warning("{} failed: {}; starting it again in {:g} s", name, error, wait)
            self._supervisor.after(wait, self._restart, name, actor.plan_launch(), same_cause=True)
        return actor if isinstance(actor, SupervisedBehaviour) else None

    def stop(self, name: str) -> None:
        """Stop an actor, which has acted for the last time."""
        reference = self._host.actors.get(name)
        if reference is not None:
            reference.stop(block=False)
        self._tell_mailbox(ActorGone(name))

    def end_all(self) -> None:
        """Let every actor but the supervisor act for the last time, the latest started first, and stop them."""
        others = [name for name in reversed(self._host.actors) if name != self._supervisor.name]
        for name in others:
            if self._host.actors[name].is_alive():
                self._end(name)
        for name in others:
            self._host.actors[name].stop(block=False)

    def watch_state(self) -> None:
        """Notify subscribers of the host's state now, and of each change from now on."""
        self._host.notify_of_starts(self._supervisor.name)
        self._state = self._look()
        self._host.notify(self._supervisor.name, self._supervisor.cause, self._state)

    def report_state(self) -> None:
        """Notify subscribers of the host's state, if it has changed."""
        state = self._look()
        if self._state not in (None, state):
            self._state = state
            self._host.notify(self._supervisor.name, self._supervisor.cause, state)

    def _give_up(self, actor: Supervised) -> None:
        """Record that an actor is not started again, and end the run if the actor is essential."""
        self._supervisor.log.error("gives up {}: it was restarted {} times", actor.name, len(actor.restarts))
        self._supervisor.emit(ActorGivenUp(actor.name, len(actor.restarts)))
        self._tell_mailbox(ActorGone(actor.name))
        behaviour = actor.behaviour if isinstance(actor, SupervisedBehaviour) else None
        if behaviour is not None:
            self._clean_up(behaviour, actor.name)
            if behaviour.essential:
                self._supervisor.emit(RunEnded(f"{self._host.name}/{actor.name} was given up: {actor.error}"))
        self.report_state()

    def _clean_up(self, behaviour: type[Behaviour], name: str) -> None:
        try:
            behaviour.on_given_up(self._supervisor, name)
        except Exception as error:  # noqa: BLE001  (whatever it raises, the actor is gone all the same)
            self._supervisor.log.opt(exception=error).error("what {} has published is left as it is: {}", name, error)

    def _look(self) -> AgentState:
        given_up = [actor for actor in self._actors.values() if actor.state is State.GIVEN_UP]
        if given_up:
            return AgentState("failed", "; ".join(f"{actor.name}: {actor.error}" for actor in given_up))
        behaviours = self.behaviours.values()
        if behaviours and all(actor.state is State.STOPPED for actor in behaviours):
            return AgentState("stopped")
        waits = [name for name in _SERVICES if name in self._actors and name not in self._host.started]
        if waits:
            return AgentState("waiting-for-services", ", ".join(waits))
        if behaviours and all(actor.paused or actor.state is State.STOPPED for actor in behaviours):
            return AgentState("paused")
        begun = not behaviours or any(actor.name in self._host.started for actor in behaviours)
        return AgentState("running" if begun else "initializing")

    def _tell_mailbox(self, gone: ActorGone) -> None:
        with suppress(pykka.ActorDeadError):
            self._supervisor.tell(self._host.actor("mailbox"), gone)

    def _end(self, name: str) -> None:
        try:
            self._supervisor.ask(self._host.actors[name], End(), timeout=_END_TIMEOUT)
        except Exception as error:  # noqa: BLE001  (whatever an actor raises at its end, the others are ended too)
            self._supervisor.log.warning("{} did not end well: {}", name, error)
            if name in self._host.started or name in _SERVICES:
                self._supervisor.emit(ActorFailed(name, describe_error(error)))
            # Else it has waited all the time for another participant's program, of which that one's proxy tells.
