"""Showing how far a run is: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from monerosim.engine import Progress, ProgressCallback
from monerosim.plan.plan import Plan
from monerosim.units import SECOND, format_clock

_BAR_INTERVAL = 0.1
_LINE_INTERVAL = 5.0


@contextmanager
def show_progress(plan: Plan, console: Console, *, quiet: bool) -> Iterator[ProgressCallback]:
    """Show the progress that a run reports to what this yields."""
    if quiet:
        yield _Stuck(console, lambda _: True)
    elif console.is_terminal:
        with _bar(console) as bar:
            yield _Stuck(console, _Bar(plan, bar))
    else:
        yield _Stuck(console, _Lines(plan, console))


def _bar(console: Console) -> Bar:
    return Bar(BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), console=console, transient=True)


class _Stuck:
    """Tells once of each actor that keeps the run from going on."""

    def __init__(self, console: Console, shown: ProgressCallback) -> None:
        self._console = console
        self._shown = shown
        self._told: set[str] = set()

    def __call__(self, progress: Progress) -> bool:
        if not progress.stuck:
            return self._shown(progress)
        if progress.stuck not in self._told:
            self._told.add(progress.stuck)
            told = f"{progress.stuck} has kept the run from going on for some seconds: Ctrl-C ends it"
            self._console.print(told, soft_wrap=True, markup=False)
        return True


class _Shown:
    """Shows a line of progress, not more often than wanted, and the last one always."""

    def __init__(self, plan: Plan, interval: float) -> None:
        self._plan = plan
        self._interval = interval
        self._began = self._last = monotonic()

    def __call__(self, progress: Progress) -> bool:
        now = monotonic()
        if now - self._last >= self._interval:
            self._last = now
            speed = progress.now / SECOND / max(now - self._began, 1e-9)
            clock = format_clock(progress.now - self._plan.time_zero)[:-4]
            self.show(progress, f"{clock}  {speed:,.0f}x  height {progress.height}  payments {progress.payments}")
        return True

    def show(self, progress: Progress, text: str) -> None:
        """Show it."""
        raise NotImplementedError


class _Bar(_Shown):
    def __init__(self, plan: Plan, bar: Bar) -> None:
        super().__init__(plan, _BAR_INTERVAL)
        self._bar = bar
        self._task = bar.add_task("", total=plan.stop)

    def show(self, progress: Progress, text: str) -> None:
        self._bar.update(self._task, completed=progress.now, description=text)


class _Lines(_Shown):
    def __init__(self, plan: Plan, console: Console) -> None:
        super().__init__(plan, _LINE_INTERVAL)
        self._console = console

    def show(self, progress: Progress, text: str) -> None:
        del progress
        self._console.print(text)
