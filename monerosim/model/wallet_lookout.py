"""Looks out for what wallets see, for those who wait for it.

A wallet sees what its node has when it refreshes. So nobody looks at other instants, nor before a block or a
transaction is on its way that may concern the wallet.
"""

from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import numpy as np

from monerosim.model.blockchain import Blockchain
from monerosim.model.records import Block, Owner, Transaction
from monerosim.model.wallet_session import REFRESH_PERIOD, WalletSession
from monerosim.network.propagation import NEVER


class Wish(NamedTuple):
    """What somebody waits for."""

    who: str
    of: str
    """What of :attr:`~monerosim.model.wallet_state.WalletState.news`; or ``coins``: that more coins are unlocked."""
    amount: int = 0
    """What these must be worth, atomic units."""
    height: int | None = None
    """Or that the wallet has scanned to this height."""


class _Wait:
    """Somebody waits for a change of a wallet."""

    def __init__(self, wish: Wish, session: WalletSession, changed: Callable[[], None]) -> None:
        self.place = session.name, wish.who
        self.session = session
        self.of = wish.of
        self.changed = changed
        self.due = NEVER
        self.is_forgotten = False
        self.listed = NEVER
        self._height = NEVER if wish.height is None else wish.height
        self._opened = session.opened
        wallet = None if session.opened is None else session.opened.wallet
        self._seen = 0 if wallet is None else wallet.news[wish.of]
        self._amount = NEVER
        if wallet is not None and wish.of == "coins":
            self._amount = max(wish.amount, wallet.unlocked() + 1)

    @property
    def owner(self) -> Owner | None:
        """Whose wallet it is; None where none is open."""
        return None if self._opened is None else self._opened.wallet.owner

    @property
    def height(self) -> int:
        """The height at which it may be over, whatever is in the blocks."""
        if self.of != "coins" or self._opened is None:
            return self._height
        return min(self._height, self._opened.wallet.next_unlock() or NEVER)

    def is_over(self) -> bool:
        """Return whether the wallet has changed, or another one or none is open."""
        opened = self.session.opened
        if opened is None or opened is not self._opened:
            return True
        wallet = opened.wallet
        if wallet.tip.height >= self._height:
            return True
        return wallet.unlocked() >= self._amount if self.of == "coins" else wallet.news[self.of] != self._seen


class _Ear:
    """Hears of payments to an owner."""

    def __init__(self, heard: Callable[[], None]) -> None:
        self._heard = heard

    def announce(self, _transaction: Transaction) -> None:
        """Pass on that a payment is on its way."""
        self._heard()

    def forget(self, _transaction: Transaction) -> None:
        """Keep quiet: the block that settled it is told of by itself."""


class WalletLookout:
    """Calls back once when a wallet has changed.

    Args:
        blockchain: The run's blocks and transactions.
        call_at: Has a function called at a time, microseconds since the run's start.
    """

    def __init__(self, blockchain: Blockchain, call_at: Callable[[int, Callable[[], None]], object]) -> None:
        self._blockchain = blockchain
        self._call_at = call_at
        self._waits: dict[tuple[str, str], _Wait] = {}
        self._of_owner: dict[Owner | None, dict[tuple[str, str], _Wait]] = {}
        self._heights: list[tuple[int, int, _Wait]] = []
        self._numbers = count()
        self._concerned: dict[_Wait, None] = {}
        self._heard: set[Owner] = set()
        self._told: dict[tuple[str, str], int] = {}
        """When each was told last: one that learns nothing by it, as its node is down, must not ask on and on."""
        blockchain.sightings.on_found.append(self._on_found)
        blockchain.views.on_disturbed.append(self.look_at_all)

    def wait(self, wish: Wish, session: WalletSession, changed: Callable[[], None]) -> None:
        """Call a function once, at the first refresh of a wallet that shows what is wished for.

        Args:
            wish: It takes the place of an earlier one of the same name.
            session: The wallet's.
            changed: The function; it is called by the one that calls what is due.
        """
        session.catch_up()
        wait = _Wait(wish, session, changed)
        self._forget(wait.place)
        self._waits[wait.place] = self._of_owner.setdefault(wait.owner, {})[wait.place] = wait
        if wish.of == "pool" and wait.owner is not None and wait.owner not in self._heard:
            self._heard.add(wait.owner)
            wait.owner.wallets.append(_Ear(partial(self._on_announced, wait.owner)))
        self._consider(wait)

    def look_at_all(self) -> None:
        """Take in that any wallet may change in a way that no single block tells."""
        self._concern(self._waits.values())

    def _forget(self, place: tuple[str, str]) -> None:
        wait = self._waits.pop(place, None)
        if wait is not None:
            wait.is_forgotten = True
            del self._of_owner[wait.owner][place]

    def _on_found(self, block: Block) -> None:
        if self._blockchain.views.agreed is not block:
            self.look_at_all()
            return
        for owner in block.touches:
            self._concern(wait for wait in self._of_owner.get(owner, {}).values() if wait.of != "losses")
        while self._heights and self._heights[0][0] <= block.height:
            *_, wait = heappop(self._heights)
            wait.listed = NEVER
            self._concern((wait,))

    def _on_announced(self, owner: Owner) -> None:
        self._concern(wait for wait in self._of_owner.get(owner, {}).values() if wait.of == "pool")

    def _concern(self, waits: Iterable[_Wait]) -> None:
        """Consider some waits after all that happens now; until then blocks of earlier times may be found."""
        is_planned = bool(self._concerned)
        self._concerned.update(dict.fromkeys(waits))
        if self._concerned and not is_planned:
            self._call_at(self._blockchain.now(), self._consider_concerned)

    def _consider_concerned(self) -> None:
        concerned, self._concerned = self._concerned, {}
        for wait in concerned:
            if not wait.is_forgotten:
                self._consider(wait)

    def _consider(self, wait: _Wait) -> None:
        """Plan a look where the wallet may have changed at its next refresh or later."""
        session, now = wait.session, self._blockchain.now()
        at = max(self._next_change(wait, now), session.ready_at, self._told.get(wait.place, -1) + 1)
        if at < NEVER:
            due = at + (session.ready_at - at) % (session.period or REFRESH_PERIOD)
            if due < wait.due:
                wait.due = due
                self._call_at(due, partial(self._look, wait, due))
        elif (height := wait.height) < wait.listed:
            wait.listed = height
            heappush(self._heights, (height, next(self._numbers), wait))

    def _next_change(self, wait: _Wait, now: int) -> int:
        """Return a time from now on before which nothing comes that may concern a wallet, microseconds."""
        session = wait.session
        if session.opened is None or session.node is None or wait.is_over():
            return now
        wallet, node = session.opened.wallet, session.node.index
        if wallet.tip is not self._blockchain.view(node).tip or (wait.of == "pool" and wallet.awaits()):
            return now + 1
        return self._blockchain.views.next_change(np.array([node]), now)

    def _look(self, wait: _Wait, due: int) -> None:
        if wait.is_forgotten or due != wait.due:
            return
        wait.due = NEVER
        session = wait.session
        if session.is_down:
            # Whoever starts it has all looked at.
            return
        session.catch_up()
        if not wait.is_over():
            self._consider(wait)
            return
        self._forget(wait.place)
        self._told[wait.place] = due
        wait.changed()
