"""The supervisor: starts a host's actors, starts failed ones again within limits, and ends them.

It carries out commands to them, from the scenario's timeline and from letters, and tells other hosts of events to which
they have subscribed.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec
import pykka

from actors.mailbox import Gone, Mailbox
from actors.node_proxy import NodeProxy
from actors.registrar import REGISTRAR, Registrar
from actors.wallet_proxy import WalletProxy
from monerosim.config import change_config, load_config
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.mailbox.post import UnknownHostError
from monerosim.observe.events import (
    EVENT_KINDS,
    ActorFailed,
    ActorGivenUp,
    ActorRestarted,
    AgentState,
    CommandCarriedOut,
    CommandFailed,
    RunEnded,
    event_tag,
)
from monerosim.plan.model import ActorPlan
from monerosim.plan.restarts import Restarts
from monerosim.runtime.actor import Actor, Behaviour, handles, receives
from monerosim.runtime.blocks import load_block
from monerosim.runtime.commands import (
    EVERYBODYS,
    PAUSE,
    RESUME,
    RUN_OVER_AFTER,
    SET,
    START,
    STOP,
    CommandError,
    CommandLetter,
    ResultLetter,
    RunOverLetter,
    SubscribeLetter,
    command_message,
    understands,
)
from monerosim.runtime.host import Host
from monerosim.runtime.message import (
    Begun,
    Command,
    Configure,
    End,
    EndHost,
    EventLetter,
    Happened,
    Message,
    Pause,
    Resume,
    Subscribe,
)
from monerosim.units import SECOND

_END_PATIENCE = 30.0
_COMMAND_PATIENCE = 300.0
"""Seconds that a behaviour may take to do what it is told: a wallet may take minutes to pay."""

_SERVICES = ("node", "wallet")

ORCHESTRATOR = "orchestrator"
"""The building block that passes on events and commands."""


class Failed(Message[None], frozen=True):
    """An actor of the host has stopped with an error."""

    actor: str
    error: str


class Supervisor(Actor):
    """Starts and watches one host's actors; itself started by the engine.

    Args:
        host: The host.
        name: ``supervisor``.
    """

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(host, name)
        self._limits = load_config(host.own.restarts, Restarts)
        self._starters: dict[str, Callable[[], object]] = {}
        self._restarts: defaultdict[str, list[float]] = defaultdict(list)
        self._configs: dict[str, Mapping[str, object]] = {}
        self._paused: set[str] = set()
        self._stopped: set[str] = set()
        self._given_up: dict[str, str] = {}
        self._subscribers: dict[str, dict[tuple[str, str], None]] = {}
        self._state: AgentState | None = None
        """What was told of it last; nothing, while nobody wants to know."""

    def begin(self) -> None:
        """Start the proxies and the mailbox now, and each behaviour when its time has come."""
        host = self.host
        reference = self.actor_ref
        host.subscribe(RunEnded, self.name)
        host.on_failed = lambda actor, error: reference.tell(Failed(actor, f"{type(error).__name__}: {error}"))
        self._start("mailbox", lambda: host.start(Mailbox, "mailbox"))
        if host.plan.registrar == host.name:
            self._start(REGISTRAR, lambda: host.start(Registrar, REGISTRAR))
        if host.own.uses_node is not None:
            self._start("node", lambda: host.start(NodeProxy, "node", host.own.uses_node))
        for wallet in host.own.wallets:
            self._start("wallet", lambda wallet=wallet: host.start(WalletProxy, "wallet", wallet))  # type: ignore[misc]  # bound now
        for plan in host.own.actors:
            self._prepare(plan)
            self.after((plan.start - host.now()) / SECOND, self.launch, plan.name)
        for entry in host.own.commands:
            command = Command(entry.do, entry.actor, entry.arguments)
            self.after((entry.at - host.now()) / SECOND, self.carry_out, command)

    @handles(Failed)
    def on_failed(self, failed: Failed) -> None:
        """Count a failure, and start the actor again after a while or give it up."""
        self.emit(ActorFailed(failed.actor, failed.error))
        if failed.actor not in self._starters:
            return  # another actor of the host started it, and starts it again when it is needed
        now = self.clock.now()
        recent = [then for then in self._restarts[failed.actor] if now - then < self._limits.within.seconds]
        if len(recent) >= self._limits.most:
            self.log.error("gives up {}: it was restarted {} times", failed.actor, len(recent))
            self.emit(ActorGivenUp(failed.actor, len(recent)))
            self._give_up(failed)
            return
        self._restarts[failed.actor] = [*recent, now]
        wait = self._limits.backoff.seconds * 2 ** len(recent)
        self.log.warning("{} failed: {}; starting it again in {:g} s", failed.actor, failed.error, wait)
        self.after(wait, self.restart, failed.actor, same_cause=True)

    @handles(EndHost)
    def on_end_host(self, _: EndHost) -> None:
        """Let every actor act for the last time, the latest started first, and stop them."""
        others = [name for name in reversed(self.host.actors) if name != self.name]
        for name in others:
            if self.host.actors[name].is_alive():
                self._end(name)
        for name in others:
            self.host.actors[name].stop(block=False)

    @handles(Command)
    def on_command(self, command: Command) -> tuple[str, ...]:
        """Have behaviours do what they are told, and record it."""
        done: list[str] = []
        try:
            for name in self._commanded(command):
                self._carry_out(name, command)
                self.emit(CommandCarriedOut(command.do, name))
                self.log.info("{}: {}", command.do, name, **command.arguments)
                done.append(name)
        except CommandError as error:
            self.emit(CommandFailed(command.do, str(error)))
            self.log.warning("{} failed: {}", command.do, error)
            raise
        finally:
            self._report()
        return tuple(done)

    def carry_out(self, command: Command) -> None:
        """Carry out a command of the scenario's timeline; a failure is recorded."""
        self._try(command)

    @receives(CommandLetter)
    def on_command_letter(self, letter: CommandLetter, sender: str) -> None:
        """Carry out a command, and tell what became of it."""
        if self.again and letter.do not in EVERYBODYS:
            # A payment, say, may have been made: better none than two.
            ok, text = False, f"{letter.do} was begun when the agent was killed, and is not begun again"
        else:
            ok, text = self._try(Command(letter.do, letter.actor, letter.arguments))
        if letter.reply:
            self.send(sender, letter.reply, ResultLetter(id=letter.id, ok=ok, text=text))

    @receives(SubscribeLetter)
    def on_subscribe_letter(self, letter: SubscribeLetter, sender: str) -> None:
        """Tell another host of events from now on."""
        for tag in letter.kinds:
            kind = EVENT_KINDS.get(tag)
            if kind is None:
                self.log.warning("{} wants to know of {}, which no event is called", sender, tag)
                continue
            self._subscribers.setdefault(tag, {})[sender, letter.actor] = None
            self.host.subscribe(kind, self.name)
            if kind is AgentState:
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

    @handles(Happened)
    def on_happened(self, message: Happened) -> None:
        """Tell other hosts of an event; all of them, if it is that the run ends."""
        if isinstance(message.record.data, RunEnded):
            over = RunOverLetter(at=message.record.t + RUN_OVER_AFTER)
            for own in self.host.plan.hosts:
                self.send(own.name, self.name, over)
        for host, actor in self._subscribers.get(event_tag(type(message.record.data)), ()):
            self.send(host, actor, EventLetter(message.record))

    @handles(Begun)
    def on_begun(self, _: Begun) -> None:
        """Tell the agent's state, if it is another now."""
        self._report()

    def be_over(self) -> None:
        """Have the host end now."""
        if self.host.on_over is not None:
            self.host.on_over()

    def launch(self, name: str) -> None:
        """Start an actor for the first time."""
        if name in self._stopped:
            return
        try:
            self._starters[name]()
        except Exception as error:  # noqa: BLE001  (whatever its constructor raises, it is a failure of that actor)
            self.log.opt(exception=error).error("could not start {}: {}", name, error)
            self.host.failed(name, error)
        else:
            self.log.debug("started {}", name)

    def restart(self, name: str) -> None:
        """Start an actor again."""
        if name in self._stopped:
            return
        self.emit(ActorRestarted(name, len(self._restarts[name])))
        self.launch(name)

    def _try(self, command: Command) -> tuple[bool, str]:
        """Carry out a command; tell whether that went well, and who did it or why nobody has."""
        try:
            return True, ", ".join(self.on_command(command))
        except CommandError as error:
            return False, str(error)

    def _start(self, name: str, starter: Callable[[], object]) -> None:
        self._starters[name] = starter
        self.launch(name)

    def _prepare(self, plan: ActorPlan) -> None:
        def start() -> None:
            block = load_block(plan.use, self.host.files)
            self.host.start(block, plan.name, load_config(self._configs[plan.name], block.Config))

        self._starters[plan.name] = start
        self._configs[plan.name] = plan.config

    def _find_orchestrator(self) -> str:
        found = AgentDiscovery(self.host.shared, self.clock.now).get_agents_with(ORCHESTRATOR)
        if not found:
            raise AgentDiscoveryError(f"there is no {ORCHESTRATOR} in the scenario")
        return found[0].id

    def _give_up(self, failed: Failed) -> None:
        """Take note that an actor is gone for good, and end the run where it was for that one."""
        self._given_up[failed.actor] = failed.error
        self._tell_mailbox(Gone(failed.actor))
        reference = self.host.actors.get(failed.actor)
        behaviour = reference.actor_class if reference is not None else None
        if behaviour is not None and issubclass(behaviour, Behaviour):
            self._clear_up(behaviour, failed.actor)
            if behaviour.essential:
                self.emit(RunEnded(f"{self.host.name}/{failed.actor} was given up: {failed.error}"))
        self._report()

    def _clear_up(self, behaviour: type[Behaviour], name: str) -> None:
        try:
            behaviour.given_up(self, name)
        except Exception as error:  # noqa: BLE001  (whatever it raises, the actor is gone all the same)
            self.log.opt(exception=error).error("what {} has published is left as it is: {}", name, error)

    def _commanded(self, command: Command) -> list[str]:
        """Find the behaviours that a command is for.

        Raises:
            CommandError: There is none.
        """
        names = [name for name in self._configs if command.actor in ("", name)]
        if not names:
            others = ", ".join(self._configs) or "none"
            raise CommandError(f"{self.host.name} has no behaviour {command.actor!r}; it has {others}")
        if command.do in (START, STOP):
            return names
        running = {name: actor for name in names if (actor := self._running(name)) is not None}
        if not running:
            raise CommandError(f"{' and '.join(names)} of {self.host.name}: not running")
        found = [
            name for name, actor in running.items() if understands(actor.actor_class, command.do, command.arguments)
        ]
        if not found:
            what = f"set {', '.join(command.arguments)}" if command.do == SET else command.do
            raise CommandError(f"{' and '.join(running)} of {self.host.name} cannot {what}")
        return found

    def _running(self, name: str) -> "pykka.ActorRef[Behaviour] | None":
        actor = self.host.actors.get(name)
        return actor if actor is not None and actor.is_alive() else None

    def _carry_out(self, name: str, command: Command) -> None:
        try:
            if command.do == START:
                self._start_again(name)
            elif command.do == STOP:
                self._stop_for_good(name)
            else:
                self._tell_to(name, self.host.actor(name), command)
        except CommandError:
            raise
        except pykka.Timeout as error:
            raise CommandError(f"{name} did not answer within {_COMMAND_PATIENCE:g} s") from error
        except Exception as error:
            raise CommandError(f"{name}: {str(error) or type(error).__name__}") from error

    def _tell_to(self, name: str, actor: "pykka.ActorRef[Behaviour]", command: Command) -> None:
        if command.do == PAUSE:
            self.ask(actor, Pause(), _COMMAND_PATIENCE)
            self._paused.add(name)
        elif command.do == RESUME:
            self.ask(actor, Resume(), _COMMAND_PATIENCE)
            self._paused.discard(name)
        elif command.do == SET:
            self._set(name, actor, command.arguments)
        else:
            self.ask(actor, command_message(actor.actor_class, command.do, command.arguments), _COMMAND_PATIENCE)

    def _start_again(self, name: str) -> None:
        if self._running(name) is not None:
            raise CommandError(f"{name} is running")
        self._stopped.discard(name)
        self._given_up.pop(name, None)
        self._restarts.pop(name, None)
        self.launch(name)
        actor = self._running(name)
        if actor is not None:
            self.tell(actor, Resume())

    def _stop_for_good(self, name: str) -> None:
        self._stopped.add(name)
        self._paused.discard(name)
        actor = self._running(name)
        if actor is not None:
            self.ask(actor, Pause(), _COMMAND_PATIENCE)
            self._end(name)
            actor.stop(block=False)
        self._tell_mailbox(Gone(name))

    def _set(self, name: str, actor: "pykka.ActorRef[Behaviour]", arguments: Mapping[str, object]) -> None:
        kind = actor.actor_class.Config
        config = change_config(self._configs[name], arguments, kind)
        try:
            configured = Configure(load_config(config, kind))
        except msgspec.ValidationError as error:
            raise CommandError(f"{name}: {error}") from error
        self.ask(actor, configured, _COMMAND_PATIENCE)
        self._configs[name] = config

    def _watch_states(self) -> None:
        """Tell the agent's state from now on, and for the first time now."""
        self.host.tell_of_beginnings(self.name)
        self._state = self._look()
        self.host.notify(self.name, self.cause, self._state)

    def _report(self) -> None:
        state = self._look()
        if self._state not in (None, state):
            self._state = state
            self.host.notify(self.name, self.cause, state)

    def _look(self) -> AgentState:
        behaviours = set(self._configs)
        if self._given_up:
            return AgentState("failed", "; ".join(f"{name}: {error}" for name, error in self._given_up.items()))
        if behaviours and behaviours <= self._stopped:
            return AgentState("stopped")
        waits = [name for name in _SERVICES if name in self._starters and name not in self.host.begun]
        if waits:
            return AgentState("waiting-for-services", ", ".join(waits))
        if behaviours and behaviours <= self._paused | self._stopped:
            return AgentState("paused")
        return AgentState("running" if not behaviours or behaviours & self.host.begun else "initializing")

    def _tell_mailbox(self, gone: Gone) -> None:
        with suppress(pykka.ActorDeadError):
            self.tell(self.host.actor("mailbox"), gone)

    def _end(self, name: str) -> None:
        try:
            self.ask(self.host.actors[name], End(), timeout=_END_PATIENCE)
        except Exception as error:  # noqa: BLE001  (whatever an actor raises at its end, the others are ended too)
            self.log.warning("{} did not end well: {}", name, error)
            self.emit(ActorFailed(name, f"{type(error).__name__}: {error}"))
