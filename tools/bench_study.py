"""Measure what a study costs, from one seed of its points.

    python tools/bench_study.py [NAME] [--every 1]

Plays seed 1 of each point of the study (of each third with --every 3), as many at once as there are cores, and prints
the seconds of the processor that a run takes, and what all seeds come to. A machine that is busy with all else takes
more of them; two versions are compared one after the other.
"""

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

from monerosim.ensemble.executors import Processes
from monerosim.studies.conduct import conduct
from monerosim.studies.registry import all_studies
from monerosim.studies.study import distinct


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Play a part of a study; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="selfish-mining", choices=sorted(all_studies()))
    parser.add_argument("--every", type=int, default=1, help="of how many points one is played")
    asked = parser.parse_args()
    study, cores = all_studies()[asked.name], os.cpu_count() or 1
    points = distinct(study.cases(1.0))
    played = points[:: asked.every]
    before = _seconds()
    with tempfile.TemporaryDirectory() as folder:
        finding = conduct(study, Path(folder), points=played, seeds=[1], executor=Processes(cores))
    one, runs = (_seconds() - before) / len(played), len(points) * study.seeds
    print(f"{study.name}: {one:.2f} s of the processor a run ({len(played)} runs)")
    whole = one * runs
    print(f"all {runs:,} runs: {whole:,.0f} s of the processor, {whole / cores / 60:.1f} minutes of {cores} cores")
    return 1 if finding.failures else 0


if __name__ == "__main__":
    sys.exit(main())
