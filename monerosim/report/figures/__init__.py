"""The figures of a run, one a module. A module here with a :class:`~monerosim.report.figure.Figure` is all it takes."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module

from monerosim.report.figure import Figure


@cache
def all_figures() -> tuple[type[Figure[object]], ...]:
    """Return the classes of all figures, in the order in which they are shown."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found = [
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, Figure) and kind.__module__ == module.__name__
    ]
    return tuple(sorted(found, key=lambda kind: (kind.position, kind.name)))
