"""Plugins that a scenario names in the place of a built-in part, such as a topology or a rule."""

from typing import TypeVar

from monerosim.plugins import PluginError, PluginFiles, Registry, names_file
from monerosim.scenario.convert import nearest, quote, show
from monerosim.scenario.problems import Path, RawProblem

T = TypeVar("T")


def load_named(
    registry: Registry[T], name: object, path: Path, files: PluginFiles | None, findings: list[RawProblem]
) -> T | None:
    """Load what a scenario names.

    Args:
        registry: Where plugins of its kind are.
        name: What stands there: a name, or a file and its class, if it is right.
        path: Where it stands.
        files: The scenario's own files.
        findings: Gets what is wrong with it.

    Returns:
        None if it cannot be had.
    """
    known = registry.names()
    if not isinstance(name, str):
        message = f'needs kind = "NAME", got {show(name)}'
        findings.append(RawProblem(path=path, message=message, hint=nearest("", known), unreadable=(path,)))
    elif not names_file(name) and name not in known:
        message = f"unknown {registry.what} {quote(name)}"
        findings.append(RawProblem(path=path, message=message, hint=nearest(name, known), unreadable=(path,)))
    else:
        try:
            return registry.load(name, files)
        except PluginError as error:
            hint = nearest(error.given, error.valid)
            findings.append(RawProblem(path=path, message=str(error), hint=hint, unreadable=(path,)))
    return None
