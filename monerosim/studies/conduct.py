"""Conducting a study: its sweep, and what comes of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from monerosim.ensemble.design import Point
from monerosim.ensemble.executors import Executor
from monerosim.ensemble.player import Progress
from monerosim.ensemble.sweep import Result, Sweep, sweep
from monerosim.files import replace_file
from monerosim.studies.judgement import Row, Verdict, judge, judge_case
from monerosim.studies.study import Case, Study, distinct

SCENARIO = "scenario.toml"


class Finding(msgspec.Struct, frozen=True):
    """What a study has come to."""

    rows: tuple[Row, ...]
    verdict: Verdict
    failures: tuple[Result, ...]


def conduct(
    study: Study,
    directory: Path,
    *,
    size: float = 1.0,
    seeds: Sequence[int] | None = None,
    points: Sequence[Case] | None = None,
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Finding:
    """Play all runs of a study that are not there yet, and judge what they come to.

    Cases that change the same are of the same runs, which are played once.

    Args:
        study: The study.
        directory: Where its sweep is kept.
        size: The share of the whole length that runs have.
        seeds: Those to play; the study's own, if left out.
        points: The cases; all, if left out.
        executor: Where runs are played; all cores of this machine, if left out.
        on_progress: Called after each run.

    Raises:
        ScenarioError: A case is no valid scenario.
        StoreError: The folder cannot be written.
        OSError: Likewise.
    """
    cases = list(points) if points is not None else list(study.cases(size))
    directory.mkdir(parents=True, exist_ok=True)
    replace_file(directory / SCENARIO, study.scenario.encode())
    played = sweep(
        directory / SCENARIO,
        directory / "sweep",
        seeds=seeds if seeds is not None else range(1, study.seeds + 1),
        vary=[Point(one.changes) for one in distinct(cases)],
        executor=executor,
        common_seeds=False,
        on_progress=on_progress,
    )
    return judge_sweep(study, played, cases)


def judge_sweep(study: Study, played: Sweep, cases: Sequence[Case]) -> Finding:
    """Judge the runs of a sweep that has been played."""
    found = list(played.results())
    rows = []
    for one in cases:
        runs = [it.measures for it in found if it.values == one.changes and it.status.state == "done"]
        if runs:
            rows.append(judge_case(study, one, runs))
    return Finding(tuple(rows), judge(rows), tuple(played.failures()))
