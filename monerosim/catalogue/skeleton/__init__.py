"""The files that ``monerosim new-actor`` writes."""

import keyword
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from monerosim.agent.registry import HOST_ACTORS, behaviour_names

_NAME = re.compile(r"[a-z][a-z0-9]+(?:-[a-z][a-z0-9]+)*")
_LONGEST_NAME = 40


class SkeletonError(Exception):
    """An actor cannot be written; the message is for the user."""


def check_name(name: str) -> None:
    """Check that an actor, and a Python module, can be called so.

    Raises:
        SkeletonError: It cannot.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        hint = 'words of two or more of a-z and 0-9, with "-" between them, such as "price-watcher"'
        raise SkeletonError(f'"{name}" is no name for an actor: {hint}, at most {_LONGEST_NAME} characters')
    if name in HOST_ACTORS:
        raise SkeletonError(f'every participant has an actor "{name}" already')
    if name in behaviour_names():
        raise SkeletonError(f'there is an actor "{name}" already: see `monerosim plugins {name}`')
    module = module_of(name)
    if keyword.iskeyword(module):
        raise SkeletonError(f'"{module}" is a word of Python, so it cannot name a module')


def write_skeleton(name: str, directory: Path) -> list[Path]:
    """Write an actor, a scenario to try it in, and its test.

    Args:
        name: Such as ``price-watcher``.
        directory: Where; made if it is not there.

    Returns:
        The actor's file, the scenario and the test.

    Raises:
        SkeletonError: The name cannot be used, one of the files is there, or writing fails.
    """
    check_name(name)
    module = module_of(name)
    written = {
        directory / f"{module}.py": "actor.txt",
        directory / f"{module}.toml": "scenario.txt",
        directory / f"test_{module}.py": "test.txt",
    }
    there = [str(path) for path in written if path.exists()]
    if there:
        raise SkeletonError(f"{there[0]} is there already and is left alone")
    if find_spec(module) is not None:
        raise SkeletonError(f'Python has a module "{module}" already, which {module}.py would hide')
    values = {"name": name, "module": module, "class_name": class_of(name)}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, template in written.items():
            text = Template((files(__name__) / template).read_text(encoding="utf-8")).substitute(values)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise SkeletonError(f"{error.filename or directory} cannot be written: {error.strerror}") from error
    return list(written)


def module_of(name: str) -> str:
    """Name the module of an actor."""
    return name.replace("-", "_")


def class_of(name: str) -> str:
    """Name the class of an actor."""
    return "".join(word.capitalize() for word in name.split("-"))
