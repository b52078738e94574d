"""The supervisor: the actor that every host begins with, and that starts and ends all others."""

import msgspec

from actors.host.command_runs import CommandRuns
from actors.host.lives import Lives
from actors.host.mailbox import Mailbox
from actors.host.node_proxy import NodeProxy
from actors.host.registrar import REGISTRAR, Registrar
from actors.host.subscriptions import Subscriptions
from actors.host.wallet_proxy import WalletProxy
from monerosim.agent.actor import Actor, describe_error, handles, receives
from monerosim.agent.commands import (
    COMMON_COMMANDS,
    RUN_OVER_AFTER,
    CommandLetter,
    RunOverLetter,
    SubscribeLetter,
)
from monerosim.agent.condition_registry import find_condition
from monerosim.agent.conditions import ChangeNetwork, Condition, ConditionError, hosts_of, name_of
from monerosim.agent.host import Host
from monerosim.agent.messages import (
    ActorStarted,
    Command,
    EventLetter,
    EventNotice,
    Executed,
    Message,
    StopHost,
    Subscribe,
)
from monerosim.config import load_config
from monerosim.events import AgentState, CommandFailed, NetworkChanged, RecordReader, RunEnded, event_tag
from monerosim.units import SECOND


class Failed(Message[None], frozen=True):
    """An actor of the host has stopped with an error."""

    actor: str
    error: str


class Over(Message[None], frozen=True):
    """To itself, behind the answers that have come: the host has ended, and no others will be read."""


class Supervisor(Actor):
    """Starts a host's actors, restarts failed ones within limits, carries out commands, and ends them.

    Behaviours are told what to do and answer later, so that the supervisor never waits for one of them.

    Args:
        host: The host.
        name: ``supervisor``.
    """

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(host, name)
        self._lives = Lives(self, self.launch, self.restart)
        self._commands = CommandRuns(self, self._lives, self.time_out)
        self._subscriptions = Subscriptions(self)

    def begin(self) -> None:
        """Start the proxies and the mailbox now, and each behaviour when its time has come."""
        host, start = self.host, self._lives.start
        reference = self.actor_ref
        host.subscribe(event_tag(RunEnded), self.name)
        host.on_failed = lambda actor, error: reference.tell(Failed(actor, describe_error(error)))
        start("mailbox", lambda: host.start(Mailbox, "mailbox"))
        if host.plan.registrar == host.name:
            start(REGISTRAR, lambda: host.start(Registrar, REGISTRAR))
        if host.own.uses_node is not None:
            start("node", lambda: host.start(NodeProxy, "node", host.own.uses_node))
        for wallet in host.own.wallets:
            start("wallet", lambda wallet=wallet: host.start(WalletProxy, "wallet", wallet))  # type: ignore[misc]  # bound now
        for plan in host.own.actors:
            self._lives.plan(plan)
        for entry in host.own.commands:
            command = Command(entry.do, entry.actor, entry.arguments)
            self.after((entry.at - host.now()) / SECOND, self.on_command, command)

    @handles(Failed)
    def on_failed(self, failed: Failed) -> None:
        """Record a failure, and start the actor again after a while or give it up."""
        behaviour = self._lives.fail(failed.actor, failed.error)
        if behaviour is not None:
            # It has not begun the step it was told last, which can be answered now.
            self._commands.go_on(behaviour.name)

    @handles(StopHost)
    def on_stop_host(self, _: StopHost) -> None:
        """Let every actor act for the last time, the latest started first, and stop them."""
        self._commands.drop_waiting()
        self._lives.end_all()
        if self._commands:
            self.tell(self.actor_ref, Over())

    @handles(Over)
    def on_over(self, _: Over) -> None:
        """Record the commands that were not answered."""
        self._commands.drop_unanswered()

    @handles(Command)
    def on_command(self, command: Command) -> None:
        """Have behaviours carry out a command of the timeline; the outcome is recorded."""
        letter = CommandLetter(do=command.do, actor=command.actor, arguments=dict(command.arguments))
        kind = find_condition(command.do)
        if kind is None or self._commands.is_understood(letter):
            self._commands.start(letter)
            return
        try:
            self._change(load_config({"who": self.host.name, **command.arguments}, kind), scheduled=True)
        except (ConditionError, msgspec.ValidationError) as error:
            self.emit(CommandFailed(command.do, str(error)))
            self.log.warning("{} failed: {}", command.do, error)

    @handles(ChangeNetwork)
    def on_change_network(self, message: ChangeNetwork) -> None:
        """Change the network for an actor of the host."""
        condition = message.condition
        who = condition.who or self.host.name
        self._change(msgspec.structs.replace(condition, who=who), scheduled=False)

    def _change(self, condition: Condition, *, scheduled: bool) -> None:
        own = msgspec.to_builtins(condition, str_keys=True, enc_hook=str)
        who = hosts_of(self.host.plan, own.pop("who"))
        details = msgspec.json.encode(own, order="deterministic").decode()
        self.emit(NetworkChanged(name_of(condition), () if condition.for_all else tuple(who), details))
        self.log.info("{}", name_of(condition), who=", ".join(who), **own)
        for part in condition.parts(self.host.plan):
            self.host.environment.change(part, scheduled=scheduled)

    @receives(CommandLetter)
    def on_command_letter(self, letter: CommandLetter, sender: str) -> None:
        """Have behaviours carry out a command, and send the result when it is known."""
        if self.redelivered and letter.do not in COMMON_COMMANDS:
            # A payment, say, may have been made: better none than two.
            reason = f"{letter.do} was begun when the agent was killed, and is not begun again"
            self._commands.refuse(letter, sender, reason)
        else:
            self._commands.start(letter, sender)

    @handles(Executed)
    def on_executed(self, done: Executed) -> None:
        """Continue with the next step of a command, or with the next command."""
        self._commands.executed(done)

    @receives(SubscribeLetter)
    def on_subscribe_letter(self, letter: SubscribeLetter, sender: str) -> None:
        """Send events to another host from now on."""
        self._subscriptions.add(letter, sender)
        if event_tag(AgentState) in letter.kinds:
            self._lives.watch_state()

    @receives(EventLetter)
    def on_event_letter(self, letter: EventLetter, sender: str) -> None:
        """Notify subscribers of what the engine tells of a process of this host; the engine has recorded it."""
        record = RecordReader().read(msgspec.json.encode(letter.record) + b"\n")
        if sender == self.host.name == record.participant:
            self.host.pass_on(record)

    @receives(RunOverLetter)
    def on_run_over(self, over: RunOverLetter, _: str) -> None:
        """End the host when all others end."""
        self.after(max(0, over.at - self.clock.microseconds()) / SECOND, self.be_over)

    @handles(Subscribe)
    def on_subscribe(self, wish: Subscribe) -> None:
        """Subscribe to events of another host, or of all hosts."""
        self._subscriptions.request(wish)

    @handles(EventNotice)
    def on_event_notice(self, message: EventNotice) -> None:
        """Send an event to the hosts that have subscribed; to all of them, if it is that the run ends."""
        if isinstance(message.record.data, RunEnded):
            over = RunOverLetter(at=message.record.t + RUN_OVER_AFTER)
            for own in self.host.plan.hosts:
                self.send(own.name, self.name, over)
        self._subscriptions.forward(message.record)

    @handles(ActorStarted)
    def on_actor_started(self, _: ActorStarted) -> None:
        """Report the host's state, if it has changed."""
        self._lives.report_state()

    def launch(self, name: str, number: int) -> None:
        """Start an actor, if that is what was planned last."""
        self._lives.launch_due(name, number)

    def restart(self, name: str, number: int) -> None:
        """Start a failed actor again, if that is what was planned last."""
        self._lives.restart_due(name, number)

    def time_out(self, number: str) -> None:
        """Stop waiting for the answers to a command."""
        self._commands.time_out(number)

    def be_over(self) -> None:
        """End the host now."""
        if self.host.on_over is not None:
            self.host.on_over()
