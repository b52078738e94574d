"""The page of a report: one file that needs nothing else."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monerosim.plan.plan import Plan
from monerosim.report.answers import Answer, answer, inline_svg, refusal
from monerosim.report.cells import headings, written
from monerosim.report.charts import SECTIONS
from monerosim.report.figure import Line, Phrase, Rows
from monerosim.report.figures import all_charts, all_figures
from monerosim.report.replay import Replay
from monerosim.report.show import run_lines
from monerosim.report.summary import Summary
from monerosim.rpc.transport import Json
from monerosim.tables.query import Database
from monerosim.tables.store import RunTables
from monerosim.tables.window import Window
from monerosim.units import format_count, format_duration

_SHORT = 12
"""Digits of a digest that are shown at first."""

_START = """
const data = JSON.parse(document.getElementById("replay-data").textContent);
window.replay = mount(document.getElementById("replay-player"), data);
"""

_OF_THE_WHOLE = "the summary, its tables and its verdicts are of the whole run, and left out"

_MARKS = {"plain": "ok", "warning": "!", "error": "!!"}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A run that the page is about."""

    name: str
    directory: Path
    plan: Plan
    tables: RunTables
    summary: Summary | None
    """None while the run goes on."""
    notices: tuple[Phrase, ...] = ()
    """What kept it from being played to its end."""
    replay: Replay | None = None
    """What of it can be replayed on the page."""


def answer_all(subjects: Sequence[Subject], window: Window | None = None) -> list[Answer]:
    """Ask the questions of all charts.

    Args:
        subjects: The runs.
        window: Of which simulated time; charts that are of the whole run alone say so instead.

    Raises:
        QueryError: One cannot be answered.
    """
    count = len(subjects)
    with Database({subject.name: subject.tables.directory for subject in subjects}, window=window) as database:
        return [
            refusal(chart, count) if window is not None and chart.whole_run else answer(database, chart, count)
            for chart in all_charts().values()
        ]


def make_page(subjects: Sequence[Subject], answers: Sequence[Answer], window: Window | None = None) -> str:
    """Return the page of one run, or of several side by side; of a window without what summaries say."""
    environment = Environment(
        loader=PackageLoader("monerosim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["written"] = written
    environment.filters["data"] = _data_address
    sections = [
        {
            "name": section,
            "tables": list(_tables(subjects, section)) if window is None else [],
            # What there is nothing to draw of says so below the others.
            "charts": [
                _chart(one) for one in sorted(answers, key=lambda one: not one.rows) if one.chart.section == section
            ],
        }
        for section in SECTIONS
    ]
    replay = subjects[0].replay if len(subjects) == 1 else None
    return environment.get_template("page.html").render(
        title=" and ".join(subject.name for subject in subjects),
        replay=_in_page(replay) if replay is not None else "",
        script=_script() if replay is not None else None,
        subjects=[_head(subject, window) for subject in subjects],
        sections=sections,
        numbers=_numbers(subjects if window is None else (), answers),
    )


def _head(subject: Subject, window: Window | None) -> dict[str, object]:
    plan, summary = subject.plan, subject.summary
    facts = [
        plan.engine,
        f"seed {plan.seed}",
        format_duration(plan.duration),
        format_count(len(plan.hosts), "participant"),
        f"monerosim {plan.monerosim}",
        *(f"{Path(binary.path).name} {binary.version}" for binary in plan.binaries),
    ]
    verdicts: list[Phrase] = list(subject.notices)
    lines: list[Line] = []
    if window is not None:
        verdicts.append(Phrase(f"{window} of the scenario's time; {_OF_THE_WHOLE}"))
    elif summary is None:
        verdicts.append(Phrase("the run goes on: this is what there is so far", "warning"))
    else:
        shown = [(figure, summary[figure]) for figure in all_figures()]
        verdicts += [phrase for figure, result in shown for phrase in figure.verdicts(result)]
        lines = [*run_lines(summary), *(line for figure, result in shown for line in figure.lines(result))]
        verdicts += [notice for figure, result in shown for notice in figure.notices(result)]
    return {
        "name": subject.name,
        "directory": str(subject.directory),
        "facts": facts,
        "verdicts": [{"mark": _MARKS[it.tone], "tone": it.tone, "text": it.text} for it in verdicts],
        "lines": lines,
        "digest": summary.digest if summary else "",
        "short": summary.digest[:_SHORT] if summary else "",
        "parameters": plan.parameters,
        "tables": {name: len(table) for name, table in subject.tables.items()},
    }


def _tables(subjects: Sequence[Subject], section: str) -> Iterator[dict[str, object]]:
    for figure in all_figures():
        if figure.section != section:
            continue
        for subject in subjects:
            rows: Rows | None = figure.rows(subject.summary[figure]) if subject.summary else None
            if rows is not None and rows.rows:
                title = figure.title if len(subjects) == 1 else f"{figure.title} ({subject.name})"
                yield {
                    "title": title,
                    "headings": list(headings(rows.columns)),
                    "columns": rows.columns,
                    "rows": rows.rows,
                }


def _chart(one: Answer) -> dict[str, object]:
    svg = one.svg()
    return {
        "chart": one.chart,
        "count": f"{one.count:,}",
        "left_out": one.left_out,
        "svg": svg,
        # What Vega draws is not text of a user's: names stand in it escaped.
        "inline": Markup(inline_svg(svg, one.chart.name)),  # noqa: S704
        "csv": one.csv(),
        "json": one.json(),
    }


def _numbers(subjects: Sequence[Subject], answers: Sequence[Answer]) -> Markup:
    """Return all that is drawn as JSON that can stand in a page."""
    charts: dict[str, Json] = {
        one.chart.name: {
            "title": one.chart.title,
            "n": one.count,
            "of": one.chart.of,
            "sql": one.chart.sql.strip(),
            "rows": [dict(row) for row in one.rows],
        }
        for one in answers
    }
    summaries = {subject.name: subject.summary for subject in subjects}
    return _in_page({"charts": charts, "summaries": summaries})


def _in_page(data: object) -> Markup:
    """Return JSON that can stand in a page."""
    return Markup(msgspec.json.encode(data).decode().replace("<", "\\u003c"))  # noqa: S704


def _script() -> dict[str, Markup]:
    """Return the code of the replay, and the hash by which the page's policy allows it and nothing else."""
    text = files("monerosim.report").joinpath("web/replay.js").read_text(encoding="utf-8") + _START
    source = f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
    return {"text": Markup(text), "source": Markup(source)}  # noqa: S704


def _data_address(content: str | bytes, kind: str) -> str:
    if isinstance(content, bytes):
        return f"data:{kind};base64,{b64encode(content).decode()}"
    return f"data:{kind};charset=utf-8,{quote(content)}"
