"""Descriptions of what is installed, for ``monerosim plugins`` and the reference."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from inspect import getdoc
from typing import Any, get_args, get_origin

import msgspec

from monerosim.agent.actor import Actor
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.condition_registry import INSTALLED_CONDITIONS
from monerosim.agent.conditions import Condition
from monerosim.agent.messages import EventLetter, Message
from monerosim.agent.registry import ACTORS, behaviour_names, load_behaviour
from monerosim.catalogue.fields import Field, default_of, describe_fields, sample
from monerosim.config import fields_of, schema_hook
from monerosim.engine import ENGINES, Engine
from monerosim.events import event_kinds, event_tag
from monerosim.plan.roles import FUNDER
from monerosim.plugins.errors import PluginError
from monerosim.plugins.files import PluginFiles, names_file
from monerosim.plugins.registry import Registry
from monerosim.rpc.transport import Json
from monerosim.rules import RULES, Rule
from monerosim.scenario.toml import write_value
from monerosim.topology.places import Topology
from monerosim.topology.registry import TOPOLOGIES
from monerosim.units import format_duration

REGISTRIES: Sequence[Registry[Any]] = (ACTORS, TOPOLOGIES, RULES, INSTALLED_CONDITIONS, ENGINES)
"""All kinds of plugins."""

COMMON_COMMANDS_HELP: Mapping[str, str] = {
    "pause": "Suspend: timers, letters and events wait, messages are still answered.",
    "resume": "Continue after a pause.",
    "stop": "Stop for good, until it is started again.",
    "start": "Start one that was stopped or given up, or is still to start.",
    "set": "Change settings; the arguments are keys of its configuration.",
}
"""The commands of every behaviour."""

_PATH = re.compile(r"(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
_RAISED = re.compile(r"^    (\w[\w.]*): (.*(?:\n {8}.*)*)", re.MULTILINE)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin in a line."""

    kind: str
    """``actor``, ``topology``, ``rule``, ``condition`` or ``engine``."""
    name: str
    package: str
    version: str
    target: str
    """``MODULE:ATTRIBUTE``."""
    summary: str = ""
    """The first line of its docstring."""
    error: str = ""
    """Why it cannot be used."""


class Entry(msgspec.Struct, frozen=True):
    """A message, a letter, a command or an event, and the first line of its docstring."""

    name: str
    summary: str
    arguments: tuple[Field, ...] = ()
    """Its fields."""
    returns: str = ""
    """The type of a message's answer, as Python writes it; empty if there is none."""
    raises: tuple[str, ...] = ()
    """What its handler raises: ``NAME: when``."""
    actors: tuple[str, ...] = ()
    """Of a command in the list of all: the behaviours that understand it."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin in full."""

    kind: str
    name: str
    target: str
    """``MODULE:ATTRIBUTE``, or the file and class."""
    text: str
    """Its docstring."""
    needs: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    """What ``kind = "NAME"`` gives a participant: ``node``, ``wallet``."""
    fields: tuple[Field, ...] = ()
    schema: Mapping[str, Json] = {}
    """The configuration's JSON Schema."""
    messages: tuple[Entry, ...] = ()
    letters: tuple[Entry, ...] = ()
    commands: tuple[Entry, ...] = ()
    events: tuple[Entry, ...] = ()
    example: str
    """TOML; Python for an actor of every host and for an event."""


def list_plugins() -> list[Listed]:
    """List everything that is installed, by kind and name. What cannot be loaded is there with the reason."""
    listed = []
    for registry in REGISTRIES:
        for plugin in registry.installed():
            summary = error = ""
            try:
                summary = first_line(registry.load_installed(plugin))
            except PluginError as problem:
                error = str(problem)
            listed.append(
                Listed(
                    kind=registry.what,
                    name=plugin.name,
                    package=plugin.package,
                    version=plugin.version,
                    target=plugin.target,
                    summary=summary,
                    error=error,
                )
            )
    return listed


def describe_plugin(name: str, files: PluginFiles) -> list[Description]:
    """Describe a plugin; several, if different kinds have one of this name.

    Args:
        name: As a scenario has it.
        files: Where files are.

    Raises:
        PluginError: There is none of this name, or it cannot be used.
    """
    if names_file(name):
        found = files.load(name)
        if isinstance(found, type) and issubclass(found, Topology):
            return [_topology(name, name, TOPOLOGIES.load(name, files))]
        if isinstance(found, type) and issubclass(found, Rule):
            return [_rule(name, name, RULES.load(name, files))]
        return [_behaviour(name, name, load_behaviour(name, files))]
    targets = {(registry.what, each.name): each.target for registry in REGISTRIES for each in registry.installed()}
    list(_behaviours())
    described = []
    if name in event_kinds():
        described.append(_event(name))
    for registry, describe in _describers():
        if name in registry.names():
            described.append(describe(name, targets[registry.what, name], registry.load(name)))
    if not described:
        valid = {*(it for _, it in targets), *event_kinds()}
        raise PluginError(f'nothing that is installed is called "{name}"', given=name, valid=valid)
    return described


def _describers() -> Iterator[tuple[Registry[Any], Callable[[str, str, Any], Description]]]:
    yield ACTORS, _actor
    yield TOPOLOGIES, _topology
    yield RULES, _rule
    yield INSTALLED_CONDITIONS, _condition
    yield ENGINES, _engine


def list_events() -> list[Entry]:
    """List all events by name, those of installed plugins among them."""
    list(_behaviours())
    return [_entry(tag, kind) for tag, kind in sorted(event_kinds().items())]


def list_commands() -> list[Entry]:
    """List all commands: those of every behaviour, then the others by name, each with its behaviours."""
    entries = [Entry(name, text) for name, text in COMMON_COMMANDS_HELP.items()]
    own: dict[tuple[str, type[Message[Any]]], list[str]] = {}
    for name, behaviour in _behaviours():
        for command, message in behaviour.commands.items():
            own.setdefault((command, message), []).append(name)
    others = sorted(own.items(), key=lambda item: (item[0][0], item[1]))
    return entries + [msgspec.structs.replace(_entry(name, kind), actors=tuple(by)) for (name, kind), by in others]


def _behaviours() -> Iterator[tuple[str, type[Behaviour]]]:
    """Load all behaviours that are installed, and with them their events; those that cannot be used are left out."""
    for name in behaviour_names():
        with suppress(PluginError):
            yield name, load_behaviour(name)


def first_line(documented: object) -> str:
    """Return the first line of a docstring, without the marks of literals."""
    return (getdoc(documented) or "").partition("\n")[0].replace("``", "")


def _entry(name: str, kind: type[msgspec.Struct]) -> Entry:
    """Describe a message, a letter, a command or an event."""
    _, _, raises = (getdoc(kind) or "").partition("Raises:\n")
    return Entry(
        name,
        first_line(kind),
        tuple(describe_fields(kind)),
        _answer(kind),
        tuple(f"{error}: {' '.join(when.split())}" for error, when in _RAISED.findall(raises)),
    )


def _answer(kind: type) -> str:
    """Return the type that a message's handler returns, without the names of modules."""
    for base in getattr(kind, "__orig_bases__", ()):
        if get_origin(base) is Message:
            (answer,) = get_args(base)
            if answer is not None and answer is not type(None):
                return _PATH.sub(
                    "", answer.__name__ if isinstance(answer, type) and not get_args(answer) else str(answer)
                )
    return ""


def _event(tag: str) -> Description:
    kind = event_kinds()[tag]
    return Description(
        kind="event",
        name=tag,
        target=f"{kind.__module__}:{kind.__name__}",
        text=getdoc(kind) or "",
        fields=tuple(describe_fields(kind)),
        example=f"self.on({kind.__name__}, self.on_event)\n",
    )


def _actor(name: str, target: str, actor: type[Actor]) -> Description:
    if issubclass(actor, Behaviour):
        return _behaviour(name, target, actor)
    return Description(
        kind=ACTORS.what,
        name=name,
        target=target,
        text=getdoc(actor) or "",
        messages=_messages(actor),
        letters=_letters(actor),
        example="# One of a host's own actors: a participant has it where it needs it.\n",
    )


def _messages(actor: type[Actor]) -> tuple[Entry, ...]:
    common = Behaviour.messages()
    return tuple(_entry(kind.__name__, kind) for kind in actor.messages() if kind not in common)


def _letters(actor: type[Actor]) -> tuple[Entry, ...]:
    return tuple(_entry(kind.kind, kind) for kind in actor.letters() if kind is not EventLetter)


def _behaviour(name: str, target: str, block: type[Behaviour]) -> Description:
    usual = {"node": block.default_node, "wallet": block.default_wallet}
    return Description(
        kind=ACTORS.what,
        name=name,
        target=target,
        text=getdoc(block) or "",
        needs=tuple(sorted(block.needs)),
        usual=tuple(sorted(need for need, there in usual.items() if there)),
        fields=tuple(
            msgspec.structs.replace(
                field, immutable=field.key.partition(".")[0].removesuffix("[]") in block.immutable_settings
            )
            for field in describe_fields(block.Config)
        ),
        schema=_schema(block.Config),
        letters=_letters(block),
        messages=_messages(block),
        commands=tuple(_entry(command, kind) for command, kind in block.commands.items()),
        events=tuple(Entry(event_tag(kind), first_line(kind)) for kind in block.emits),
        example="\n".join(_example(name, block, usual)) + "\n",
    )


def _example(name: str, block: type[Behaviour], usual: Mapping[str, bool]) -> Iterator[str]:
    if block.role == FUNDER:
        yield "# No participant's: it is added where there are initial balances."
        yield "[participants.example]"
        yield "node = {}"
        yield 'wallet = { initial_balance = "10 XMR" }'
        return
    yield "[participants.example]"
    yield f"kind = {write_value(name)}"
    # A wallet needs a node to ask.
    wanted = block.needs | ({"node"} if "wallet" in block.needs or block.default_wallet else set())
    yield from (f"{need} = {{}}" for need in sorted(wanted) if not usual[need])
    yield from (f"{key} = {write_value(value)}" for key, value in _values(block.Config).items())


def _topology(name: str, target: str, topology: type[Topology]) -> Description:
    common = set(Topology.__struct_fields__) - {"latency"}
    values = {"kind": name} | {
        key: value for key, value in _values(topology).items() if key not in common and value != {}
    }
    return Description(
        kind=TOPOLOGIES.what,
        name=name,
        target=target,
        text=getdoc(topology) or "",
        fields=tuple(describe_fields(topology)),
        schema=_schema(topology),
        example=f"[network]\ntopology = {write_value(values)}\n",
    )


def _rule(name: str, target: str, rule: type[Rule]) -> Description:
    return Description(
        kind=RULES.what,
        name=name,
        target=target,
        text=getdoc(rule) or "",
        fields=tuple(describe_fields(rule)),
        schema=_schema(rule),
        example=f"[rules]\nuse = {write_value({'kind': name, **_values(rule)})}\n",
    )


def _condition(name: str, target: str, condition: type[Condition]) -> Description:
    values = {"at": "1h", "do": name} | ({} if condition.for_all else {"who": "NAME"})
    needed = {key: value for key, value in _values(condition).items() if key != "who"}
    lines = [f"{key} = {write_value(value)}\n" for key, value in {**values, **needed}.items()]
    return Description(
        kind=INSTALLED_CONDITIONS.what,
        name=name,
        target=target,
        text=getdoc(condition) or "",
        fields=tuple(describe_fields(condition)),
        schema=_schema(condition),
        example=f"[[timeline]]\n{''.join(lines)}",
    )


def _engine(name: str, target: str, engine: Engine) -> Description:
    usual = engine.timings(hosts=1, nodes=1)
    programs = "Starts real programs" if engine.real_programs else "Starts no programs"
    starts = (
        f"Without times in the scenario, a wallet is started at {format_duration(usual.wallet_start)}, "
        f"an agent at {format_duration(usual.agent_start)}, a block controller's at "
        f"{format_duration(usual.controller_start)}; the bootstrap has a block every "
        f"{format_duration(usual.block_interval)} (with one node)."
    )
    return Description(
        kind=ENGINES.what,
        name=name,
        target=target,
        text=f"{getdoc(engine) or ''}\n\n{programs}. {starts}",
        example=f"[simulation]\nengine = {write_value(name)}\n",
    )


def _values(config: type[msgspec.Struct]) -> dict[str, Json]:
    """Fill in a configuration: the defaults, and something that fits where there is none."""
    values: dict[str, Json] = {}
    for field in fields_of(config):
        value = sample(field.type) if field.required else default_of(field)
        if value is not None:
            values[field.encode_name] = value
    return values


def _schema(config: type[msgspec.Struct]) -> dict[str, Json]:
    return msgspec.json.schema(config, schema_hook=schema_hook)
