"""The crowd: many like users as one actor, each with its own wallet and draws, in the model."""

from functools import partial
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from actors.host.followed import Follow, FollowedPayments, Terms
from actors.users.habits import UserConfig
from actors.users.payer import LOCKED, Sender, next_and_missed, reason_of
from actors.users.regular_user import USER
from monerosim.agent.behaviour import Behaviour
from monerosim.config import PARTICIPANT, POSITIVE, Amount, amount
from monerosim.events import (
    Event,
    PaymentDelayed,
    PaymentFailed,
    PaymentSent,
    PaymentSkipped,
)
from monerosim.mailbox.discovery import Agent, AgentDiscovery, AgentDiscoveryError, Vendor
from monerosim.plan.crowds import CrowdSize
from monerosim.rpc.errors import RpcCallError
from monerosim.rpc.wallet import TX_NOT_POSSIBLE, Destination
from monerosim.runtime.rng import Rng
from monerosim.runtime.streams import Streams
from monerosim.units import SECOND

_NEVER = np.iinfo(np.int64).max
_MOST_USERS = 1_000_000


class CrowdConfig(UserConfig, frozen=True, kw_only=True):
    """Settings of a crowd."""

    users: Annotated[int, Meta(ge=1, le=_MOST_USERS, description="How many they are.")]
    initial_balance: Annotated[
        Amount, Meta(extra=POSITIVE, description="What each has when the scenario's own time begins.")
    ] = amount("10 XMR")
    outputs: Annotated[int, Meta(ge=1, le=100, description="In how many outputs each has that.")] = 1
    nodes: Annotated[
        tuple[str, ...],
        Meta(
            extra=PARTICIPANT,
            description="Participants and groups whose nodes they use in turn; that of their own participant if left "
            "out.",
        ),
    ] = ()


class _Payment(NamedTuple):
    """A payment that is to be made."""

    destinations: tuple[Destination, ...]
    cause: str

    @property
    def amount(self) -> int:
        """What it pays to all together, atomic units."""
        return sum(to.amount for to in self.destinations)


class _Standing:
    """The state of a crowd that is retained over restarts."""

    def __init__(self) -> None:
        self.due: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        """When the next payment of each user comes due, or came due that waits; microseconds since the run's start."""
        self.origins: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.streams: Streams | None = None
        self.waiting: list[dict[int, _Payment]] = []
        """The payments that wait for locked coins, by node and user."""
        self.followed: list[FollowedPayments] = []
        """By node."""


class Crowd(Behaviour[CrowdConfig]):
    """Many users who pay each other, vendors or regular users at random or at fixed intervals, in the model alone.

    Each does what a regular user does, from a wallet and by random numbers of its own. What it does is recorded as done
    by the actor ``crowd/NUMBER``.
    """

    role: ClassVar[str] = "crowd"
    unique: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"users", "initial_balance", "outputs", "nodes"})
    emits: ClassVar[tuple[type[Event], ...]] = (*Sender.emits, PaymentSkipped, PaymentDelayed)

    @classmethod
    def payments_per_second(cls, config: CrowdConfig) -> float:
        """Return what all users together mean to pay."""
        return config.users * config.payments_per_second

    @classmethod
    def paying_hours(cls, config: CrowdConfig) -> tuple[float, ...]:
        """Return the configured weights."""
        return config.hourly_weights

    @classmethod
    def paying_until(cls, config: CrowdConfig) -> int | None:
        """Return the configured end."""
        return config.until

    @classmethod
    def crowd(cls, config: CrowdConfig) -> CrowdSize:
        """Return the wallets that it keeps."""
        return CrowdSize(config.users, int(config.initial_balance), config.outputs, config.nodes)

    def begin(self) -> None:
        """Draw when each user pays first, or resume where an earlier life was."""
        wallets = self.host.environment.crowd(self.host.name)
        if wallets is None:
            raise ValueError("the engine has no wallets for crowds")
        self._wallets = wallets
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, warn=self.log.warning)
        self._planned = self._look_planned = _NEVER
        self._checked: dict[int, int] = {}
        self._unseen: set[int] = set()
        """The nodes of which something is new and not recorded yet."""
        self._standing = self.host.retained(self.name, _Standing)
        if self._standing.streams is None:
            self._draw_first()
        else:
            # Nothing came due while it was not there.
            self.rejoin()
        self.log.info("{} users on {} nodes", wallets.users, wallets.places)
        self._plan()

    def _draw_first(self) -> None:
        standing, users, now = self._standing, self._wallets.users, self.host.now()
        standing.streams = Streams(self.host.stream_seed(self.name), users)
        standing.followed = [FollowedPayments() for _ in range(self._wallets.places)]
        standing.waiting = [{} for _ in range(self._wallets.places)]
        zero, draw_origin = self.host.plan.time_zero, self.config.draw_origin
        origins = [min(draw_origin(now, zero, self.stream_of(user)), _NEVER - 1) for user in range(users)]
        standing.origins = np.array(origins, dtype=np.int64)
        standing.due = np.array([self._next_due(user, now) for user in range(users)], dtype=np.int64)

    def stream_of(self, user: int) -> Rng:
        """Return the random numbers of a user."""
        if self._standing.streams is None:
            raise ValueError("the crowd has not begun")
        return self._standing.streams.of(user)

    def rejoin(self) -> None:
        """Count from now on: nothing came due while it was paused."""
        now, due = self.host.now(), self._standing.due
        for user in np.flatnonzero(due <= now).tolist():
            if not self._is_waiting(user):
                due[user] = self._next_due(user, now)

    def end(self) -> None:
        """Record what is new of the payments, and what came due while another was not done."""
        for waiting in self._standing.waiting:
            for user in sorted(waiting):
                self._go_to_next(user)
        wallets = self._wallets
        wallets.refresh_all()
        for place in range(wallets.places):
            self._record_outcomes(place, last=True)

    def is_over(self) -> bool:
        """Return whether the users' time to pay, or the scenario, is over; what was sent is still followed."""
        return self.host.now() >= self._pays_until()

    def _pays_until(self) -> int:
        return self.host.plan.time_zero + self.config.pays_until(self.host.plan.duration)

    def _next_due(self, user: int, last: int) -> int:
        origin, zero = self._standing.origins.item(user), self.host.plan.time_zero
        return min(self.config.next_due(last, origin, zero, self.stream_of(user)), _NEVER - 1)

    def _plan(self) -> None:
        """Set the timers for the next payment that comes due, and for the next look where something is awaited."""
        now, standing = self.host.now(), self._standing
        idle = standing.due.copy()
        for waiting in standing.waiting:
            idle[list(waiting)] = _NEVER
        due = max(int(idle.min()), now)
        if due < self._planned and due < self._pays_until():
            self._planned = due
            self.after((due - now) / SECOND, self.pay_due, due)
        look = self._wallets.next_refresh(now)
        if look < self._look_planned and any(map(self._is_watched, range(self._wallets.places))):
            self._look_planned = look
            self.after((look - now) / SECOND, self.look, look)

    def pay_due(self, due: int) -> None:
        """Make the payments that have come due."""
        if due != self._planned:
            return  # an earlier one has taken its place
        self._planned, standing = _NEVER, self._standing
        if self.is_over():
            return
        for user in np.flatnonzero(standing.due <= self.host.now()).tolist():
            if not self._is_waiting(user):
                self._new_cause()
                self._pay(user)
        self._plan()

    def look(self, due: int) -> None:
        """Look at the nodes of users who await something, as their wallets do at this time."""
        if due != self._look_planned:
            return
        self._look_planned = _NEVER
        for place in filter(self._is_watched, range(self._wallets.places)):
            self._catch_up(place)
        self._plan()

    def _is_watched(self, place: int) -> bool:
        """Return whether users of a node await something."""
        return bool(self._standing.waiting[place]) or self._standing.followed[place].is_open()

    def _is_waiting(self, user: int) -> bool:
        return user in self._standing.waiting[self._wallets.place_of(user)]

    def _catch_up(self, place: int) -> None:
        """Look at a node, if its users' wallets have since; record what is new, and try again what waits for coins."""
        changed, interval, now = self._wallets.catch_up(place), self.config.check_interval, self.host.now()
        self._unseen.update({place} if changed else ())
        if place in self._unseen and (interval is None or now >= self._checked.get(place, 0) + interval):
            self._unseen.discard(place)
            self._checked[place] = now
            self._record_outcomes(place)
        if changed:
            for user, payment in sorted(self._standing.waiting[place].items()):
                self._attempt(user, payment, first=False)

    def _pay(self, user: int) -> None:
        try:
            payment = self._choose(user)
        except AgentDiscoveryError as error:
            self._emit(user, PaymentSkipped(1, f"found nobody to pay: {error}"))
            self._go_to_next(user)
        else:
            self._catch_up(self._wallets.place_of(user))
            self._attempt(user, payment, first=True)

    def _choose(self, user: int) -> _Payment:
        """Choose recipients and amounts as a regular user does.

        Raises:
            AgentDiscoveryError: There is nobody, or a chosen one's address is not known yet.
        """
        rng, config, users = self.stream_of(user), self.config, self._wallets.users
        vendors = [] if config.recipients == "users" else self._discovery.get_marketplace_addresses()
        only_vendors = config.recipients == "marketplaces" or (bool(vendors) and config.recipients != "any")
        if only_vendors and not vendors:
            raise AgentDiscoveryError("there is no marketplace")
        others: list[Vendor | Agent] = [*vendors, *(() if only_vendors else self._discovery.get_agents_with(USER))]
        count = len(others) + (0 if only_vendors else users)
        most = len(others) if only_vendors else count - 1
        if not most:
            raise AgentDiscoveryError("there is no marketplace and no other user")
        known, to = {len(others) + user}, list[Destination]()
        for _ in range(min(config.destinations, most)):
            chosen = rng.integer(0, count - 1)
            while chosen in known:
                chosen = rng.integer(0, count - 1)
            known.add(chosen)
            inside = chosen - len(others)
            address = self._wallets.address_of(inside) if inside >= 0 else self._address_of(others[chosen])
            to.append(Destination(address, config.draw_amount(rng)))
        return _Payment(tuple(to), self.cause)

    def _address_of(self, other: Vendor | Agent) -> str:
        return self._discovery.get_addresses(other.id)[0] if isinstance(other, Agent) else other.address

    def _attempt(self, user: int, payment: _Payment, *, first: bool) -> None:
        """Try to pay; wait if the coins are locked."""
        if self.is_over():
            return
        wallets, place = self._wallets, self._wallets.place_of(user)
        waiting = self._standing.waiting[place]
        waiting.pop(user, None)
        with self.because_of(payment.cause):
            try:
                sent = wallets.pay(user, payment.destinations, self.config.priority)
            except RpcCallError as error:
                if self.config.on_locked_funds == "wait" and self._is_locked(user, error):
                    if first:
                        self._emit(user, PaymentDelayed(payment.amount))
                    waiting[user] = payment
                    return
                self._emit(user, PaymentFailed(payment.amount, reason_of(error)))
            else:
                addresses = tuple(to.address for to in payment.destinations)
                self._emit(user, PaymentSent(sent.tx_hash, sent.amount, sent.fee, addresses))
                terms = Terms(self._name_of(user), self.host.now(), self.config.confirmations, None)
                self._standing.followed[place].add(Follow(sent.tx_hash, terms), self.cause)
            self._go_to_next(user)

    def _is_locked(self, user: int, error: RpcCallError) -> bool:
        """Return whether there are coins for the amounts and the fee, though not unlocked."""
        if error.code == TX_NOT_POSSIBLE:
            held, unlocked = self._wallets.held(user)
            return held > unlocked
        return error.code in LOCKED

    def _go_to_next(self, user: int) -> None:
        """Go on to the user's next payment, and record how many came due while the last was not done."""
        due, next_due = self._standing.due, partial(self._next_due, user)
        due[user], missed = next_and_missed(next_due, due.item(user), self.host.now(), self._pays_until())
        if missed:
            self._emit(user, PaymentSkipped(missed, "an earlier one was not done"))

    def _record_outcomes(self, place: int, *, last: bool = False) -> None:
        followed, wallets = self._standing.followed[place], self._wallets
        block_time, now = self.host.plan.consensus.block_time, self.host.now()
        transfers, pooled = wallets.transfers(place, followed.above()), partial(wallets.is_pooled, place)
        for payment, outcome in followed.look(transfers, now, block_time, pooled=pooled, last=last):
            self.host.emit(payment.wish.terms.sender, payment.cause, outcome)

    def _name_of(self, user: int) -> str:
        return f"{self.name}/{user}"

    def _emit(self, user: int, event: Event) -> None:
        self.host.emit(self._name_of(user), self.cause, event)
