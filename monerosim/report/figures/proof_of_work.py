"""Whether nodes computed the hash of blocks."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from monerosim.events import Record
from monerosim.report.figure import Figure, Line, Phrase


class ProofOfWork(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the proof of work."""

    hashes: Literal["real", "skipped"] = "real"
    """``skipped``: monerod was spared RandomX's hash, because at difficulty 1 any hash is proof enough."""


class ProofOfWorkFigure(Figure[ProofOfWork]):
    """Says whether hashes were computed; the plan knows."""

    name = "proof_of_work"
    title = "Was the proof of work computed?"
    position = 15

    def take(self, record: Record) -> None:
        """Take nothing: no event is about it."""

    def result(self) -> ProofOfWork:
        """Return what the plan says."""
        return ProofOfWork(hashes=self.plan.shadow.proof_of_work)

    @staticmethod
    def lines(result: ProofOfWork) -> Iterable[Line]:
        """Return a line where no hash was computed."""
        if result.hashes == "skipped":
            yield Line(
                "proof of work", (Phrase('skipped (difficulty 1); [shadow] proof_of_work = "real" computes it'),)
            )
