"""What there is to know of a plugin, for ``monerosim plugins``."""

import json
from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any

import msgspec

from monerosim.agent.actor import Actor
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import EventLetter
from monerosim.agent.registry import ACTORS, load_behaviour
from monerosim.catalogue.fields import Field, default_of, describe_fields, sample
from monerosim.config import schema_hook
from monerosim.engine import ENGINES, Engine
from monerosim.events import event_tag
from monerosim.plugins.errors import PluginError
from monerosim.plugins.files import PluginFiles, names_file
from monerosim.plugins.registry import Registry
from monerosim.rpc.transport import Json
from monerosim.topology.places import Topology
from monerosim.topology.registry import TOPOLOGIES
from monerosim.units import format_duration

REGISTRIES: Sequence[Registry[Any]] = (ACTORS, TOPOLOGIES, ENGINES)
"""All kinds of plugins."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin in a line."""

    kind: str
    """``actor``, ``topology`` or ``engine``."""
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
    """A message, a command or an event, and the first line of its docstring."""

    name: str
    summary: str
    arguments: tuple[Field, ...] = ()
    """What a command can be told beside."""


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
    """TOML."""


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
        return [_behaviour(name, name, load_behaviour(name, files))]
    targets = {(registry.what, each.name): each.target for registry in REGISTRIES for each in registry.installed()}
    described = []
    if name in ACTORS.names():
        described.append(_actor(name, targets[ACTORS.what, name], ACTORS.load(name)))
    if name in TOPOLOGIES.names():
        described.append(_topology(name, targets[TOPOLOGIES.what, name], TOPOLOGIES.load(name)))
    if name in ENGINES.names():
        described.append(_engine(name, targets[ENGINES.what, name], ENGINES.load(name)))
    if not described:
        raise PluginError(f'nothing that is installed is called "{name}"', given=name, valid={it for _, it in targets})
    return described


def first_line(documented: object) -> str:
    """Give the first line of a docstring."""
    return (getdoc(documented) or "").partition("\n")[0]


def _actor(name: str, target: str, actor: type[Actor]) -> Description:
    if issubclass(actor, Behaviour):
        return _behaviour(name, target, actor)
    return Description(
        kind=ACTORS.what,
        name=name,
        target=target,
        text=getdoc(actor) or "",
        messages=_messages(actor, Actor),
        letters=_letters(actor),
        example="# One of a host's own actors: a participant has it where it needs it.\n",
    )


def _messages(actor: type[Actor], base: type[Actor]) -> tuple[Entry, ...]:
    common = base.messages()
    return tuple(Entry(kind.__name__, first_line(kind)) for kind in actor.messages() if kind not in common)


def _letters(actor: type[Actor]) -> tuple[Entry, ...]:
    return tuple(Entry(kind.kind, first_line(kind)) for kind in actor.letters() if kind is not EventLetter)


def _behaviour(name: str, target: str, block: type[Behaviour]) -> Description:
    usual = {"node": block.default_node, "wallet": block.default_wallet}
    lines = ["[participants.example]", f"kind = {_toml(name)}"]
    # A wallet needs a node to ask.
    wanted = block.needs | ({"node"} if "wallet" in block.needs or block.default_wallet else set())
    lines += [f"{need} = {{}}" for need in sorted(wanted) if not usual[need]]
    lines += [f"{key} = {_toml(value)}" for key, value in _values(block.Config).items()]
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
        messages=_messages(block, Behaviour),
        commands=tuple(
            Entry(command, first_line(kind), tuple(describe_fields(kind))) for command, kind in block.commands.items()
        ),
        events=tuple(Entry(event_tag(kind), first_line(kind)) for kind in block.emits),
        example="\n".join(lines) + "\n",
    )


def _topology(name: str, target: str, topology: type[Topology]) -> Description:
    common = set(Topology.__struct_fields__) - {"latency"}
    values = {"kind": name} | {key: value for key, value in _values(topology).items() if key not in common}
    return Description(
        kind=TOPOLOGIES.what,
        name=name,
        target=target,
        text=getdoc(topology) or "",
        fields=tuple(describe_fields(topology)),
        schema=_schema(topology),
        example=f"[network]\ntopology = {_toml(values)}\n",
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
        example=f"[simulation]\nengine = {_toml(name)}\n",
    )


def _values(config: type[msgspec.Struct]) -> dict[str, Json]:
    """Fill in a configuration: the defaults, and something that fits where there is none."""
    values: dict[str, Json] = {}
    for field in msgspec.structs.fields(config):
        value = sample(field.type) if field.required else default_of(field)
        if value is not None:
            values[field.encode_name] = value
    return values


def _schema(config: type[msgspec.Struct]) -> dict[str, Json]:
    return msgspec.json.schema(config, schema_hook=schema_hook)


def _toml(value: Json) -> str:
    """Write a value on one line. JSON's texts, numbers and arrays are TOML's too, its tables are not."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
