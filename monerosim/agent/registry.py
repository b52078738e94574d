"""Finding actors: by the entry points of the group ``monerosim.actors``, or in a scenario's files."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from inspect import signature
from typing import TYPE_CHECKING

from monerosim.events import EventError, check_event
from monerosim.events.event import hyphenated
from monerosim.plugins import OWN, PluginError, PluginFiles, Registry, check_config, names_file

if TYPE_CHECKING:
    from monerosim.agent.actor import Actor
    from monerosim.agent.behaviour import Behaviour

GROUP = "monerosim.actors"
"""The entry point group in which a package names its actors."""

SUPERVISOR = "supervisor"
"""The actor that every host begins with."""

ENGINE = "engine"
"""What stands where an actor's name would, of what an engine itself tells."""

HOST_ACTORS = (SUPERVISOR, "mailbox", "registrar", "node", "wallet")
"""The entry points of a host's own actors: no behaviours, so scenarios cannot use them."""

NEEDS = frozenset({"node", "wallet"})
"""What a behaviour may need of its participant."""


def behaviour_names() -> list[str]:
    """Return the names of all behaviours that are installed, in alphabetical order."""
    return [name for name in ACTORS.names() if name not in HOST_ACTORS]


def load_behaviour(name: str, files: PluginFiles | None = None) -> "type[Behaviour]":
    """Load a behaviour.

    Args:
        name: An entry point's name, or ``./FILE.py:CLASS``.
        files: Where files are.

    Raises:
        PluginError: There is no behaviour of this name, or its code cannot be imported or is no behaviour.
    """
    from monerosim.agent.behaviour import Behaviour  # noqa: PLC0415  (it imports this package)

    known = behaviour_names()
    if name in HOST_ACTORS:
        raise PluginError(f"{name!r} is one of a host's own actors, not a behaviour", given=name, valid=known)
    if not names_file(name) and name not in known:
        raise PluginError(f"unknown actor {name!r}; there are {', '.join(known)}", given=name, valid=known)
    found = ACTORS.load(name, files)
    if not issubclass(found, Behaviour):
        raise PluginError(f"the actor {name!r} is no Behaviour")
    return found


def load_actor(name: str) -> "type[Actor]":
    """Load an actor that is installed: one of a host's own (:data:`HOST_ACTORS`), or a behaviour.

    Raises:
        PluginError: There is none of this name, or it cannot be loaded.
    """
    return ACTORS.load(name)


def behaviours_with(role: str) -> "Iterator[tuple[str, type[Behaviour]]]":
    """Find the installed behaviours of a role, monerosim's own first, then in the order of their names.

    One that cannot be loaded is passed over.
    """
    from monerosim.agent.behaviour import Behaviour  # noqa: PLC0415  (it imports this package)

    for installed in sorted(ACTORS.installed(), key=lambda it: it.package != OWN):
        with suppress(PluginError):
            found = ACTORS.load_installed(installed)
            if issubclass(found, Behaviour) and found.role == role:
                yield installed.name, found


def actor_name(use: str) -> str:
    """Return what an actor is called: the name of its behaviour, or ``my-actor`` for a file's ``MyActor``."""
    if not names_file(use):
        return use
    name = use.rpartition(":")[2]
    return hyphenated(name) or "actor"


def _check(found: object) -> "type[Actor]":
    from monerosim.agent.actor import Actor  # noqa: PLC0415  (it imports this package)
    from monerosim.agent.behaviour import Behaviour  # noqa: PLC0415  (as above)

    if not (isinstance(found, type) and issubclass(found, Actor)):
        raise PluginError("is no Behaviour")
    if issubclass(found, Behaviour):
        _check_behaviour(found)
    return found


def _check_behaviour(found: "type[Behaviour]") -> None:
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


def _check_events(behaviour: "type[Behaviour]") -> None:
    for kind in behaviour.emits:
        try:
            check_event(kind)
        except EventError as error:
            raise PluginError(f'has "emits" in which {getattr(kind, "__name__", kind)} {error}') from error


ACTORS: "Registry[type[Actor]]" = Registry(GROUP, "actor", _check)
"""The actors that are installed: behaviours, and a host's own."""
