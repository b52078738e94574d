"""Finding actor building blocks: the entry points of the group ``monerosim.actors``."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monerosim.runtime.actor import Actor, Behaviour

GROUP = "monerosim.actors"
"""The entry point group in which a package names its building blocks."""

SUPERVISORS = "monerosim.supervisors"
"""The entry point group of the actor that every host begins with."""


class BlockError(Exception):
    """A building block cannot be had."""


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def block_names() -> list[str]:
    """Name all building blocks that are installed, in alphabetical order."""
    return sorted(_entries())


def load_block(name: str) -> "type[Behaviour]":
    """Load the building block ``name``.

    Raises:
        BlockError: Nobody is called so, or its code cannot be imported or is no behaviour.
    """
    from monerosim.runtime.actor import Behaviour  # noqa: PLC0415  (actors import this package)

    entry = _entries().get(name)
    if entry is None:
        raise BlockError(f"there is no actor {name!r}; there are {', '.join(block_names())}")
    try:
        block = entry.load()
    except Exception as error:
        raise BlockError(f"the actor {name!r} ({entry.value}) cannot be loaded: {error}") from error
    if not (isinstance(block, type) and issubclass(block, Behaviour)):
        raise BlockError(f"the actor {name!r} ({entry.value}) is no Behaviour")
    return block


def load_supervisor() -> "type[Actor]":
    """Load the actor that every host begins with.

    Raises:
        BlockError: It cannot be loaded.
    """
    for entry in entry_points(group=SUPERVISORS, name="default"):
        supervisor: type[Actor] = entry.load()
        return supervisor
    raise BlockError(f"no package provides the entry point 'default' in {SUPERVISORS}: is monerosim installed?")
