"""An engine: another one's play, watched by somebody who takes notes."""

import os
from collections.abc import Iterable
from pathlib import Path

from monerosim.engine import (
    Engine,
    EngineError,
    MemoryEstimate,
    Need,
    Progress,
    ProgressCallback,
    Timings,
    load_engine,
)
from monerosim.plan.plan import Plan
from monerosim.units import SECOND

NOTES = "rehearsal.txt"
PENCIL = "ACME_PENCIL"
"""The environment variable that names the pencil."""


class Rehearsal(Engine):
    """Plays as the engine embedded does, and takes notes of the progress."""

    def timings(self, hosts: int, nodes: int) -> Timings:
        """Return times that are short, and longer where there is more to note."""
        return Timings(wallet_start=hosts * SECOND, agent_start=10 * SECOND, block_interval=(1 + nodes) * SECOND)

    def addresses(self, count: int) -> list[str]:
        """Return addresses of a private network."""
        return [f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}" for index in range(1, count + 1)]

    def memory(self, plan: Plan) -> MemoryEstimate:
        """Estimate the notes."""
        return MemoryEstimate({"pages of notes": (len(plan.hosts), 50_000_000)})

    def needs(self, plan: Plan) -> Iterable[Need]:
        """Look for a pencil."""
        pencil = os.environ.get(PENCIL)
        if pencil is None:
            yield Need(
                name="pencil", state="missing", found=f"{PENCIL} is not set", remedy=f"Pencils: export {PENCIL}=2B"
            )
        else:
            yield Need(name="pencil", state="good", found=f"{pencil} for {len(plan.hosts)} hosts")

    def prepare(self, plan: Plan, directory: Path, final: Path) -> None:
        """Lay out paper."""
        if len(plan.hosts) > 10:
            raise EngineError("there is paper for ten hosts")
        (directory / NOTES).write_text(f"Notes on {plan.name} in {final}\n", encoding="utf-8")

    def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
        """Play the plan, and note how high the chain gets."""
        heights: list[int] = []

        def look(progress: Progress) -> bool:
            heights.append(progress.height)
            return on_progress(progress)

        end = load_engine("embedded").play(plan, directory, trace_level=trace_level, on_progress=look)
        with (directory / NOTES).open("a", encoding="utf-8") as notes:
            notes.write(f"{heights[-1]} blocks\n")
        return end
