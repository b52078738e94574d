"""Trying the cases of many seeds on all cores, and making something of what they show."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from queue import SimpleQueue
from threading import Lock
from typing import Self, TypeVar

import msgspec

from monerosim.swarm.cases import Case, make_case
from monerosim.swarm.inspection import Fault
from monerosim.swarm.reached import Reached
from monerosim.swarm.shrink import shrink
from monerosim.swarm.trial import Outcome, Pair, check_cases, try_case

T = TypeVar("T")
R = TypeVar("R")

_CHECKED_AT_ONCE = 25
"""Scenarios that one process checks where none is played."""


class Finding(msgspec.Struct, kw_only=True):
    """A fault, and the seeds that show it."""

    fault: Fault
    case: Case
    """The first that showed it; once it is shrunk, the smallest that does."""
    seeds: list[int]


class Swarm:
    """The cases of a range of seeds.

    Args:
        play: Whether scenarios are played, or only checked.
        workers: How many are tried at once; one a core, if left out.

    Attributes:
        reached: What they reached.
        findings: The faults they showed, by their kinds, in the order of the seeds.
        tried: How many cases there were.
        early: How many runs did not come to their planned end.
        seconds: What they took, of CPU.
    """

    def __init__(self, *, play: bool = True, workers: int | None = None) -> None:
        self.reached = Reached()
        self.findings: dict[str, Finding] = {}
        self.tried = 0
        self.early = 0
        self.seconds = 0.0
        self._play = play
        self._workers = workers or len(os.sched_getaffinity(0))
        self._stack = ExitStack()
        self._pairs: SimpleQueue[Pair] = SimpleQueue()
        self._pool = ThreadPoolExecutor(self._workers)
        self._making = Lock()

    def __enter__(self) -> Self:
        for _ in range(self._workers):
            self._pairs.put(self._stack.enter_context(Pair()))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()

    def run(self, seeds: Iterable[int]) -> Iterator[Outcome]:
        """Try the cases of seeds.

        Returns:
            What came of each, in the order of the seeds.
        """
        for outcomes in self._in_order(self._try, _batches(seeds, 1 if self._play else _CHECKED_AT_ONCE)):
            for outcome in outcomes:
                self._take(outcome)
                yield outcome

    def shrink(self) -> None:
        """Make the cases of the findings as small as can be."""
        findings = list(self.findings.values())
        for finding, case in zip(findings, self._in_order(self._shrink, findings), strict=True):
            finding.case = case

    def _try(self, seeds: Sequence[int], pair: Pair) -> list[Outcome]:
        # Two threads that convert to a class for the first time at once can crash the process in msgspec.
        with self._making:
            cases = [make_case(seed) for seed in seeds]
        return [try_case(case, pair) for case in cases] if self._play else check_cases(cases, pair)

    def _shrink(self, finding: Finding, pair: Pair) -> Case:
        def shows(case: Case) -> bool:
            outcome = try_case(case, pair, play=self._play)
            return any(fault.kind == finding.fault.kind for fault in outcome.faults)

        return shrink(finding.case, shows)

    def _take(self, outcome: Outcome) -> None:
        self.tried += 1
        self.seconds += outcome.seconds
        if outcome.good:
            self.reached.add(outcome.case)
        if outcome.played:
            self.reached.add_run(outcome.shows)
            self.early += outcome.ended_early
        for fault in outcome.faults:
            finding = self.findings.setdefault(fault.kind, Finding(fault=fault, case=outcome.case, seeds=[]))
            if outcome.case.seed not in finding.seeds:
                finding.seeds.append(outcome.case.seed)

    def _in_order(self, work: Callable[[T, Pair], R], items: Iterable[T]) -> Iterator[R]:
        """Do something with each item on all workers, without running far ahead of who reads the results."""

        def do(item: T) -> R:
            pair = self._pairs.get()
            try:
                return work(item, pair)
            finally:
                self._pairs.put(pair)

        rest = iter(items)
        waiting: list[Future[R]] = [self._pool.submit(do, item) for item in islice(rest, 4 * self._workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [self._pool.submit(do, item) for item in islice(rest, 1)]


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
