"""The supervisor: starts a host's actors, starts failed ones again within limits, and ends them."""

from collections import defaultdict
from collections.abc import Callable

from actors.mailbox import Mailbox
from actors.node_proxy import NodeProxy
from actors.wallet_proxy import WalletProxy
from monerosim.config import load_config
from monerosim.observe.events import ActorFailed, ActorGivenUp, ActorRestarted
from monerosim.plan.model import ActorPlan
from monerosim.plan.restarts import Restarts
from monerosim.runtime.actor import Actor, handles
from monerosim.runtime.blocks import load_block
from monerosim.runtime.host import Host
from monerosim.runtime.message import End, EndHost, Message
from monerosim.units import SECOND

_END_PATIENCE = 30.0


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

    def begin(self) -> None:
        """Start the proxies and the mailbox now, and each behaviour when its time has come."""
        host = self.host
        reference = self.actor_ref
        host.on_failed = lambda actor, error: reference.tell(Failed(actor, f"{type(error).__name__}: {error}"))
        self._start("mailbox", lambda: host.start(Mailbox, "mailbox"))
        if host.own.uses_node is not None:
            self._start("node", lambda: host.start(NodeProxy, "node", host.own.uses_node))
        for wallet in host.own.wallets:
            self._start("wallet", lambda wallet=wallet: host.start(WalletProxy, "wallet", wallet))  # type: ignore[misc]  # bound now
        for plan in host.own.actors:
            self._prepare(plan)
            self.after((plan.start - host.now()) / SECOND, self.launch, plan.name)

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

    def launch(self, name: str) -> None:
        """Start an actor for the first time."""
        try:
            self._starters[name]()
        except Exception as error:  # noqa: BLE001  (whatever its constructor raises, it is a failure of that actor)
            self.log.opt(exception=error).error("could not start {}: {}", name, error)
            self.host.failed(name, error)
        else:
            self.log.debug("started {}", name)

    def restart(self, name: str) -> None:
        """Start an actor again."""
        self.emit(ActorRestarted(name, len(self._restarts[name])))
        self.launch(name)

    def _start(self, name: str, starter: Callable[[], object]) -> None:
        self._starters[name] = starter
        self.launch(name)

    def _prepare(self, plan: ActorPlan) -> None:
        def start() -> None:
            block = load_block(plan.use)
            self.host.start(block, plan.name, load_config(plan.config, block.Config))

        self._starters[plan.name] = start

    def _end(self, name: str) -> None:
        try:
            self.ask(self.host.actors[name], End(), timeout=_END_PATIENCE)
        except Exception as error:  # noqa: BLE001  (whatever an actor raises at its end, the others are ended too)
            self.log.warning("{} did not end well: {}", name, error)
            self.emit(ActorFailed(name, f"{type(error).__name__}: {error}"))
