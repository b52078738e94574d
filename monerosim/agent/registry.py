"""Finding actor building blocks: by the entry points of the group ``monerosim.actors``, or in a scenario's files."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from inspect import signature
from typing import TYPE_CHECKING

from monerosim.events import EventError, check_event
from monerosim.events.event import hyphenated
from monerosim.plugins import PluginError, PluginFiles, Registry, check_config, names_file

if TYPE_CHECKING:
    from monerosim.agent.actor import Actor
    from monerosim.agent.behaviour import Behaviour

GROUP = "monerosim.actors"
"""The entry point group in which a package names its building blocks."""

SUPERVISORS = "monerosim.supervisors"
"""The entry point group of the actor that every host begins with."""

NEEDS = frozenset({"node", "wallet"})
"""What a building block may need of its participant."""


def behaviour_names() -> list[str]:
    """Name all building blocks that are installed, in alphabetical order."""
    return ACTORS.names()


def load_behaviour(name: str, files: PluginFiles | None = None) -> "type[Behaviour]":
    """Load a building block.

    Args:
        name: An entry point's name, or ``./FILE.py:CLASS``.
        files: Where files are.

    Raises:
        PluginError: Nobody is called so, or its code cannot be imported or is no behaviour.
    """
    return ACTORS.load(name, files)


def actor_name(use: str) -> str:
    """Call an actor after its building block: by its own name, or a file's ``MyActor`` by ``my-actor``."""
    if not names_file(use):
        return use
    name = use.rpartition(":")[2]
    return hyphenated(name) or "actor"


def load_supervisor() -> "type[Actor]":
    """Load the actor that every host begins with.

    Raises:
        PluginError: It cannot be loaded.
    """
    for entry in entry_points(group=SUPERVISORS, name="default"):
        supervisor: type[Actor] = entry.load()
        return supervisor
    raise PluginError(f"no package provides the entry point 'default' in {SUPERVISORS}: is monerosim installed?")


def _check(found: object) -> "type[Behaviour]":
    from monerosim.agent.behaviour import Behaviour  # noqa: PLC0415  (actors import this package)

    if not (isinstance(found, type) and issubclass(found, Behaviour)):
        raise PluginError("is no Behaviour")
    check_config(found.Config, "a Config")
    needs: object = found.needs
    if not (isinstance(needs, frozenset | set) and needs <= NEEDS):
        raise PluginError('has "needs" that are not among "node" and "wallet"')
    _check_commands(found)
    _check_events(found)
    try:
        signature(found.__init__).bind(found, "host", "name", "config")
    except TypeError as error:
        raise PluginError(f"cannot be made of a host, a name and a configuration: its __init__: {error}") from error
    return found


def _check_commands(block: "type[Behaviour]") -> None:
    from monerosim.agent.messages import Message  # noqa: PLC0415  (as above)

    commands: object = block.commands
    if not isinstance(commands, Mapping):
        raise PluginError('has "commands" that are no mapping')
    for name, kind in commands.items():
        if not (isinstance(name, str) and isinstance(kind, type) and issubclass(kind, Message)):
            raise PluginError(f'has "commands" in which {name!r} is no name of a Message')
        if kind not in block.messages():
            raise PluginError(f"has the command {name!r} and does not handle its message {kind.__name__}")


def _check_events(block: "type[Behaviour]") -> None:
    for kind in block.emits:
        try:
            check_event(kind)
        except EventError as error:
            raise PluginError(f'has "emits" in which {getattr(kind, "__name__", kind)} {error}') from error


ACTORS: "Registry[type[Behaviour]]" = Registry(GROUP, "actor", _check)
"""The building blocks that are installed."""
