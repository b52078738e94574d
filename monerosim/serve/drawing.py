"""Drawing in processes of their own: the library that draws keeps all threads of its process waiting meanwhile."""

import signal
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from monerosim.engines.die_with_parent import end_with_parent
from monerosim.report.answers import Answer
from monerosim.results.report import PAGE, write_report
from monerosim.runs import Run

_PROCESSES = 2
"""So that charts need not wait for a report; each begins when it is needed."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class DrawingError(Exception):
    """A process that drew has died; the message is for the user."""


class Drawing:
    """Draws charts and reports. To be used in a ``with`` statement."""

    def __init__(self) -> None:
        self._pool = _pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def chart(self, answer: Answer) -> str:
        """Return the drawing of a chart as SVG; empty if there is nothing to draw.

        Raises:
            DrawingError: It cannot be made.
        """
        return self._do(answer.svg) if answer.rows else ""

    def report(self, run: Path) -> bytes:
        """Return the page of a run's report.

        Raises:
            DrawingError: It cannot be made.
        """
        return self._do(_report, run)

    def _do(self, work: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> _T:
        pool = self._pool
        try:
            return pool.submit(work, *arguments, **options).result()
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = _pool()
            raise DrawingError("the process that drew has died; out of memory?") from error


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    # Ctrl-C is for the server, which waits for what is being drawn.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _report(run: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_report([Run(run)], Path(folder) / PAGE)
        return (Path(folder) / PAGE).read_bytes()
