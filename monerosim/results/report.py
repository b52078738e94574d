"""The page of one or several runs, and their figures as files."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from monerosim.files import replace_file
from monerosim.plan.plan import Plan
from monerosim.report.replay import MOST_ON_PAGE, replay_of
from monerosim.report.show import early_end
from monerosim.runs import EXTRA, Run, RunError, named
from monerosim.tables.window import Window
from monerosim.units import format_duration

PAGE = "report.html"
"""What a run directory's page is called."""

Format: TypeAlias = Literal["svg", "png", "json", "csv"]

FORMATS: tuple[Format, ...] = ("svg", "png", "json", "csv")


def write_report(
    runs: Sequence[Run],
    path: Path,
    *,
    figures: Path | None = None,
    formats: Sequence[Format] = ("svg",),
    window: Window | None = None,
) -> None:
    """Write the page of one run, or of several side by side.

    Args:
        runs: The runs; one that goes on is shown as far as it is.
        path: The page's file.
        figures: The directory for the figures as files of their own; None for none.
        formats: What those are written as.
        window: Of which simulated time the figures are; all of it if left out.

    Raises:
        RunError: A library is missing, or it cannot be made, or a run has nothing of the window.
    """
    try:
        from monerosim.report.answers import write_figures  # noqa: PLC0415  (an extra)
        from monerosim.report.page import Subject, answer_all, make_page  # noqa: PLC0415
        from monerosim.tables.query import QueryError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise RunError(f"reports need {error.name}: {EXTRA}") from error
    subjects, alone = [], len(runs) == 1 and window is None
    for name, played in named(runs).items():
        tables, summary = played.tables, None
        with suppress(RunError):
            summary = played.summary
        if window is not None:
            _check(window, name, played.plan)
        notices = tuple(early_end(summary, may_go_on=played.may_go_on)) if summary else ()
        subjects.append(
            Subject(
                name=name,
                directory=played.directory,
                plan=played.plan,
                tables=tables,
                summary=summary,
                notices=notices,
                replay=replay_of(played.plan, played.events_so_far(), MOST_ON_PAGE) if alone else None,
            )
        )
    try:
        answers = answer_all(subjects, window)
        replace_file(path, make_page(subjects, answers, window).encode())
        if figures is not None:
            write_figures(answers, figures, formats)
    except QueryError as error:
        raise RunError(str(error)) from error
    except OSError as error:
        raise RunError(f"{error.filename or path} cannot be written: {error.strerror or error}") from error


def _check(window: Window, name: str, plan: Plan) -> None:
    """Refuse a window that a run has nothing of.

    Raises:
        RunError: It has not.
    """
    if window.since is not None and window.until is not None and window.since >= window.until:
        raise RunError(f"{window} is no time: a window ends after its begin")
    length = f"{name} lasts {format_duration(plan.duration)}, its bootstrap {format_duration(plan.time_zero)}"
    late = window.since is not None and window.since >= plan.duration
    if late or (window.until is not None and window.until <= -plan.time_zero):
        raise RunError(f"there is nothing {window}: {length}")
