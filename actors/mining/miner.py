"""Shared by all miners: a registration with a hashrate that may change, and mining a block."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from actors.host.registrar import MinerNote, note
from actors.host.wallet_proxy import GetAddresses
from actors.mining.found_blocks import FoundBlocks
from monerosim.agent.actor import Actor, handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Message
from monerosim.config import Config, Duration
from monerosim.events import BlockFound, BlockStale, Event
from monerosim.mailbox.discovery import MINING_POOLS, Miner
from monerosim.plan.roles import MINER

MAX_HASHRATE = 1e12
"""The highest hashrate: shares of any sum of such can be computed."""

TIMEOUT = 60.0
"""Seconds that a node may take to generate a block."""


class Leave(Message[None], frozen=True):
    """Stop mining until the command ``join``."""


class Join(Message[None], frozen=True):
    """Mine again, with the same hashrate."""


class MineNow(Message[BlockFound], frozen=True):
    """Mine a block now, on the own node's tip.

    Raises:
        RpcError: The node did not generate it.
        pykka.Timeout: It did not answer in time.
        pykka.ActorDeadError: Its proxy has stopped.
    """


class MinerConfig(Config, frozen=True):
    """Settings of every miner; subclasses define what their ``hashrate`` means."""

    hashrate: Annotated[float, Meta(gt=0, le=MAX_HASHRATE)]
    until: Annotated[
        Duration | None, Meta(description="When it leaves, since the scenario's time zero; it stays if left out.")
    ] = None


M = TypeVar("M", bound=MinerConfig)


class _Standing:
    """The state of a miner that is retained over restarts."""

    def __init__(self) -> None:
        self.left = False
        """Whether it has left by command or at ``until``; then only a command makes it join."""
        self.over: int | None = None
        """The value of ``until`` at which it has left already."""
        self.registration: Miner | None = None


class BaseMiner(Behaviour[M]):
    """A registered miner; subclasses decide when it mines a block."""

    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True
    role: ClassVar[str] = MINER
    unique: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (BlockFound, BlockStale)
    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {"leave": Leave, "join": Join, "mine-now": MineNow}

    @classmethod
    def hashrate(cls, config: M) -> float:
        """Return the configured hashrate."""
        return config.hashrate

    def begin(self) -> None:
        """Register with the wallet's primary address."""
        self.found = FoundBlocks(self, TIMEOUT)
        self._standing = self.host.retained(self.name, _Standing)
        self._away = False
        address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        self._register(
            Miner(
                self.host.name,
                self.config.hashrate,
                address,
                active=not self._standing.left,
                actor=self.name,
                autonomous=self.autonomous,
                solo=self.host.own.solo,
            )
        )
        self.log.info("registered with hashrate {:g}", self.registration.hashrate, address=address)
        self._plan_to_leave()
        self.changed()

    @classmethod
    def on_given_up(cls, supervisor: Actor, name: str) -> None:
        """Publish its registration as inactive."""
        registration = supervisor.host.retained(name, _Standing).registration
        if registration is not None:
            _publish(supervisor, msgspec.structs.replace(registration, active=False))

    def changed(self) -> None:
        """React to a new :attr:`registration`: the hashrate has changed, or the miner has joined or left."""

    def end(self) -> None:
        """Record its blocks that are off the main chain."""
        self.found.close(self.host.actor("node"))

    def configured(self, before: M) -> None:
        """Apply a new hashrate or a new ``until``.

        Raises:
            ValueError: The hashrate is not finite.
        """
        if not math.isfinite(self.config.hashrate):
            raise ValueError(f"a hashrate is a finite number, got {self.config.hashrate}")
        if self.config.hashrate != self.registration.hashrate:
            self._change(hashrate=self.config.hashrate, active=self.registration.active)
        if self.config.until != before.until:
            self._plan_to_leave()

    @handles(Leave)
    def on_leave(self, _: Leave) -> None:
        """Stop mining."""
        self._standing.left = True
        self._stand()

    @handles(Join)
    def on_join(self, _: Join) -> None:
        """Mine again, unless it is paused."""
        self._standing.left = False
        self._stand()

    @handles(MineNow)
    def on_mine_now(self, _: MineNow) -> BlockFound:
        """Mine a block now."""
        return self.mine()

    def leave(self) -> None:
        """Stop mining while it is paused or stopped."""
        self._away = True
        self._stand()

    def rejoin(self) -> None:
        """Mine again, unless it has left."""
        self._away = False
        self._stand()

    def leave_in_time(self, until: int) -> None:
        """Stop mining, if this is still the time to leave."""
        if until == self.config.until and until != self._standing.over:
            self._standing.over = until
            self._standing.left = True
            self._stand()

    def mine(self, deadline: float | None = None) -> BlockFound:
        """Have the own node generate a block on its tip, and record it.

        Args:
            deadline: When the block is no longer wanted, seconds since the scenario's time zero.
        """
        found = self.found.make(self.host.actor("node"), self.host.name, self.registration.address, deadline=deadline)
        self.log.info("found block {} with {} transactions", found.height, found.transactions, block=found.hash)
        return found

    def _plan_to_leave(self) -> None:
        until = self.config.until
        if until is not None:
            self.after(max(0.0, until.seconds - self.clock.now()), self.leave_in_time, until)

    def _change(self, *, hashrate: float, active: bool) -> None:
        self._register(msgspec.structs.replace(self.registration, hashrate=hashrate, active=active))
        self.log.info("mining with hashrate {:g}" if active else "has left; its hashrate was {:g}", hashrate)
        self.changed()

    def _stand(self) -> None:
        active = not (self._away or self._standing.left)
        if active != self.registration.active:
            self._change(hashrate=self.registration.hashrate, active=active)

    def _register(self, registration: Miner) -> None:
        self.registration = msgspec.structs.replace(registration, since=self.clock.now())
        self._standing.registration = self.registration
        _publish(self, self.registration)


def _publish(actor: Actor, registration: Miner) -> None:
    actor.host.shared.replace(f"{MINING_POOLS}/{registration.id}.json", msgspec.to_builtins(registration))
    note(actor, MinerNote())
