"""Measure sweeps: what a run costs beyond itself, two processes against one, and a thousand runs.

    python tools/bench_sweep.py [--runs 1000] [SCENARIO]

All are measured in turn in one go, so that the ratios hold on a machine that others use too.
"""

import argparse
import resource
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from monerosim import Here, Processes, load, run, sweep
from monerosim.engine import load_engine

ROUNDS = 3
SEEDS = 20


def plain_seconds(scenario: Path, seed: int, folder: Path) -> float:
    """Return the CPU seconds of a run by itself, from file to summary, in this process."""
    before = process_time()
    run(load(scenario, seed=seed), folder / f"plain-{seed}-{before}", trace_level="WARNING")
    return process_time() - before


def overhead(scenario: Path, folder: Path) -> tuple[float, float]:
    """Return the CPU seconds of a run by itself, and those that a sweep adds to each."""
    seeds = range(1, SEEDS + 1)
    alone, swept = [], []
    for number in range(ROUNDS):
        alone.append(sum(plain_seconds(scenario, seed, folder) for seed in seeds) / SEEDS)
        before = process_time()
        sweep(scenario, folder / f"here-{number}", seeds=seeds, executor=Here())
        swept.append((process_time() - before) / SEEDS)
    return median(alone), median(swept) - median(alone)


def speed_up(scenario: Path, folder: Path) -> float:
    """Return how much faster two processes are than one."""
    ratios = []
    for number in range(ROUNDS):
        seconds = []
        for jobs in (1, 2):
            began = perf_counter()
            sweep(scenario, folder / f"jobs-{jobs}-{number}", seeds=range(1, 3 * SEEDS + 1), executor=Processes(jobs))
            seconds.append(perf_counter() - began)
        ratios.append(seconds[0] / seconds[1])
    return median(ratios)


def many(scenario: Path, folder: Path, runs: int) -> tuple[float, int, int, float]:
    """Return seconds, files, bytes on disk, and the most megabytes of a process of a sweep with many runs."""
    began = perf_counter()
    sweep(scenario, folder / "many", seeds=range(1, runs + 1))
    seconds = perf_counter() - began
    files = [path for path in (folder / "many").rglob("*") if path.is_file()]
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return seconds, len(files), sum(path.stat().st_size for path in files), memory


def main() -> None:
    """Print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario", nargs="?", type=Path, default=Path("scenarios/smoke.toml"))
    parser.add_argument("--runs", type=int, default=1000)
    options = parser.parse_args()
    load_engine(load(options.scenario).simulation.engine)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain_seconds(options.scenario, 0, folder)
        alone, more = overhead(options.scenario, folder)
        print(f"a run by itself: {1000 * alone:.0f} ms of CPU; a sweep adds {1000 * more:.1f} ms to each (at most 20)")
        print(f"two processes are {speed_up(options.scenario, folder):.2f} times as fast as one (at least 1.7)")
        seconds, files, size, memory = many(options.scenario, folder, options.runs)
        print(f"{options.runs} runs: {seconds:.0f} s, {files} files, {size / 1e6:.1f} MB, {memory:.0f} MB of memory")


if __name__ == "__main__":
    main()
