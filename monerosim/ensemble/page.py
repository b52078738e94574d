"""The page of a sweep: each measure against what varies, and whether the seeds were enough."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monerosim.ensemble.design import Point
from monerosim.ensemble.figure import describe, draw
from monerosim.ensemble.measures import interval_of
from monerosim.ensemble.sweep import Sweep
from monerosim.files import replace_file
from monerosim.report.answers import Answer, inline_svg
from monerosim.report.charts import Chart, coloured, quantitative
from monerosim.rpc.transport import Json
from monerosim.runs import RunError


def write_page(swept: Sweep, path: Path, measures: Sequence[str]) -> None:
    """Write the page of a sweep, one file that needs nothing else.

    Args:
        swept: The sweep.
        path: The page's file.
        measures: What it is about.

    Raises:
        DesignError: No run has one of the measures.
        RunError: It cannot be written.
    """
    try:
        replace_file(path, _make_page(swept, measures).encode())
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error


def _make_page(swept: Sweep, measures: Sequence[str]) -> str:
    loaders = [PackageLoader(f"monerosim.{package}", ".") for package in ("ensemble", "report")]
    environment = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["short"] = lambda number: f"{number:.6g}" if math.isfinite(number) else "cannot tell"
    # What Vega draws is not text of a user's: names stand in it escaped.
    environment.filters["inline"] = lambda drawn: Markup(inline_svg(drawn.svg(), drawn.chart.name))  # noqa: S704
    results = list(swept.results())
    return environment.get_template("page.html").render(
        title=swept.index.name,
        index=swept.index,
        points=len({tuple(entry.values.items()) for entry in swept.index.runs}),
        seeds=len({entry.seed for entry in swept.index.runs}),
        done=sum(result.status.state == "done" for result in results),
        failures=[result for result in results if result.status.state == "failed"],
        measures=[
            {"name": name, "intervals": swept.intervals(name), "charts": list(_charts(swept, name))}
            for name in measures
        ],
    )


def _charts(swept: Sweep, measure: str) -> Iterator[Answer]:
    values = swept.values(measure)
    for key in swept.index.keys:
        yield draw(measure, values, key).answer
    if rows := list(_narrowing(values)):
        yield _enough(measure, rows, sum(len(known) for _, known in values))


def _enough(measure: str, rows: list[dict[str, Json]], count: int) -> Answer:
    chart = Chart(
        name=f"enough-{measure}",
        title=f"Are there seeds enough for {measure}?",
        section="Participants",
        note="Half the width of the mean's 95 % interval, by the number of seeds counted.",
        sql="",
        count="",
        of="runs",
        absent="there are too few runs",
        drawing={
            "mark": "line",
            "encoding": {
                "x": quantitative("n", "seeds", scale={"zero": False}, axis={"tickMinStep": 1, "format": "d"}),
                "y": quantitative("half", f"half the interval of {measure}"),
                "color": coloured("point"),
            },
        },
        series="point",
    )
    return Answer(chart=chart, rows=rows, count=count, runs=1)


def _narrowing(values: Sequence[tuple[Point, dict[int, float]]]) -> Iterator[dict[str, Json]]:
    """Return half the interval's width of each point's first seeds, by their number."""
    for point, known in values:
        name = describe(point.values) or "all runs"
        numbers = list(known.values())
        for count in range(3, len(numbers) + 1):
            yield {"point": name, "n": count, "half": interval_of(numbers[:count]).half_width}
