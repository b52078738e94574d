"""Charts: a question, the SQL that answers it from a run's tables, and how the answer is drawn by Vega-Lite."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from monerosim.rpc.transport import Json

Drawing: TypeAlias = Mapping[str, Json]
"""A part of a Vega-Lite specification: a mark and its encoding, or layers of them."""

PERCENT: Json = {"format": ".0%"}
"""An axis of shares."""

WHOLE: Json = {"domain": [0, 1]}
"""The scale of a share of all."""


SECTIONS = ("Payments", "Blocks", "Forks", "Propagation", "Network", "Participants", "Faults", "Cost")
"""Of the page, in their order."""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing that answers a question; of several runs it shows all.

    The SQL is asked of the tables of :mod:`monerosim.tables`. It has ``run`` among its columns and keeps runs apart.
    """

    name: str
    """Of its files, and of ``Run.figure``."""
    title: str
    """The question it answers; it ends with a question mark."""
    section: str
    """Of the page, one of :data:`SECTIONS`."""
    note: str
    """What is drawn, and what its intervals are."""
    sql: str
    count: str
    """SQL of one number: of how many observations the answer is made."""
    of: str
    """What those are, such as ``blocks``."""
    absent: str
    """What is said where there is nothing to draw: why, and what would make it appear."""
    drawing: Drawing
    whole_run: str = ""
    """Why it cannot be drawn of a window of simulated time; empty if it can, of the rows whose time is in it."""
    series: str = ""
    """The column that colours tell apart; empty if colours are free for the runs."""


def quantitative(field: str, title: str, **more: Json) -> Json:
    """Return the channel of a number."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def nominal(field: str, title: str | None, **more: Json) -> Json:
    """Return the channel of a name, in the order of the answer."""
    return {"field": field, "type": "nominal", "title": title, "sort": None, **more}


def coloured(field: str, title: str = "") -> Json:
    """Return the channel of colours, with the legend above the drawing."""
    return {"field": field, "type": "nominal", "title": title or None, "sort": None, "legend": {"orient": "top"}}


WIDTH = 430
HEIGHT = 220
_MOST_COLUMNS = 3

PALETTE: list[Json] = ["#2f6fb0", "#d9722e", "#3f9a5b", "#8a63b8", "#b9483f", "#7a7a7a"]

CONFIG: dict[str, Json] = {
    "background": "transparent",
    "aria": False,
    "font": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 14,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "gridColor": "#dddddd",
        "domainColor": "#999999",
        "tickColor": "#999999",
        "labelOverlap": True,
    },
    "axisXDiscrete": {"labelAngle": 0},
    "headerRow": {"labelAngle": 0, "labelOrient": "top", "labelAnchor": "start", "labelFontSize": 14},
    "legend": {"labelFontSize": 14, "titleFontSize": 14},
    "range": {"category": PALETTE},
    "bar": {"color": PALETTE[0]},
    "line": {"color": PALETTE[0], "strokeWidth": 2},
    "point": {"color": PALETTE[0], "filled": True, "size": 60},
    "rule": {"color": PALETTE[0]},
    "tick": {"color": PALETTE[1]},
}
"""Colours that tell apart on light and dark; a page replaces those of text and grid by its own."""


def specification(chart: Chart, rows: Sequence[Mapping[str, Json]], runs: int = 1) -> dict[str, Json]:
    """Return the whole Vega-Lite specification of a chart.

    Args:
        chart: The chart.
        rows: What its SQL has answered.
        runs: How many runs that is of; more than one are told apart by colour, or by columns where colour is taken.
    """
    spec: dict[str, Json] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": chart.title,
        "data": {"values": [dict(row) for row in rows]},
        "config": CONFIG,
    }
    if runs == 1:
        return {**spec, "width": WIDTH, "height": HEIGHT, **chart.drawing}
    if not chart.series:
        encoding = chart.drawing.get("encoding")
        shared = {**encoding, "color": coloured("run")} if isinstance(encoding, dict) else coloured("run")
        return {**spec, "width": WIDTH, "height": HEIGHT, **chart.drawing, "encoding": shared}
    columns = min(runs, _MOST_COLUMNS)
    inner: dict[str, Json] = {"width": WIDTH // columns, "height": HEIGHT, **chart.drawing}
    facet: Json = {"field": "run", "type": "nominal", "title": None, "sort": None}
    return {**spec, "facet": facet, "columns": columns, "spec": inner}
