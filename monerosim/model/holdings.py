"""The outputs of a wallet, and which of them may be spent: kept up as they change, not looked through for each payment.

A funder has thousands of outputs and makes thousands of payments, so work for each output at each payment adds up.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from monerosim.model.chain import unlock_height, unlock_second
from monerosim.model.records import Block, Output, Transaction

Place: TypeAlias = tuple[int, int]
"""An account and the index of one of its subaddresses."""

_NUMBER = attrgetter("number")


class Holding:
    """An output of this wallet that is on its chain.

    Attributes:
        block: The block that created it.
        unlocks: The height of the first block that may spend it, if its time has come.
        unlocks_at: The unix time until which it is locked besides; 0 for none.
        spent_in: The block that spends it, None before.
        locked_by: The transaction of this wallet that was sent to spend it.
        frozen: The user does not want it spent.
        number: The higher, the later its wallet came to count it as unspent.
    """

    __slots__ = (
        "account",
        "block",
        "frozen",
        "index",
        "locked_by",
        "number",
        "output",
        "spent_in",
        "unlocks",
        "unlocks_at",
    )

    def __init__(self, output: Output, block: Block) -> None:
        self.output = output
        self.block = block
        self.unlocks = unlock_height(output, block)
        self.unlocks_at = unlock_second(output)
        self.frozen = False
        self.spent_in: Block | None = None
        self.locked_by: Transaction | None = None
        self.number = 0
        holder = output.holder
        self.account, self.index = (0, 0) if holder is None else (holder.account, holder.minor)


def _size(holding: Holding) -> tuple[int, int]:
    return holding.output.amount, holding.number


class Spendable(NamedTuple):
    """Outputs that a payment may spend, in the two orders that it looks at them in."""

    oldest: list[Holding]
    smallest: list[Holding]
    """Of those of an amount, the oldest first."""

    @classmethod
    def of(cls, oldest: list[Holding]) -> "Spendable":
        """Bring outputs into both orders.

        Args:
            oldest: They, the oldest first.
        """
        return cls(oldest, sorted(oldest, key=lambda holding: holding.output.amount))

    def largest(self) -> Iterator[Holding]:
        """List them with the largest first; of those of an amount, the oldest first."""
        for _, like in groupby(reversed(self.smallest), key=lambda holding: holding.output.amount):
            yield from reversed(list(like))

    def without(self, others: list[Holding]) -> "Spendable":
        """Return all but some."""
        return self._only(lambda holding: holding not in others)

    def at(self, indices: set[int]) -> "Spendable":
        """Return those of some subaddresses."""
        return self._only(lambda holding: holding.index in indices)

    def _only(self, is_wanted: Callable[[Holding], bool]) -> "Spendable":
        return Spendable(*([holding for holding in order if is_wanted(holding)] for order in self))


class Sums:
    """Amounts added up by place.

    Attributes:
        places: For each place that anything was added to and not taken from again, atomic units and how many amounts.
    """

    def __init__(self) -> None:
        self.places: dict[Place, tuple[int, int]] = {}

    def add(self, place: Place, amount: int) -> None:
        """Add an amount in atomic units."""
        total, number = self.places.get(place, (0, 0))
        self.places[place] = total + amount, number + 1

    def take(self, place: Place, amount: int) -> None:
        """Take an amount away that was added."""
        total, number = self.places.pop(place)
        if number > 1:
            self.places[place] = total - amount, number - 1


class Unspent:
    """The outputs of a wallet that no block of its chain spends.

    Most are *ready*, so that a payment may spend them now, or *reserved* by one that waits for a block. They remain so
    until something is said of them here; the others *wait*, and are looked at each time. Ready ones are added up.

    Args:
        is_reserved: Whether a payment of the wallet that waits for a block spends an output.

    Attributes:
        waiting: Those that are locked until a height or a time, or frozen, or were not looked at since they changed.
        reserved: Those that would be ready if no payment spent them.
        sums: What the ready ones are worth.
    """

    def __init__(self, is_reserved: Callable[[Holding], bool]) -> None:
        self._is_reserved = is_reserved
        self._numbers = 0
        self._ready: defaultdict[int, Spendable] = defaultdict(lambda: Spendable([], []))
        """By account."""
        self.waiting: dict[Output, Holding] = {}
        self.reserved: dict[Output, Holding] = {}
        self.sums = Sums()

    def add(self, holding: Holding) -> None:
        """Count an output as unspent, as the last of all; nothing changes if it is."""
        if not self._contains(holding):
            self._numbers += 1
            holding.number = self._numbers
            self.waiting[holding.output] = holding

    def remove(self, holding: Holding) -> bool:
        """Count an output as spent or gone; return whether it counted as unspent."""
        output = holding.output
        if self.waiting.pop(output, None) or self.reserved.pop(output, None):
            return True
        if not self._is_ready(holding):
            return False
        ready = self._ready[holding.account]
        del ready.oldest[bisect_left(ready.oldest, holding.number, key=_NUMBER)]
        del ready.smallest[bisect_left(ready.smallest, _size(holding), key=_size)]
        self.sums.take((holding.account, holding.index), output.amount)
        return True

    def reconsider(self, holding: Holding) -> None:
        """Note that an output was frozen or thawed, or that a payment spends it or does so no longer."""
        if self.remove(holding):
            self.waiting[holding.output] = holding

    def reconsider_all(self) -> None:
        """Note that the chain is shorter than it was: outputs may be locked again."""
        for holding in [*self.reserved.values(), *(it for ready in self._ready.values() for it in ready.oldest)]:
            self.reconsider(holding)

    def settle(self, height: int) -> None:
        """Look at those that wait.

        Args:
            height: Of the next block.
        """
        for holding in list(self.waiting.values()):
            if holding.unlocks > height or holding.unlocks_at or holding.frozen:
                continue
            del self.waiting[holding.output]
            if self._is_reserved(holding):
                self.reserved[holding.output] = holding
            else:
                insort(self._ready[holding.account].oldest, holding, key=_NUMBER)
                insort(self._ready[holding.account].smallest, holding, key=_size)
                self.sums.add((holding.account, holding.index), holding.output.amount)

    def ready(self, account: int) -> Spendable:
        """Return the ready ones of an account; as they change, so does what was returned."""
        return self._ready[account]

    def unready(self) -> Iterator[Holding]:
        """List those that wait or are reserved."""
        yield from self.waiting.values()
        yield from self.reserved.values()

    def _contains(self, holding: Holding) -> bool:
        output = holding.output
        return output in self.waiting or output in self.reserved or self._is_ready(holding)

    def _is_ready(self, holding: Holding) -> bool:
        oldest = self._ready[holding.account].oldest
        at = bisect_left(oldest, holding.number, key=_NUMBER)
        return at < len(oldest) and oldest[at] is holding
