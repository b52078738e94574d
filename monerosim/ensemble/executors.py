"""Where the runs of a sweep are played: processes of this machine, or the workers of a Dask cluster."""

import os
import signal
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Protocol

from monerosim.engines.die_with_parent import end_with_parent
from monerosim.ensemble.member import Member, Outcome, play_member, warm_up


class ClusterError(Exception):
    """The cluster, or the processes of this machine, cannot be used; the message is for the user."""


class Executor(Protocol):
    """Plays runs."""

    def play(self, members: Iterable[Member]) -> Generator[Outcome, None, None]:
        """Play runs, and return what came of each as it ends; closing the iterator ends those that are under way.

        Members are taken as there is room for them, not before.
        """
        ...


class Here:
    """One after the other in this process, for small sweeps and for debugging."""

    def play(self, members: Iterable[Member]) -> Generator[Outcome, None, None]:
        """Play runs in their order."""
        yield from map(play_member, members)


class Processes:
    """Processes of this machine, which are kept from run to run.

    A process that dies (out of memory, killed) takes no other run with it: those that were under way are played again
    at the end, each alone, and one that ends its process once more has failed. Where no process can begin, because it
    cannot import what it needs, none is started over and over: that is a :class:`ClusterError`.

    Args:
        jobs: How many; one for each core that may be used, if left out.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or len(os.sched_getaffinity(0))

    def play(self, members: Iterable[Member]) -> Generator[Outcome, None, None]:
        """Play runs on all processes."""
        suspects: list[Member] = []
        yield from self._play(members, self._jobs, suspects)
        for member in suspects:
            again: list[Member] = []
            yield from self._play([member], 1, again)
            if again:
                yield Outcome(key=member.key, error="its process died; out of memory?")

    def _play(self, members: Iterable[Member], jobs: int, suspects: list[Member]) -> Generator[Outcome, None, None]:
        """Play runs; those that were under way when a process died are added to ``suspects`` instead."""
        rest = iter(members)
        while True:
            pool, played = _pool(jobs), False
            running: dict[Future[Outcome], Member] = {}
            try:
                # One more for each process waits, so that none is idle while a result is written.
                while fresh := _submit(pool, islice(rest, 2 * jobs - len(running))) | running:
                    running = fresh
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        outcome = future.result()
                        del running[future]
                        played = True
                        yield outcome
            except BrokenProcessPool:
                suspects += running.values()
                if not played:
                    _check_begin()
            else:
                return
            finally:
                _end(pool)


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Begin a process of the pool; nobody would end its run if who wants it is killed."""
    end_with_parent()
    warm_up()


def _check_begin() -> None:
    """Check that a process begins at all.

    Raises:
        ClusterError: It does not.
    """
    pool = _pool(1)
    try:
        with _uninterrupted():
            begun = pool.submit(os.getpid)
        begun.result()
    except BrokenProcessPool as error:
        raise ClusterError(
            "the processes that play runs end before they begin: what they import fails, as is told above; a script "
            'that plays runs has to do so below `if __name__ == "__main__":`'
        ) from error
    finally:
        _end(pool)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Block Ctrl-C for processes that are started here, and inherit what is blocked: it is for who ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _submit(pool: ProcessPoolExecutor, members: Iterable[Member]) -> dict[Future[Outcome], Member]:
    submitted = {}
    with _uninterrupted():
        for member in members:
            try:
                submitted[pool.submit(play_member, member)] = member
            except BrokenProcessPool as error:
                # As if it had been under way.
                lost: Future[Outcome] = Future()
                lost.set_exception(error)
                submitted[lost] = member
    return submitted


def _end(pool: ProcessPoolExecutor) -> None:
    """End a pool without waiting for the runs that are under way: they are played anew another time."""
    # Python 3.14 has terminate_workers(); until then the processes are only known by this name.
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
