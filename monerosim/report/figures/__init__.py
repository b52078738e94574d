"""The figures of a run. A module here is all that a further one takes.

It has a class derived from :class:`~monerosim.report.figure.Figure`, which makes what the console and the summary have,
or ``CHARTS``, what is drawn on the page of a report (:class:`~monerosim.report.charts.Chart`), or both.
"""

import inspect
import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

from monerosim.report.charts import Chart
from monerosim.report.figure import Figure


def _modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))


@cache
def all_charts() -> dict[str, Chart]:
    """Return all charts by their names."""
    return {chart.name: chart for module in _modules() for chart in getattr(module, "CHARTS", ())}


@cache
def all_figures() -> tuple[type[Figure[object]], ...]:
    """Return the classes of all figures, in the order in which they are shown."""
    found = [
        kind
        for module in _modules()
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, Figure) and kind.__module__ == module.__name__
    ]
    return tuple(sorted(found, key=lambda kind: (kind.position, kind.name)))
