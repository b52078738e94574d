"""The supervisor: starts a host's actors, starts failed ones again within limits, and ends them.

It carries out commands to them, from the scenario's timeline and from letters, and tells other hosts of events to which
they have subscribed.
"""

from collections.abc import Callable
from contextlib import suppress

import pykka

from actors.host.mailbox import ActorGone, Mailbox
from actors.host.node_proxy import NodeProxy
from actors.host.registrar import REGISTRAR, Registrar
from actors.host.supervised import NotAbleError, Order, State, Supervised, SupervisedBehaviour, Task
from actors.host.wallet_proxy import WalletProxy
from monerosim.agent.actor import Actor, describe_error, handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import (
    COMMAND_TIMEOUT,
    COMMON_COMMANDS,
    RUN_OVER_AFTER,
    SET,
    START,
    STOP,
    CommandError,
    CommandLetter,
    ResultLetter,
    RunOverLetter,
    SubscribeLetter,
    plain_answer,
)
from monerosim.agent.host import Host
from monerosim.agent.messages import (
    ActorStarted,
    Command,
    End,
    EventLetter,
    EventNotice,
    Execute,
    Executed,
    Message,
    Pause,
    Resume,
    StopHost,
    Subscribe,
)
from monerosim.config import load_config
from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    ActorRestarted,
    AgentState,
    CommandExecuted,
    CommandFailed,
    RunEnded,
    event_tag,
)
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.mailbox.post import UnknownHostError
from monerosim.plan.restarts import Restarts
from monerosim.units import SECOND

_END_TIMEOUT = 30.0
_BEFORE_END = "before the end of the run"

_SERVICES = ("node", "wallet")

ORCHESTRATOR = "orchestrator"
"""The building block that passes on events and commands."""


class Failed(Message[None], frozen=True):
    """An actor of the host has stopped with an error."""

    actor: str
    error: str


class Over(Message[None], frozen=True):
    """To itself, behind the answers that have come: the host has ended, and no others will be read."""


class Supervisor(Actor):
    """Starts and watches one host's actors; itself started by the engine.

    It waits for none of them: behaviours are told what to do, and tell what became of it.

    Args:
        host: The host.
        name: ``supervisor``.
    """

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(host, name)
        self._limits = load_config(host.own.restarts, Restarts)
        self._actors: dict[str, Supervised] = {}
        self._behaviours: dict[str, SupervisedBehaviour] = {}
        self._orders: dict[int, Order] = {}
        self._order_numbers = host.numbers(f"{name}'s orders")
        self._subscribers: dict[str, dict[tuple[str, str], None]] = {}
        self._state: AgentState | None = None
        """What was told of it last; nothing, while nobody wants to know."""

    def begin(self) -> None:
        """Start the proxies and the mailbox now, and each behaviour when its time has come."""
        host = self.host
        reference = self.actor_ref
        host.subscribe(event_tag(RunEnded), self.name)
        host.on_failed = lambda actor, error: reference.tell(Failed(actor, describe_error(error)))
        self._start("mailbox", lambda: host.start(Mailbox, "mailbox"))
        if host.plan.registrar == host.name:
            self._start(REGISTRAR, lambda: host.start(Registrar, REGISTRAR))
        if host.own.uses_node is not None:
            self._start("node", lambda: host.start(NodeProxy, "node", host.own.uses_node))
        for wallet in host.own.wallets:
            self._start("wallet", lambda wallet=wallet: host.start(WalletProxy, "wallet", wallet))  # type: ignore[misc]  # bound now
        for plan in host.own.actors:
            behaviour = SupervisedBehaviour(host, plan)
            self._actors[plan.name] = self._behaviours[plan.name] = behaviour
            self.after((plan.start - host.now()) / SECOND, self.launch, plan.name, behaviour.plan_launch())
        for entry in host.own.commands:
            command = Command(entry.do, entry.actor, entry.arguments)
            self.after((entry.at - host.now()) / SECOND, self.on_command, command)

    @handles(Failed)
    def on_failed(self, failed: Failed) -> None:
        """Count a failure, and start the actor again after a while or give it up."""
        self.emit(ActorFailed(failed.actor, failed.error))
        actor = self._actors.get(failed.actor)
        if actor is None or actor.state is not State.RUNNING:
            return  # another actor of the host starts it again when it is needed, or it was stopped
        wait = actor.fail(failed.error, self.clock.now(), self._limits)
        if wait is None:
            self._give_up(actor)
        else:
            self.log.warning("{} failed: {}; starting it again in {:g} s", actor.name, failed.error, wait)
            self.after(wait, self.restart, actor.name, actor.plan_launch(), same_cause=True)
        if isinstance(actor, SupervisedBehaviour):
            # What it was told last it has not begun: it answers that before it fails at anything else.
            self._go_on(actor)

    @handles(StopHost)
    def on_stop_host(self, _: StopHost) -> None:
        """Let every actor act for the last time, the latest started first, and stop them."""
        for order in list(self._orders.values()):
            if self._behaviours[order.actor].orders[0] is not order:
                self._miss(order, _BEFORE_END)
        others = [name for name in reversed(self.host.actors) if name != self.name]
        for name in others:
            if self.host.actors[name].is_alive():
                self._end(name)
        for name in others:
            self.host.actors[name].stop(block=False)
        if self._orders:
            self.tell(self.actor_ref, Over())

    @handles(Over)
    def on_over(self, _: Over) -> None:
        """Record what behaviours were told and have not answered."""
        for order in list(self._orders.values()):
            if not order.closed:
                self._miss(order, _BEFORE_END)

    @handles(Command)
    def on_command(self, command: Command) -> None:
        """Have behaviours do something; what becomes of it is recorded."""
        self._begin(command, Task(command.do, command.arguments))

    @receives(CommandLetter)
    def on_command_letter(self, letter: CommandLetter, sender: str) -> None:
        """Have behaviours do something, and tell what became of it when that is known."""
        task = Task(letter.do, letter.arguments, sender, letter.id, letter.reply)
        if self.again and letter.do not in COMMON_COMMANDS:
            # A payment, say, may have been made: better none than two.
            task.failed.append(f"{letter.do} was begun when the agent was killed, and is not begun again")
            self._answer(task)
        else:
            self._begin(Command(letter.do, letter.actor, letter.arguments), task)

    @handles(Executed)
    def on_executed(self, done: Executed) -> None:
        """Go on with a command, or with the next."""
        order = self._orders.get(done.number)
        if order is None:
            return  # the actor has failed since
        actor = self._behaviours[order.actor]
        step, *left = order.steps
        if done.error and isinstance(step, End):
            self.log.warning("{} did not end well: {}", order.actor, done.error)
            self.emit(ActorFailed(order.actor, done.error))
        elif done.error:
            self._drop(order, CommandError(f"{order.actor}: {done.error}"))
            self._go_on(actor)
            return
        order.steps = tuple(left)
        if left:
            self._tell_step(order)
        else:
            self._finish(order, done.answer)
            self._go_on(actor)

    def overdue(self, number: int) -> None:
        """Wait no longer for a command's answer; it keeps its actor until that comes."""
        order = self._orders.get(number)
        if order is not None and not order.closed:
            self._miss(order, f"within {COMMAND_TIMEOUT:g} s")

    @receives(SubscribeLetter)
    def on_subscribe_letter(self, letter: SubscribeLetter, sender: str) -> None:
        """Tell another host of events from now on."""
        for tag in letter.kinds:
            self._subscribers.setdefault(tag, {})[sender, letter.actor] = None
            self.host.subscribe(tag, self.name)
            if tag == event_tag(AgentState):
                self._watch_states()

    @receives(RunOverLetter)
    def on_run_over(self, over: RunOverLetter, _: str) -> None:
        """Have the host end when all others do."""
        self.after(max(0, over.at - self.clock.microseconds()) / SECOND, self.be_over)

    @handles(Subscribe)
    def on_subscribe(self, wish: Subscribe) -> None:
        """Ask another host, or the orchestrator for all hosts, to tell an actor of events."""
        letter = SubscribeLetter(kinds=(wish.kind,), actor=wish.actor)
        try:
            if wish.of == "*":
                self.send(self._find_orchestrator(), ORCHESTRATOR, letter)
            else:
                self.send(wish.of, self.name, letter)
        except (AgentDiscoveryError, UnknownHostError) as error:
            self.log.warning("{} will not be told of {}: {}", wish.actor, wish.kind, error)

    @handles(EventNotice)
    def on_event_notice(self, message: EventNotice) -> None:
        """Tell other hosts of an event; all of them, if it is that the run ends."""
        if isinstance(message.record.data, RunEnded):
            over = RunOverLetter(at=message.record.t + RUN_OVER_AFTER)
            for own in self.host.plan.hosts:
                self.send(own.name, self.name, over)
        for host, actor in self._subscribers.get(message.record.tag, ()):
            self.send(host, actor, EventLetter(message.record.plain()))

    @handles(ActorStarted)
    def on_actor_started(self, _: ActorStarted) -> None:
        """Tell the agent's state, if it is another now."""
        self._report()

    def be_over(self) -> None:
        """Have the host end now."""
        if self.host.on_over is not None:
            self.host.on_over()

    def launch(self, name: str, number: int) -> None:
        """Start an actor, if that is what was planned last."""
        if self._actors[name].is_due(number):
            self._launch(self._actors[name])

    def restart(self, name: str, number: int) -> None:
        """Start an actor again, if that is what was planned last."""
        actor = self._actors[name]
        if actor.is_due(number):
            self.emit(ActorRestarted(name, len(actor.restarts)))
            self._launch(actor)

    def _start(self, name: str, starter: Callable[[], object]) -> None:
        self._actors[name] = Supervised(name, starter)
        self._launch(self._actors[name])

    def _launch(self, actor: Supervised) -> None:
        actor.state = State.RUNNING
        try:
            actor.start()
        except Exception as error:  # noqa: BLE001  (whatever its constructor raises, it is a failure of that actor)
            self.log.opt(exception=error).error("could not start {}: {}", actor.name, error)
            self.host.failed(actor.name, error)
            return
        self.log.debug("started {}", actor.name)
        if isinstance(actor, SupervisedBehaviour):
            actor.lives += 1
            if actor.paused or actor.lives > 1:
                # It has failed at once, perhaps.
                with suppress(pykka.ActorDeadError):
                    self.tell(self.host.actor(actor.name), Pause() if actor.paused else Resume())

    def _begin(self, command: Command, task: Task) -> None:
        """Have all behaviours that a command is for do it."""
        named = [actor for actor in self._behaviours.values() if command.actor in ("", actor.name)]
        able = [actor for actor in named if actor.understands(command.do, command.arguments)]
        if able:
            orders = [Order(next(self._order_numbers), actor.name, task, self.cause) for actor in able]
            task.waiting = len(orders)
            for order in orders:
                self._give(order)
            return
        if named:
            what = f"set {', '.join(command.arguments)}" if command.do == SET else command.do
            task.unable.append(f"{' and '.join(actor.name for actor in named)} of {self.host.name} cannot {what}")
        else:
            others = ", ".join(self._behaviours) or "none"
            task.unable.append(f"{self.host.name} has no behaviour {command.actor!r}; it has {others}")
        self._answer(task)

    def _give(self, order: Order) -> None:
        actor = self._behaviours[order.actor]
        self._orders[order.number] = order
        actor.orders.append(order)
        self.after(COMMAND_TIMEOUT, self.overdue, order.number, same_cause=True)
        if len(actor.orders) == 1:
            self._go_on(actor)

    def _go_on(self, actor: SupervisedBehaviour) -> None:
        """Carry out what an actor is told, until it is to answer."""
        while actor.orders:
            order = actor.orders[0]
            self.cause = order.cause
            try:
                actor.consider(order)
            except CommandError as error:
                self._drop(order, error)
                continue
            if order.steps:
                self._tell_step(order)
                return
            self._finish(order)

    def _tell_step(self, order: Order) -> None:
        reference = self.host.actors.get(order.actor)
        if reference is not None:
            # If it has just failed, that is known soon.
            with suppress(pykka.ActorDeadError):
                self.tell(reference, Execute(order.steps[0], order.number))

    def _finish(self, order: Order, answer: object = None) -> None:
        """Take note that an order has been carried out."""
        actor, task = self._behaviours[order.actor], order.task
        self._remove(order)
        actor.finish(order)
        if task.do == START:
            actor.forget()
            self._launch(actor)
        elif task.do == STOP:
            self._stop_actor(actor.name)
        if order.closed:
            self.log.info("{}: {}, after it had counted as failed", task.do, actor.name)
        else:
            self.emit(CommandExecuted(task.do, actor.name))
            self.log.info("{}: {}", task.do, actor.name, **task.arguments)
            task.done.append(actor.name)
            if task.reply and answer is not None:
                task.answers[actor.name] = plain_answer(answer)
            self._count(task)
        self._report()

    def _drop(self, order: Order, error: CommandError) -> None:
        """Take note that an order cannot be carried out."""
        self._remove(order)
        if order.closed:
            self.log.info("{} failed, as it had counted: {}", order.task.do, error)
        elif isinstance(error, NotAbleError):
            order.task.unable.append(str(error))
            self._count(order.task)
        else:
            self._fail(order, str(error))

    def _miss(self, order: Order, when: str) -> None:
        """Count an order as failed that is not answered."""
        self.cause = order.cause
        first = self._behaviours[order.actor].orders[0]
        if order is first:
            reason = f"no answer {when}: it is not known whether it was done"
        else:
            self._remove(order)
            reason = f"not begun {when}: {first.task.do} took longer"
        self._fail(order, f"{order.actor}: {reason}")

    def _fail(self, order: Order, reason: str) -> None:
        order.closed = True
        self.emit(CommandFailed(order.task.do, reason))
        self.log.warning("{} failed: {}", order.task.do, reason)
        order.task.failed.append(reason)
        self._count(order.task)

    def _count(self, task: Task) -> None:
        task.waiting -= 1
        if not task.waiting:
            self._answer(task)

    def _answer(self, task: Task) -> None:
        """Tell what became of a command; it fails for lack of anybody only where nobody has done or tried it."""
        if task.unable and not (task.done or task.failed):
            reason = "; ".join(task.unable)
            self.emit(CommandFailed(task.do, reason))
            self.log.warning("{} failed: {}", task.do, reason)
            task.failed.append(reason)
        if task.reply:
            text = "; ".join(task.failed) or ", ".join(task.done)
            answers = {self.host.name: task.answers} if task.answers else {}
            result = ResultLetter(id=task.id, ok=not task.failed, text=text, answers=answers)
            try:
                self.send(task.sender, task.reply, result)
            except pykka.ActorDeadError:
                self.log.warning("{} is not told what became of {}: the mailbox has stopped", task.sender, task.do)

    def _remove(self, order: Order) -> None:
        del self._orders[order.number]
        self._behaviours[order.actor].orders.remove(order)

    def _stop_actor(self, name: str) -> None:
        reference = self.host.actors.get(name)
        if reference is not None:
            reference.stop(block=False)
        self._tell_mailbox(ActorGone(name))

    def _find_orchestrator(self) -> str:
        found = AgentDiscovery(self.host.shared, self.clock.now).get_agents_with(ORCHESTRATOR)
        if not found:
            raise AgentDiscoveryError(f"there is no {ORCHESTRATOR} in the scenario")
        return found[0].id

    def _give_up(self, actor: Supervised) -> None:
        """Take note that an actor is gone for good, and end the run where it was for that one."""
        self.log.error("gives up {}: it was restarted {} times", actor.name, len(actor.restarts))
        self.emit(ActorGivenUp(actor.name, len(actor.restarts)))
        self._tell_mailbox(ActorGone(actor.name))
        block = actor.block if isinstance(actor, SupervisedBehaviour) else None
        if block is not None:
            self._clear_up(block, actor.name)
            if block.essential:
                self.emit(RunEnded(f"{self.host.name}/{actor.name} was given up: {actor.error}"))
        self._report()

    def _clear_up(self, behaviour: type[Behaviour], name: str) -> None:
        try:
            behaviour.on_given_up(self, name)
        except Exception as error:  # noqa: BLE001  (whatever it raises, the actor is gone all the same)
            self.log.opt(exception=error).error("what {} has published is left as it is: {}", name, error)

    def _watch_states(self) -> None:
        """Tell the agent's state from now on, and for the first time now."""
        self.host.notify_of_starts(self.name)
        self._state = self._look()
        self.host.notify(self.name, self.cause, self._state)

    def _report(self) -> None:
        state = self._look()
        if self._state not in (None, state):
            self._state = state
            self.host.notify(self.name, self.cause, state)

    def _look(self) -> AgentState:
        given_up = [actor for actor in self._actors.values() if actor.state is State.GIVEN_UP]
        if given_up:
            return AgentState("failed", "; ".join(f"{actor.name}: {actor.error}" for actor in given_up))
        behaviours = self._behaviours.values()
        if behaviours and all(actor.state is State.STOPPED for actor in behaviours):
            return AgentState("stopped")
        waits = [name for name in _SERVICES if name in self._actors and name not in self.host.started]
        if waits:
            return AgentState("waiting-for-services", ", ".join(waits))
        if behaviours and all(actor.paused or actor.state is State.STOPPED for actor in behaviours):
            return AgentState("paused")
        begun = not behaviours or any(actor.name in self.host.started for actor in behaviours)
        return AgentState("running" if begun else "initializing")

    def _tell_mailbox(self, gone: ActorGone) -> None:
        with suppress(pykka.ActorDeadError):
            self.tell(self.host.actor("mailbox"), gone)

    def _end(self, name: str) -> None:
        try:
            self.ask(self.host.actors[name], End(), timeout=_END_TIMEOUT)
        except Exception as error:  # noqa: BLE001  (whatever an actor raises at its end, the others are ended too)
            self.log.warning("{} did not end well: {}", name, error)
            self.emit(ActorFailed(name, describe_error(error)))
