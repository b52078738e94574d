"""How measured values are judged by expected ones: all points of a study together."""

import math
from collections.abc import Mapping, Sequence

import msgspec
from scipy import stats

from monerosim.ensemble.measures import interval_of
from monerosim.studies.study import Case, Label, Measures, Study, mean

LEAST_P = 0.001
"""A study is refused where chance makes deviations as large less often than this."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a study."""

    labels: dict[str, Label]
    observed: dict[str, float]
    n: int
    measured: float
    error: float
    """The standard error of the mean."""
    low: float
    high: float
    """The 95 % interval of the mean, by Student's t."""
    expected: float | None
    deviation: float | None
    """(measured - expected) / error, by Student's t, as the normal deviate that is as rare."""
    luck: float | None = None
    """Likewise of what is known to be right on average (:meth:`~monerosim.studies.study.Study.luck`)."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What all points say together."""

    points: int
    """Those that have an expected value."""
    degrees: int
    """How many deviations are added up: those of the points, and of their luck where they have any."""
    chi_square: float
    p: float

    @property
    def holds(self) -> bool:
        """Whether the measured values are those that are expected."""
        return self.p > LEAST_P


def judge_case(study: Study, point: Case, runs: Sequence[Measures]) -> Row:
    """Return what the runs of a case say, beside what is expected."""
    values, lucks = [study.measure(point, run) for run in runs], [study.luck(point, run) for run in runs]
    found, expected, error = interval_of(values), study.expected(point, runs), _standard_error(values)
    return Row(
        labels=point.labels,
        observed=dict(study.observed(point, runs)),
        n=found.n,
        measured=found.mean,
        error=error,
        low=found.low,
        high=found.high,
        expected=expected,
        deviation=None if expected is None else deviation_of(found.mean - expected, error, found.n),
        luck=deviation_of(mean(lucks), _standard_error(lucks), found.n),
    )


def _standard_error(values: Sequence[float]) -> float:
    middle = mean(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / max(len(values) - 1, 1) / len(values))


def deviation_of(difference: float, error: float, n: int) -> float | None:
    """Return a difference of a mean from its expectation as a normal deviate; None where it cannot be judged."""
    if n < 2 or not error:  # noqa: PLR2004  (one value has no standard error)
        return None
    return math.copysign(float(stats.norm.isf(stats.t.sf(abs(difference) / error, n - 1))), difference)


def judge(rows: Sequence[Row]) -> Verdict:
    """Judge all points that have an expected value together, by the sum of their squared deviations."""
    points = [row for row in rows if row.deviation is not None]
    deviations = [it for row in points for it in (row.deviation, row.luck) if it is not None]
    total = math.fsum(deviation**2 for deviation in deviations)
    p = float(stats.chi2.sf(total, len(deviations))) if deviations else math.nan
    return Verdict(points=len(points), degrees=len(deviations), chi_square=total, p=p)


def table(rows: Sequence[Row], measured: str) -> list[list[str]]:
    """Return the rows as texts, headings first."""
    names = [*rows[0].labels, *rows[0].observed] if rows else []
    head = [*names, "n", measured, "s.e.", "95 %", "expected", "deviation"]
    return [head, *(_texts(row) for row in rows)]


def _texts(row: Row) -> list[str]:
    labels = [value if isinstance(value, str) else f"{value:g}" for value in row.labels.values()]
    known = [f"{value:.4g}" for value in row.observed.values()]
    interval = f"{row.low:.4g} to {row.high:.4g}" if math.isfinite(row.low) else ""
    expected = "" if row.expected is None else f"{row.expected:.4g}"
    deviation = "" if row.deviation is None else f"{row.deviation:+.2f}"
    return [*labels, *known, str(row.n), f"{row.measured:.4g}", f"{row.error:.2g}", interval, expected, deviation]


def markdown(rows: Sequence[Row], measured: str) -> str:
    """Return the rows as a table in Markdown."""
    head, *body = table(rows, measured)
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def values_by(rows: Sequence[Row], names: Sequence[str]) -> Mapping[tuple[Label, ...], float]:
    """Return what was measured by the values of some labels."""
    return {tuple(row.labels[name] for name in names): row.measured for row in rows}
