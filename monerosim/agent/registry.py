"""Finding behaviours: by the entry points of the group ``monerosim.actors``, or in a scenario's files."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from inspect import signature
from typing import TYPE_CHECKING

from monerosim.plugins import OWN, PluginError, PluginFiles, Registry, check_config, names_file

if TYPE_CHECKING:
    from monerosim.agent.actor import Actor
    from monerosim.agent.behaviour import Behaviour

GROUP = "monerosim.actors"
"""The entry point group in which a package names its behaviours."""

SUPERVISORS = "monerosim.supervisors"
"""The entry point group of the actor that every host begins with."""

NEEDS = frozenset({"node", "wallet"})
"""What a behaviour may need of its participant."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def behaviour_names() -> list[str]:
    """Name all behaviours that are installed, in alphabetical order."""
    return ACTORS.names()


def load_behaviour(name: str, files: PluginFiles | None = None) -> "type[Behaviour]":
    """Load a behaviour.

    Args:
        name: An entry point's name, or ``./FILE.py:CLASS``.
        files: Where files are.

    Raises:
        PluginError: It is unknown, or its code cannot be imported or is no behaviour.
    """
    return ACTORS.load(name, files)


def behaviours_with(role: str) -> "Iterator[tuple[str, type[Behaviour]]]":
    """Find the installed behaviours of a role, monerosim's own first, then in the order of their names.

    One that cannot be loaded is passed over.
    """
    for installed in sorted(ACTORS.installed(), key=lambda it: it.package != OWN):
        with suppress(PluginError):
            behaviour = ACTORS.load_installed(installed)
            if behaviour.role == role:
                yield installed.name, behaviour


def actor_name(use: str) -> str:
    """Name an actor after its behaviour: by its own name, or a file's ``MyActor`` by ``my-actor``."""
    if not names_file(use):
        return use
    name = use.rpartition(":")[2]
    return "-".join(_WORD.findall(name)).lower() or "actor"


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
    try:
        signature(found.__init__).bind(found, "host", "name", "config")
    except TypeError as error:
        raise PluginError(f"cannot be made of a host, a name and a configuration: its __init__: {error}") from error
    return found


def _check_commands(behaviour: "type[Behaviour]") -> None:
    from monerosim.agent.messages import Message  # noqa: PLC0415  (as above)

    commands: object = behaviour.commands
    if not isinstance(commands, Mapping):
        raise PluginError('has "commands" that are no mapping')
    for name, kind in commands.items():
        if not (isinstance(name, str) and isinstance(kind, type) and issubclass(kind, Message)):
            raise PluginError(f'has "commands" in which {name!r} is no name of a Message')
        if kind not in behaviour.messages():
            raise PluginError(f"has the command {name!r} and does not handle its message {kind.__name__}")


ACTORS: "Registry[type[Behaviour]]" = Registry(GROUP, "actor", _check)
"""The behaviours that are installed."""
