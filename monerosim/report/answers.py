"""What charts come to: their SQL asked of runs, their drawings made, and both as files."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import vl_convert

from monerosim.report.charts import Chart, specification
from monerosim.rpc.transport import Json
from monerosim.tables.query import Database

Format: TypeAlias = Literal["svg", "png", "json", "csv"]

MOST_ROWS = 3000
"""Of a drawing: an answer that has more is thinned evenly, since it could neither be read nor be sent."""

_CLIP = re.compile(r'(id="|url\(#)(?=clip|gradient)')
_SIZE = re.compile(r'(<svg[^>]*?) width="[\d.]+" height="[\d.]+"')


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a chart comes to."""

    chart: Chart
    rows: Sequence[Mapping[str, Json]]
    count: int
    """Of how many observations it is made."""
    runs: int
    left_out: int = 0
    """Rows that were thinned out."""

    @property
    def specification(self) -> dict[str, Json]:
        """The Vega-Lite specification."""
        return specification(self.chart, self.rows, self.runs)

    def json(self) -> bytes:
        """Return the specification as JSON, its data included."""
        return msgspec.json.encode(self.specification)

    def csv(self) -> str:
        """Return the numbers that are drawn."""
        text = io.StringIO()
        if self.rows:
            writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        return text.getvalue()

    def svg(self) -> str:
        """Return the drawing; empty if there is nothing to draw."""
        if not self.rows:
            return ""
        return str(vl_convert.vegalite_to_svg(self.specification))

    def png(self) -> bytes:
        """Return the drawing on white, at twice its size; empty if there is nothing to draw."""
        if not self.rows:
            return b""
        return bytes(vl_convert.vegalite_to_png({**self.specification, "background": "white"}, scale=2))


class Drawn:
    """A chart as a notebook shows it: as Vega-Lite where that is known, else as SVG.

    ``specification`` is a dict that altair takes (``altair.Chart.from_dict``), ``rows`` what is drawn.
    """

    def __init__(self, made: Answer) -> None:
        self.answer = made
        self.specification = made.specification
        self.rows = made.rows

    def _repr_mimebundle_(self, **_: object) -> dict[str, Json]:
        if not self.rows:
            return {"text/plain": f"{self.answer.chart.title} {self.answer.chart.absent}"}
        return {
            "application/vnd.vegalite.v5+json": self.specification,
            "image/svg+xml": self.answer.svg(),
            "text/plain": self.answer.chart.title,
        }


def refusal(chart: Chart, runs: int = 1) -> Answer:
    """Return what stands in the place of a chart that a window of simulated time does not have."""
    return Answer(chart=msgspec.structs.replace(chart, absent=chart.whole_run), rows=[], count=0, runs=runs)


def answer(database: Database, chart: Chart, runs: int = 1) -> Answer:
    """Ask a chart's question.

    Raises:
        QueryError: It cannot be answered.
    """
    rows = [{key: _plain(value) for key, value in row.items()} for row in database.ask(chart.sql).to_pylist()]
    (counted,) = database.ask(chart.count).to_pylist()
    (count,) = counted.values()
    step = -(-len(rows) // MOST_ROWS) or 1
    return Answer(chart=chart, rows=rows[::step], count=count, runs=runs, left_out=len(rows) - len(rows[::step]))


def inline_svg(svg: str, name: str) -> str:
    """Prepare a drawing to stand in a page: as wide as its place, and its inner names its own."""
    return _SIZE.sub(r"\1", _CLIP.sub(rf"\g<1>{name}-", svg), count=1)


def write_figures(answers: Iterable[Answer], directory: Path, formats: Sequence[Format]) -> list[Path]:
    """Write charts as files; of one without anything to draw, nothing.

    Raises:
        OSError: They cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for one in answers:
        for form in formats if one.rows else ():
            path = directory / f"{one.chart.name}.{form}"
            made: str | bytes = getattr(one, form)()
            path.write_bytes(made if isinstance(made, bytes) else made.encode())
            written.append(path)
    return written


def _plain(value: object) -> Json:
    """Return a number or a text as JSON has it; seconds and shares need no more than nine digits."""
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if isinstance(value, int | str) or value is None else str(value)
