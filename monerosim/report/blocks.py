"""The blocks of a run, and which of them the main chain has at its end."""

from collections import Counter

import msgspec

from monerosim.events import BlockContents, BlockFound, BlockStale, NodeClosed, Record


class Made(msgspec.Struct, frozen=True):
    """A block that was made in the scenario's own time."""

    miner: str
    reward: int
    """Subsidy and fees, atomic units."""
    stale: bool
    """Whether it is off the main chain at the end."""


class Blocks:
    """Takes a run's records, and knows its blocks afterwards.

    What the nodes have counts (``block-contents``, ``node-closed``); where that was not recorded, what miners told of
    their blocks (``block-found``, ``block-stale``).
    """

    def __init__(self) -> None:
        self._contents: dict[str, tuple[BlockContents, str, int]] = {}
        self._found: dict[str, BlockFound] = {}
        self._stale: dict[str, BlockStale] = {}
        self._tips: Counter[tuple[int, str]] = Counter()

    def take(self, record: Record) -> None:
        """Take the next record."""
        match record.data:
            case BlockContents(hash=block_hash) as contents:
                self._contents[block_hash] = contents, record.participant, record.t
            case BlockFound(hash=block_hash) as found:
                self._found[block_hash] = found
            case BlockStale(hash=block_hash) as stale:
                self._stale[block_hash] = stale
            case NodeClosed(height=height, tip=tip):
                self._tips[height, tip] += 1
            case _:
                pass

    def made(self) -> list[Made]:
        """Return all blocks, in no order."""
        main = self._main_chain()
        made = [
            Made(contents.miner or node, contents.reward, block_hash not in main if main else block_hash in self._stale)
            for block_hash, (contents, node, t) in self._contents.items()
            if t >= 0
        ]
        for block_hash, found in self._found.items():
            if block_hash not in self._contents:
                made.append(Made(found.miner, found.reward, block_hash in self._stale))
        # A stale block whose finding stood in a damaged line is known from here alone.
        for block_hash, stale in self._stale.items():
            if block_hash not in self._found and block_hash not in self._contents:
                made.append(Made(stale.miner, 0, stale=True))
        return made

    def on_main_chain(self) -> set[str] | None:
        """Return the transactions of the main chain, coinbases left out; None in a run that did not come to its end."""
        main = self._main_chain()
        return {txid for block_hash in main for txid in self._contents[block_hash][0].transactions} if main else None

    def _main_chain(self) -> set[str]:
        """Return the hashes from the tip at which most nodes ended down to the first block; none if unknown."""
        _, tip = max(self._tips, key=lambda it: (it[0], self._tips[it], it[1]), default=(0, ""))
        main: set[str] = set()
        while tip in self._contents and tip not in main:
            main.add(tip)
            tip = self._contents[tip][0].previous
        return main
