"""An engine: another one's play, watched by somebody who takes notes."""

from collections.abc import Callable
from pathlib import Path

from monerosim import Plan, Progress, load_engine

NOTES = "rehearsal.txt"


def play(plan: Plan, directory: Path, *, trace_level: str, watch: Callable[[Progress], bool]) -> int:
    """Play a plan as the engine embedded does, and take notes of its progress."""
    heights: list[int] = []

    def look(progress: Progress) -> bool:
        heights.append(progress.height)
        return watch(progress)

    end = load_engine("embedded")(plan, directory, trace_level=trace_level, watch=look)
    (directory / NOTES).write_text(f"{heights[-1]} blocks\n", encoding="utf-8")
    return end
