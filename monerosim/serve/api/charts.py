"""The charts of a run's report, drawn of what there is so far: by the report's own specifications, as it draws them."""

from http import HTTPStatus
from pathlib import Path
from typing import Literal

import msgspec
from starlette.responses import Response

from monerosim.report.answers import answer, inline_svg
from monerosim.report.charts import SECTIONS, Chart
from monerosim.report.figures import all_charts
from monerosim.serve.api.runs import chosen
from monerosim.serve.drawing import Drawing, DrawingError
from monerosim.serve.operation import Call, Chosen, Operation, Refusal
from monerosim.serve.site import KeptChart
from monerosim.tables.query import Database, QueryError
from monerosim.tables.store import made_from


class ChartEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A chart."""

    name: str
    title: str
    """The question it answers."""
    section: str
    """Of the report."""
    note: str
    of: str
    """What it counts."""
    absent: str
    """Why there may be nothing to draw."""


class DrawnChart(ChartEntry, frozen=True, kw_only=True):
    """A chart of a run, as far as that has come."""

    count: int
    """Of how many observations it is made."""
    left_out: int
    """Rows that were thinned out."""
    svg: str
    """The drawing, to stand in a page; empty if there is nothing to draw."""


class ChartQuery(Chosen, frozen=True, kw_only=True):
    """How a chart is wanted."""

    format: Literal["svg", "vega-lite", "csv"] = "svg"
    """Drawn; as a specification with its data, for who draws himself; or the numbers."""


def _list(call: Call) -> list[ChartEntry]:
    del call
    charts = sorted(all_charts().values(), key=lambda chart: SECTIONS.index(chart.section))
    return [ChartEntry(**_words(chart)) for chart in charts]


def _one(call: Call) -> DrawnChart | Response:
    shown, chart = chosen(call), all_charts().get(call.path["name"])
    if chart is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"there is no chart {call.path['name']}")
    with shown.tables.directory() as directory:
        made = made_from(directory)
        known = shown.charts.get(chart.name)
        if known is None or known.made_from != made:
            known = shown.charts[chart.name] = _draw(call.site.drawing, chart, directory, made, shown.id)
    if call.query.format == "vega-lite":
        return Response(known.answer.json(), media_type="application/json")
    if call.query.format == "csv":
        return Response(known.answer.csv(), media_type="text/csv")
    return DrawnChart(**_words(chart), count=known.answer.count, left_out=known.answer.left_out, svg=known.svg)


def _draw(drawing: Drawing, chart: Chart, directory: Path, made: str, run: str) -> KeptChart:
    """Ask and draw a chart of the tables in a directory.

    Raises:
        Refusal: It cannot be answered or drawn.
    """
    try:
        with Database({run: directory}) as database:
            answered = answer(database, chart)
        svg = inline_svg(drawing.chart(answered), chart.name)
    except (QueryError, DrawingError) as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from error
    return KeptChart(made, answered, svg)


def _words(chart: Chart) -> dict[str, str]:
    return {name: getattr(chart, name) for name in ChartEntry.__struct_fields__}


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/charts",
        summary="The charts of a report.",
        handle=_list,
        answer=list[ChartEntry],
    ),
    Operation(
        method="GET",
        path="/api/charts/{name}",
        summary="A chart of the chosen run, of what there is so far.",
        handle=_one,
        query=ChartQuery,
        answer=DrawnChart,
        media=("application/json", "text/csv"),
    ),
)
