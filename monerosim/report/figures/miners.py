"""Who found the blocks."""

import msgspec

from monerosim.events import BlockFound, BlockStale, Record
from monerosim.plan.plan import Plan
from monerosim.plan.roles import MINER
from monerosim.report.figure import Column, Figure, Rows
from monerosim.units import XMR


class Miner(msgspec.Struct, frozen=True, kw_only=True):
    """What a miner found on the main chain."""

    hashrate: float = 0.0
    """As its configuration has it: a pool's is its weight among pools, an autonomous miner's is percent of the hashrate
    at which blocks come every block time; 0 if the plan knows it for no miner."""
    blocks: int = 0
    reward: int = 0
    """Subsidies and fees, atomic units."""
    stale: int = 0
    """Its blocks off the main chain."""


class MinersFigure(Figure[dict[str, Miner]]):
    """Adds up the blocks of each miner, those that found none included."""

    name = "miners"
    title = "Who found the blocks?"
    position = 100

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._found: dict[str, BlockFound] = {}
        self._stale: dict[str, BlockStale] = {}

    def take(self, record: Record) -> None:
        """Keep a block."""
        match record.data:
            case BlockFound(hash=block_hash) as found:
                self._found[block_hash] = found
            case BlockStale(hash=block_hash) as stale:
                self._stale[block_hash] = stale
            case _:
                pass

    def result(self) -> dict[str, Miner]:
        """Return the miners of the plan in its order, then others that found blocks."""
        hashrates = {
            host.name: sum(actor.hashrate for actor in host.actors if actor.role == MINER)
            for host in self.plan.hosts
            if any(actor.role == MINER for actor in host.actors)
        }
        main = [block for block_hash, block in self._found.items() if block_hash not in self._stale]
        # A stale block whose finding stood in a damaged line is known from here alone.
        others = sorted(
            {block.miner for block in main}.union(off.miner for off in self._stale.values()) - hashrates.keys()
        )
        blocks: dict[str, list[int]] = {name: [] for name in (*hashrates, *others)}
        stale = dict.fromkeys(blocks, 0)
        for block in main:
            blocks[block.miner].append(block.reward)
        for off in self._stale.values():
            stale[off.miner] += 1
        return {
            name: Miner(hashrate=hashrates.get(name, 0.0), blocks=len(own), reward=sum(own), stale=stale[name])
            for name, own in blocks.items()
        }

    @staticmethod
    def rows(result: dict[str, Miner]) -> Rows | None:
        """Return a row a miner."""
        total = sum(miner.blocks for miner in result.values())
        columns = (
            Column("miner"),
            Column("hashrate", form="g"),
            Column("blocks"),
            Column("share", form=".1%"),
            Column("stale"),
            Column("reward", "XMR", ",.3f"),
        )
        rows = tuple(
            (
                name,
                miner.hashrate or None,
                miner.blocks,
                miner.blocks / total if total else None,
                miner.stale,
                miner.reward / XMR,
            )
            for name, miner in result.items()
        )
        return Rows(columns, rows)
