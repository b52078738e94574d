"""A measure of a sweep against a key that varies: a dot for each run, means with their intervals."""

from collections.abc import Iterator, Mapping, Sequence

from monerosim.ensemble.design import DesignError, Point, plain_column, plain_value
from monerosim.ensemble.measures import interval_of
from monerosim.report.answers import Answer, Drawn
from monerosim.report.charts import Chart, coloured, nominal, quantitative
from monerosim.rpc.transport import Json
from monerosim.units import SECOND, parse_duration


def draw(measure: str, values: Sequence[tuple[Point, dict[int, float]]], key: str) -> Drawn:
    """Draw a measure against a key; other keys that vary are told apart by colour.

    Args:
        measure: The measure's name.
        values: Its values by point and seed.
        key: The key of the horizontal axis.

    Raises:
        DesignError: The key does not vary.
    """
    keys = tuple(dict.fromkeys(name for point, _ in values for name in point.values))
    if key not in keys:
        raise DesignError(f"{key} does not vary; there is {', '.join(keys) or 'no key that does'}")
    places, unit = _places([point.values[key] for point, _ in values])
    rows = list(_rows(values, places, key))
    numeric = all(isinstance(place, int | float) for place in places)
    title = f"{key} (s)" if unit else key
    x = quantitative("x", title, scale={"zero": False}) if numeric else nominal("x", title)
    count = sum(len(known) for _, known in values)
    chart = Chart(
        name=f"sweep-{measure}",
        title=f"How does {measure} depend on {key}?",
        section="Participants",
        note="A dot for each run; means with their 95 % intervals (Student's t).",
        sql="",
        count="",
        of="runs",
        absent="there are no runs",
        drawing={"layer": list(_layers(x, measure, several=len(keys) > 1))},
    )
    return Drawn(Answer(chart=chart, rows=rows, count=count, runs=1))


def describe(values: Mapping[str, str]) -> str:
    """Write the values of keys for a legend: with the ends of the keys' names, which is what tells them apart."""
    return ", ".join(f"{name.rpartition('.')[2]} = {plain_value(value)}" for name, value in values.items())


def _layers(x: Json, measure: str, *, several: bool) -> Iterator[Json]:
    shared: dict[str, Json] = {"x": x}
    if several:
        shared["color"] = coloured("others")
    y = quantitative("value", measure, scale={"zero": False})
    runs: Json = [{"filter": "datum.kind == 'run'"}]
    means: Json = [{"filter": "datum.kind == 'mean'"}]
    yield {"transform": runs, "mark": {"type": "point", "opacity": 0.35}, "encoding": {**shared, "y": y}}
    yield {"transform": means, "mark": {"type": "line", "point": True}, "encoding": {**shared, "y": y}}
    yield {
        "transform": [*means, {"filter": "isValid(datum.low)"}] if isinstance(means, list) else means,
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {**shared, "y": quantitative("low", measure), "y2": {"field": "high"}},
    }


def _rows(
    values: Sequence[tuple[Point, dict[int, float]]], places: Sequence[Json], key: str
) -> Iterator[dict[str, Json]]:
    for (point, known), place in zip(values, places, strict=True):
        others = describe({name: value for name, value in point.values.items() if name != key})
        for seed, value in known.items():
            yield {"kind": "run", "x": place, "others": others, "seed": seed, "value": float(value)}
        found = interval_of(list(known.values()))
        ends: dict[str, Json] = {"low": found.low, "high": found.high} if found.n > 1 else {}
        yield {"kind": "mean", "x": place, "others": others, "value": found.mean, "n": found.n, **ends}


def _places(texts: Sequence[str]) -> tuple[list[Json], bool]:
    """Return the values of a key as numbers if all are, durations as seconds; and whether they are durations."""
    values = plain_column(texts)
    try:
        return [parse_duration(value) / SECOND for value in values if isinstance(value, str)] or _numbers(values), (
            isinstance(values[0], str)
        )
    except ValueError:
        return [str(value) for value in values], False


def _numbers(values: Sequence[object]) -> list[Json]:
    return [value for value in values if isinstance(value, int | float)]
