"""Ties between blocks of one height, and whose block the others had first."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.events import BlockContents, BlockSpread, Record
from monerosim.network.propagation import NEVER
from monerosim.plan.plan import Plan
from monerosim.plan.roles import MINER
from monerosim.report.figure import Column, Figure, Rows

_MOST_NODES = 200
"""Nodes of which all arrivals are kept until the end."""


class Races(msgspec.Struct, frozen=True, kw_only=True):
    """The ties of a miner: its blocks that came when another miner's block of their height was there already."""

    ties: int
    followers: float
    """The share of the other miners' hashrate at whose nodes its block was first, weighed by how long each tie lasted:
    the gamma of Eyal and Sirer. A tie lasts until a block of the next height is found."""


class _Block(NamedTuple):
    hash: str
    miner: str
    found: int


class RacesFigure(Figure[dict[str, Races]]):
    """Compares when nodes had the blocks of a height; in networks where that is recorded of all nodes."""

    name = "races"
    title = "Whose block do others follow in a tie?"
    section = "Forks"
    position = 105

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        nodes = [host for host in plan.hosts if host.node is not None]
        self._is_kept = len(nodes) <= _MOST_NODES and not plan.record.sampled
        self._nodes = tuple(host.name for host in nodes)
        self._hashrates = np.zeros(len(nodes))
        index = {name: place for place, name in enumerate(self._nodes)}
        for host in plan.hosts:
            hashrate = sum(actor.hashrate for actor in host.actors if actor.role == MINER)
            node = host.name if host.node is not None else next((it.node for it in host.wallets), "")
            if hashrate and node in index:
                self._hashrates[index[node]] += hashrate
        self._heights: dict[int, list[_Block]] = {}
        self._arrivals: dict[str, NDArray[np.int64]] = {}

    def take(self, record: Record) -> None:
        """Keep a block, or when nodes had it."""
        if not self._is_kept:
            return
        match record.data:
            case BlockContents(hash=block_hash, height=height, miner=miner, node=node) if record.t >= 0:
                self._heights.setdefault(height, []).append(_Block(block_hash, miner or node, record.t))
            case BlockSpread(hash=block_hash, first=first, delays=delays) if len(delays) == len(self._nodes):
                seen = np.array(delays, dtype=np.int64)
                self._arrivals[block_hash] = np.where(seen < 0, NEVER, first + seen)
            case _:
                pass

    def result(self) -> dict[str, Races]:
        """Return the ties of each miner that has had some."""
        shares: dict[str, list[tuple[float, int]]] = {}
        for height, blocks in sorted(self._heights.items()):
            following = min((block.found for block in self._heights.get(height + 1, ())), default=None)
            first, *others = sorted(blocks, key=lambda block: (block.found, block.hash))
            for block in others:
                lasted = 0 if following is None else following - block.found
                if block.miner != first.miner and lasted > 0 and {block.hash, first.hash} <= self._arrivals.keys():
                    shares.setdefault(block.miner, []).append((self._share(block, first), lasted))
        return {miner: self._races(found) for miner, found in sorted(shares.items())}

    def _share(self, block: _Block, first: _Block) -> float:
        weights = np.where(np.array(self._nodes) == block.miner, 0.0, self._hashrates)
        ahead = self._arrivals[block.hash] < self._arrivals[first.hash]
        total = float(weights.sum())
        return float(weights[ahead].sum()) / total if total else 0.0

    @staticmethod
    def _races(found: list[tuple[float, int]]) -> Races:
        total = sum(lasted for _, lasted in found)
        return Races(ties=len(found), followers=sum(share * lasted for share, lasted in found) / total)

    @staticmethod
    def measures(result: dict[str, Races]) -> Iterable[tuple[str, float | None]]:
        """Return the share that follows each miner."""
        for name, races in result.items():
            yield f"hashrate that follows {name} in ties", races.followers

    @staticmethod
    def rows(result: dict[str, Races]) -> Rows | None:
        """Return a row a miner."""
        columns = (Column("miner"), Column("ties"), Column("followers", form=".1%"))
        return Rows(columns, tuple((name, races.ties, races.followers) for name, races in result.items()))
