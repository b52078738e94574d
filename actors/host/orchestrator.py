"""The orchestrator: collects the states of all agents, passes on commands and events, and can end the run."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from actors.host.fan_out import FanOut, FanOuts, Outcome
from monerosim.agent.actor import handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import COMMAND_TIMEOUT, CommandLetter, ResultLetter, SubscribeLetter
from monerosim.agent.messages import EventLetter, EventNotice, Letter
from monerosim.agent.registry import ENGINE
from monerosim.config import EVENT, PARTICIPANT, POSITIVE, Duration, duration
from monerosim.config import Config as BaseConfig
from monerosim.events import AgentState, AgentUnresponsive, Event, RunEnded, event_kinds, event_tag
from monerosim.mailbox.discovery import Agent, AgentDiscovery
from monerosim.mailbox.post import UnknownHostError
from monerosim.plan.roles import ORCHESTRATOR
from monerosim.rpc.transport import Json

DOCUMENT = "orchestrator.json"
"""Its document in the shared state: the agents' states, counts of events and commands, the newest events; at its end
the whole history."""

_STATE = event_tag(AgentState)
_GONE = ("failed", "stopped")
_NEWEST = 20
_SILENCE = 2.5
"""Health checks without an answer until an agent counts as silent; the letters there and back take a second each."""

_COMMAND_TIMEOUT = COMMAND_TIMEOUT + 30
"""Seconds until a command times out: an agent that is alive answers before."""


class OrchestratorConfig(BaseConfig, frozen=True):
    """Settings of an orchestrator."""

    collect: Annotated[
        tuple[str, ...],
        Meta(extra=EVENT, description="Kinds of events that it collects from all agents, for its history and counts."),
    ] = ("block-found", "actor-failed", "actor-given-up", "command-executed", "command-failed")
    history: Annotated[int, Meta(ge=1, le=1_000_000, description="How many events its history keeps.")] = 1000
    health_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time between two health checks of all agents.")
    ] = duration("60s")
    end_when_gone: Annotated[
        tuple[str, ...],
        Meta(
            extra=PARTICIPANT,
            description="Participants and groups: the run ends when all of one have failed or were stopped.",
        ),
    ] = ()


class _Memory:
    """The state of an orchestrator that is retained over restarts."""

    def __init__(self) -> None:
        self.history: deque[Json] = deque()
        self.counts: Counter[str] = Counter()
        self.results: Counter[str] = Counter()
        self.subscribers: dict[str, dict[tuple[str, str], None]] = {}
        self.fan_outs: dict[str, FanOut] = {}
        self.of_engine: set[bytes] = set()


class Orchestrator(Behaviour[OrchestratorConfig]):
    """Collects the states of all agents, takes commands and subscriptions for all of them, and checks their health.

    Letters that it takes: ``command`` (:class:`CommandLetter`, with ``who``), answered by ``result`` when all agents
    have answered or their time is over; ``subscribe`` (:class:`SubscribeLetter`), answered by ``event`` with each event
    of any agent. A command to ``*`` is for all but its own participant, and it passes on commands while it is paused.
    """

    urgent_letters: ClassVar[frozenset[str]] = frozenset({CommandLetter.kind, ResultLetter.kind})
    role: ClassVar[str] = ORCHESTRATOR
    unique: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (AgentUnresponsive, RunEnded)

    def begin(self) -> None:
        """Subscribe to the states and events of all agents."""
        self._agents = {agent.id: agent for agent in AgentDiscovery(self.host.shared, self.clock.now).get_agents()}
        self._states = {name: AgentState("initializing") for name in self._agents}
        self._heard = dict.fromkeys(self._agents, self.clock.microseconds())
        self._unresponsive: set[str] = set()
        self._memory = self.host.retained(self.name, _Memory)
        self._asked = {_STATE, *self.config.collect, *self._memory.subscribers}
        self._subscribe(tuple(sorted(self._asked)))
        self._publish()
        self.every(lambda: self.config.health_interval.seconds, self.check)
        self._fan_outs = FanOuts(self, self.time_out, self._close, self._memory.fan_outs)

    def configured(self, before: BaseConfig) -> None:
        """Subscribe to the events to collect."""
        del before
        self._collect(self.config.collect)

    def check(self) -> None:
        """Record the agents that have not answered the last health checks, and ask all again."""
        now = self.clock.microseconds()
        for name, heard in self._heard.items():
            if now - heard > _SILENCE * self.config.health_interval and name not in self._unresponsive:
                self._unresponsive.add(name)
                self.emit(AgentUnresponsive(name, heard))
                self.log.warning("{} does not answer", name)
        self._subscribe((_STATE,))
        self._publish()

    def end(self) -> None:
        """Publish for the last time, with the whole history."""
        self._publish({"history": list(self._memory.history)})

    @handles(EventNotice)
    def on_event_notice(self, message: EventNotice) -> None:
        """Record an event in the history, and pass it on."""
        record = message.record
        tag, name = record.tag, record.participant
        if record.actor == ENGINE:
            # It comes from the engine, and from the host's supervisor where that has been subscribed to.
            if record.line in self._memory.of_engine:
                return
            self._memory.of_engine.add(record.line)
        else:
            self._heard[name] = self.clock.microseconds()
            self._unresponsive.discard(name)
        if isinstance(record.data, AgentState):
            self._take_state(name, record.data)
        if tag in self.config.collect:
            self._memory.counts[tag] += 1
            self._memory.history.append(record.plain())
            while len(self._memory.history) > self.config.history:
                self._memory.history.popleft()
        for host, actor in self._memory.subscribers.get(tag, ()):
            self._post(host, actor, EventLetter(record.plain()))

    @receives(CommandLetter)
    def on_command(self, letter: CommandLetter, sender: str) -> None:
        """Pass on a command."""
        # Paused or stopped by its own command to all, it could not be resumed.
        agents = [agent.id for agent in self._of(letter.who) if letter.who != "*" or agent.id != self.host.name]
        if agents:
            self._fan_outs.start(letter, sender, _COMMAND_TIMEOUT, agents, self._pass_on)
            self.log.info("passes on {} from {} to {}", letter.do, sender, letter.who)
        else:
            self._fan_outs.refuse(letter, sender, Outcome.FAILED, f"no such participant: {letter.who!r}")

    @receives(ResultLetter)
    def on_result(self, result: ResultLetter, sender: str) -> None:
        """Record an agent's answer, and send the result of the command when all have answered."""
        outcome = Outcome.DONE if result.ok else Outcome.FAILED
        text, answer = f"{sender}: {result.text}", result.answers.get(sender)
        if not self._fan_outs.answer(result.id, sender, outcome, text, answer):
            self.log.warning("{} answers a command that it was not sent", sender)

    def time_out(self, number: str) -> None:
        """Stop waiting for the agents that have not answered a command."""
        for name in self._fan_outs.unanswered(number):
            self._fan_outs.answer(number, name, Outcome.FAILED, f"{name}: no answer")

    @receives(SubscribeLetter)
    def on_subscribe(self, letter: SubscribeLetter, sender: str) -> None:
        """Pass on events from now on."""
        for kind in letter.kinds:
            if kind not in event_kinds():
                # One of a plugin may be known only to the hosts whose behaviours emit it.
                self.log.warning("{} subscribes to {}, an event that is not known here", sender, kind)
            self._memory.subscribers.setdefault(kind, {})[sender, letter.actor] = None
            self._collect((kind,))

    def _take_state(self, name: str, state: AgentState) -> None:
        before, self._states[name] = self._states[name], state
        if state == before:
            return
        self.log.info("{} is {}{}", name, state.state, f": {state.reason}" if state.reason else "")
        for lost in self.config.end_when_gone:
            states = {agent.id: self._states[agent.id] for agent in self._of(lost)}
            if name in states and all(one.state in _GONE for one in states.values()):
                reasons = dict.fromkeys(f"{one.state} {one.reason}".strip() for one in states.values())
                self.emit(RunEnded(f"all of {lost} are gone: {'; '.join(reasons)}"))

    def _pass_on(self, host: str, fan_out: FanOut) -> None:
        passed = msgspec.structs.replace(fan_out.command, id=fan_out.id, who="", reply=self.name)
        self._post(host, "supervisor", passed)

    def _close(self, fan_out: FanOut) -> dict[str, dict[str, Any]]:
        self._memory.results["failed" if fan_out.failed else "ok"] += 1
        return fan_out.answers

    def _collect(self, kinds: Iterable[str]) -> None:
        """Subscribe to events of all agents to which it has not subscribed yet."""
        new = tuple(kind for kind in kinds if kind not in self._asked)
        if new:
            self._asked.update(new)
            self._subscribe(new)

    def _of(self, who: str) -> list[Agent]:
        return [agent for agent in self._agents.values() if who in ("*", agent.id, agent.group)]

    def _subscribe(self, kinds: tuple[str, ...]) -> None:
        """Subscribe to events of all agents; they send their states at once."""
        for name in self._agents:
            self._post(name, "supervisor", SubscribeLetter(kinds=kinds, actor=self.name))

    def _post(self, host: str, actor: str, letter: Letter) -> None:
        try:
            self.send(host, actor, letter)
        except UnknownHostError as error:
            self.log.warning("{}", error)

    def _publish(self, more: Mapping[str, Json] | None = None) -> None:
        self.host.shared.replace(
            DOCUMENT,
            {
                "t": self.clock.microseconds(),
                "agents": {
                    name: {**msgspec.to_builtins(state), "unresponsive": name in self._unresponsive}
                    for name, state in self._states.items()
                },
                "states": dict(Counter(state.state for state in self._states.values())),
                "events": dict(self._memory.counts),
                "commands": dict(self._memory.results),
                "newest": list(self._memory.history)[-_NEWEST:],
                **(more or {}),
            },
        )
