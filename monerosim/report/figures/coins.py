"""The coins that were made, and who holds them."""

from collections.abc import Iterable

import msgspec

from monerosim.events import NodeClosed, Record, Reorganised, WalletClosed
from monerosim.monero.constants import SPENDABLE_AGE
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.plan.plan import Plan
from monerosim.report.figure import Figure, Line, Phrase
from monerosim.report.figures.chain import ChainFigure
from monerosim.units import format_amount


class Coins(msgspec.Struct, frozen=True, kw_only=True):
    """Coins at the run's end, atomic units."""

    emitted: int = 0
    """The subsidies of the main chain's blocks above the genesis block, as its highest node counted them; in a run that
    was killed, as they are without a penalty for heavy blocks. All balances together, when no block was under way at
    the end."""
    balances: dict[str, int] = {}
    """What the wallets of each participant hold on the main chain, locked outputs included."""
    balances_known: bool = True
    """False if no wallet said at the end what it holds, because the run was killed."""
    tips: int = 1
    """At how many tips the nodes ended; if it is more than one, a part of the balances is of another branch."""

    change_twice: bool = False
    """Whether wallets may count coins that are gone. Where a reorganisation drops the blocks in which coins of a
    payment came to be, a wallet counts its change as long as it is pending, beside what made these coins
    (``wallet2::balance_per_subaddress`` adds the change of all that is pending)."""

    @property
    def unaccounted(self) -> int:
        """Coins emitted that no wallet holds."""
        return self.emitted - sum(self.balances.values())


class CoinsFigure(Figure[Coins]):
    """Adds up balances beside the emission."""

    name = "coins"
    title = "Are all coins accounted for?"
    section = "Participants"
    position = 30

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._chain = ChainFigure(plan, end)
        self._height = self._emitted = 0
        self._balances: dict[str, int] = {}
        self._is_pending = self._is_dropped = False

    def take(self, record: Record) -> None:
        """Add a wallet's balance, or learn of the chain's height and its emission."""
        self._chain.take(record)
        match record.data:
            case WalletClosed(balance=balance, in_flight=in_flight):
                self._is_pending = self._is_pending or in_flight > 0
                self._balances[record.participant] = self._balances.get(record.participant, 0) + balance
            case Reorganised(depth=depth) if depth >= SPENDABLE_AGE:
                self._is_dropped = True
            case NodeClosed(height=height, emitted=emitted) if height > self._height:
                self._height, self._emitted = height, emitted
            case _:
                pass

    def result(self) -> Coins:
        """Return emission and balances."""
        chain = self._chain.result()
        return Coins(
            emitted=self._emitted or _emission(chain.height),
            balances=dict(sorted(self._balances.items())),
            balances_known=bool(self._balances) or not any(host.wallets for host in self.plan.hosts),
            tips=chain.tips,
            change_twice=self._is_pending and self._is_dropped,
        )

    @staticmethod
    def lines(result: Coins) -> Iterable[Line]:
        """Return the emission, and whether the balances add up to it."""
        yield Line("coins", (Phrase(f"{format_amount(result.emitted)} emitted"), _verdict(result)))

    @staticmethod
    def verdicts(result: Coins) -> Iterable[Phrase]:
        """Return whether the balances add up to the emission."""
        verdict = _verdict(result)
        yield Phrase(f"coins: {verdict.text}", verdict.tone)


def _verdict(result: Coins) -> Phrase:
    if not result.balances_known:
        return Phrase("final balances unknown: no wallet reported one", "warning")
    if result.tips > 1:
        return Phrase(f"balances not comparable: the nodes ended at {result.tips} different tips", "warning")
    if result.unaccounted < 0 and result.change_twice:
        more = format_amount(-result.unaccounted)
        why = "after a deep reorganisation wallets count the change of pending payments beside the coins that made them"
        return Phrase(f"{more} more than emitted: {why}", "warning")
    if result.unaccounted:
        return Phrase(f"{format_amount(result.unaccounted)} unaccounted for", "error")
    return Phrase("all accounted for")


def _emission(height: int) -> int:
    """Return the sum of the subsidies of the blocks above the genesis block."""
    total = 0
    for _ in range(height):
        total += base_reward(GENESIS_REWARD + total)
    return total
