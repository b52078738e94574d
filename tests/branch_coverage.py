"""Which lines and branches the tests take, written into the directory that ``MONEROSIM_COVERAGE`` names.

Probes in the bytecode tell what is taken, and are removed once they have told, so tests take a fifth longer.
(coverage.py is called back at each line, since greenlets keep it from anything faster: tests take three times as long.)
"""

import json
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

from slipcover import Slipcover
from slipcover.importer import SlipcoverLoader

DIRECTORY = Path(os.environ["MONEROSIM_COVERAGE"])
PACKAGES = ("monerosim", "actors")
MEASURED = Slipcover(branch=True, source=[str(Path(__file__).parents[1] / name) for name in PACKAGES])


class Loader(SlipcoverLoader):
    """Slipcover's loader, with the method by which ``pkgutil.get_data`` reads a module's text."""

    def get_data(self, path):
        return self.orig_loader.get_data(path)


class Finder(MetaPathFinder):
    """Finds the modules that are measured."""

    def find_spec(self, name, path, target=None):
        found = PathFinder.find_spec(name, path, target) if name.partition(".")[0] in PACKAGES else None
        if found is not None and found.origin:
            found.loader = Loader(MEASURED, found.loader, found.origin)
        return found


sys.meta_path.insert(0, Finder())


def pytest_sessionfinish(session):
    # Whoever only hands out tests to others has taken no branches.
    if not getattr(session.config.option, "numprocesses", None):
        (DIRECTORY / f"{os.getpid()}.json").write_text(json.dumps(MEASURED.get_coverage()))
