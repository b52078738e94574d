"""Public names of a package, each imported when it is first used.

The package's ``__init__`` imports its names under ``TYPE_CHECKING`` alone, so that mypy and editors know them; what is
imported at run time is read from the same lines. (The package ``lazy_loader`` does this with a ``.pyi`` file, which
every agent's process would parse when it starts.)
"""

import ast
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module


@cache
def public_names(package: str) -> Mapping[str, str]:
    """Return the public names of a package, each with the module that has it: its imports ``NAME as NAME``."""
    source = pkgutil.get_data(package, "__init__.py") or b""
    return {
        alias.name: node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }


def import_name(package: str, name: str) -> object:
    """Import a public name of a package; ``__all__`` is the list of them.

    Raises:
        AttributeError: The package has no such name.
    """
    names = public_names(package)
    if name == "__all__":
        return list(names)
    if name not in names:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    return getattr(import_module(names[name]), name)
