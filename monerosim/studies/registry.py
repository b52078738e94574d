"""All studies by their names."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module

from monerosim.studies import all as everything
from monerosim.studies.study import Study


@cache
def all_studies() -> dict[str, Study]:
    """Return all studies, in the order of their names."""
    found = {}
    for module in pkgutil.iter_modules(everything.__path__):
        loaded = import_module(f"{everything.__name__}.{module.name}")
        for kind in vars(loaded).values():
            if inspect.isclass(kind) and issubclass(kind, Study) and kind.__module__ == loaded.__name__:
                found[kind.name] = kind()
    return dict(sorted(found.items()))
