"""A study as a drawing: what was measured, with its intervals, beside what is expected."""

from collections.abc import Sequence

from monerosim.report.answers import Answer
from monerosim.report.charts import Chart, coloured, quantitative
from monerosim.rpc.transport import Json
from monerosim.studies.judgement import Row
from monerosim.studies.study import Study


def draw(study: Study, rows: Sequence[Row]) -> str:
    """Return the drawing as SVG: dots with 95 % intervals, and lines through the expected values."""
    plain: list[dict[str, Json]] = [
        {
            "x": row.labels[study.axis],
            "others": ", ".join(f"{name} {value}" for name, value in row.labels.items() if name != study.axis),
            "measured": row.measured,
            "low": row.low if row.n > 1 else row.measured,
            "high": row.high if row.n > 1 else row.measured,
            "expected": row.expected,
        }
        for row in rows
    ]
    shared: dict[str, Json] = {"x": quantitative("x", study.axis, scale={"zero": False}), "color": coloured("others")}

    def vertical(field: str) -> Json:
        return quantitative(field, study.measure_name, scale={"zero": False})

    chart = Chart(
        name=f"study-{study.name}",
        title=study.question,
        section="Participants",
        note=f"Dots: measured, with 95 % intervals. Lines: {study.source}.",
        sql="",
        count="",
        of="points",
        absent="there are no runs",
        drawing={
            "layer": [
                {"mark": "point", "encoding": {**shared, "y": vertical("measured")}},
                {"mark": "rule", "encoding": {**shared, "y": vertical("low"), "y2": {"field": "high"}}},
                {
                    "transform": [{"filter": "isValid(datum.expected)"}],
                    "mark": {"type": "line", "opacity": 0.6},
                    "encoding": {**shared, "y": vertical("expected")},
                },
            ]
        },
    )
    return Answer(chart=chart, rows=plain, count=len(plain), runs=1).svg()
