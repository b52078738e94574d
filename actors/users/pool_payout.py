"""The payout of a mining pool to those who mine in it: pay per last N shares (PPLNS)."""

from collections import Counter, deque
from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.wallet_proxy import OVERLAP, GetTransfers, Transfer
from actors.users.payer import Sender, SenderConfig
from monerosim.config import PARTICIPANT, POSITIVE, Amount, Duration, amount, duration
from monerosim.events import Event, MinersPaid, RewardShared
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.monero.constants import MAX_RECIPIENTS
from monerosim.rpc.errors import RpcDoubtfulError, RpcError
from monerosim.rpc.wallet import Destination

_REWARD = "block"
"""The type of a block's reward in get_transfers."""


class PoolPayoutConfig(SenderConfig, frozen=True, kw_only=True):
    """Settings of a pool's payout."""

    miners: Annotated[
        tuple[str, ...],
        Meta(min_length=1, extra=PARTICIPANT, description="Participants or groups that mine in it, all as fast."),
    ]
    shares: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Shares of work that a block of the pool takes on average.")
    ] = 100
    window: Annotated[
        int, Meta(ge=1, le=1_000_000, description="How many of the last shares a reward is divided among.")
    ] = 200
    fee: Annotated[float, Meta(ge=0, le=1, description="The share of each reward that the pool keeps.")] = 0.01
    least_payout: Annotated[Amount, Meta(description="What is less waits for more.")] = amount("0.1 XMR")
    interval: Annotated[Duration, Meta(extra=POSITIVE, description="How often it pays.")] = duration("10m")


class _Books:
    """The state of a payout that is retained over restarts."""

    def __init__(self) -> None:
        self.shares: deque[str] = deque()
        self.rewards: set[str] = set()
        self.height = 0
        self.owed: Counter[str] = Counter()


class PoolPayout(Sender[PoolPayoutConfig]):
    """Divides each unlocked reward of its wallet among the last shares, and pays the miners, up to 15 in a transaction.

    The number of shares until a block is geometric, and whose each is, is drawn, as in Rosenfeld, Analysis of Bitcoin
    Pooled Mining Reward Systems, 2011 (arXiv:1112.4980), where PPLNS is described.
    """

    emits: ClassVar[tuple[type[Event], ...]] = (*Sender.emits, RewardShared, MinersPaid)

    def begin(self) -> None:
        """Pay periodically."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, warn=self.log.warning)
        self._books = self.host.retained(self.name, _Books)
        self.every(lambda: self.config.interval.seconds, self.pay)

    def pay(self) -> None:
        """Divide the rewards that have unlocked, and pay who has enough."""
        if self.is_over():
            return
        try:
            self._share()
            self._pay()
        except (RpcError, AgentDiscoveryError) as error:
            self.log.warning("the payout waits: {}", error)

    def _share(self) -> None:
        books, wallet = self._books, self.host.actor("wallet")
        entries = self.ask(wallet, GetTransfers(("in",), min_height=max(0, books.height - OVERLAP))).incoming
        for entry in sorted(entries, key=lambda it: it.height):
            if entry.type != _REWARD or entry.locked or entry.txid in books.rewards:
                continue
            books.rewards.add(entry.txid)
            books.height = max(books.height, entry.height)
            # Rewards of the bootstrap are not the miners' work.
            if self.clock.of_unix(entry.timestamp) < 0:
                continue
            counts = self._work()
            kept = int(entry.amount * self.config.fee)
            total = counts.total()
            parts = {name: (entry.amount - kept) * count // total for name, count in sorted(counts.items())}
            books.owed.update(parts)
            self.emit(RewardShared(entry.txid, entry.amount, entry.amount - sum(parts.values()), parts))

    def _work(self) -> Counter[str]:
        """Draw the shares of a round, and count whose the last ones are."""
        miners = [
            agent.id
            for agent in self._discovery.get_wallet_agents()
            if {agent.id, agent.group} & set(self.config.miners) and agent.id != self.host.name
        ]
        if not miners:
            raise AgentDiscoveryError("nobody with a wallet mines in the pool")
        shares = self._books.shares
        shares.extend(self.rng.choice(miners) for _ in range(self.rng.geometric(1 / self.config.shares)))
        while len(shares) > self.config.window:
            shares.popleft()
        return Counter(shares)

    def _pay(self) -> None:
        owed = self._books.owed
        due = [(name, sum_) for name, sum_ in sorted(owed.items()) if sum_ >= max(1, self.config.least_payout)]
        if not due:
            return
        due = due[:MAX_RECIPIENTS]
        destinations = tuple(Destination(self._discovery.get_addresses(name)[0], sum_) for name, sum_ in due)
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer(destinations, self.config.priority))
        except RpcDoubtfulError as error:
            self._settle(due)
            self.doubt(destinations, error, "commanded")
            return
        self._settle(due)
        names = ", ".join(name for name, _ in due)
        self.follow(sent, names, tuple(to.address for to in destinations), "commanded")
        self.emit(MinersPaid(sent.tx_hash, dict(due)))

    def _settle(self, due: list[tuple[str, int]]) -> None:
        for name, sum_ in due:
            self._books.owed[name] -= sum_
