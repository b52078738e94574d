"""The JSON Schema of scenarios, generated from the code: the tables, and the behaviours that are installed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from inspect import getdoc
from typing import Any, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import NODEFAULT

from monerosim.agent.commands import COMMON_COMMANDS
from monerosim.agent.registry import behaviour_names, load_behaviour
from monerosim.config import encode_hook, field_default, fields_of, schema_hook
from monerosim.engine import engine_names
from monerosim.plugins import FILE_PATTERN, PluginError
from monerosim.rpc.transport import Json
from monerosim.rules import load_rule, rule_names
from monerosim.scenario.names import NAME_PATTERN
from monerosim.scenario.tables import Participant, Scenario
from monerosim.topology import load_topology, topology_names

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that editors' TOML extensions know."""

T = TypeVar("T")

_Schema: TypeAlias = dict[str, Any]


def scenario_schema() -> dict[str, Json]:
    """Describe what a scenario file may say. What is installed and cannot be loaded is left out."""
    blocks = _usable(behaviour_names(), load_behaviour)
    shapes = _usable(topology_names(), load_topology)
    rules = _usable(rule_names(), load_rule)
    configs_of = (block.Config for block in blocks.values())
    roots: list[type[msgspec.Struct]] = [Scenario, *configs_of, *shapes.values(), *rules.values()]
    kinds = list(dict.fromkeys(kind for root in roots for kind in _structs(root)))
    references, parts = msgspec.json.schema_components(
        kinds, schema_hook=schema_hook, ref_template="#/definitions/{name}"
    )
    names = [reference["$ref"].rpartition("/")[2] for reference in references]
    tables = {kind: _complete(kind, parts[name]) for kind, name in zip(kinds, names, strict=True)}
    of = dict(zip(kinds, names, strict=True))

    configs = {name: tables[block.Config] for name, block in blocks.items()}
    topologies = {name: tables[topology] for name, topology in shapes.items()}
    definitions: dict[str, _Schema] = {of[kind]: table for kind, table in tables.items()}
    actors = [_block(name, "use", configs[name], getdoc(block)) for name, block in blocks.items()]
    definitions["Actor"] = {"anyOf": [*actors, _file("use")]}
    definitions[of[Participant]] = _participant(tables[Participant], configs)
    network: _Schema = definitions["Network"]["properties"]["topology"]
    for table in topologies.values():
        table["properties"]["bandwidth"] = definitions["Network"]["properties"]["bandwidth"]
    tabled = [_block(name, "kind", table, table.get("description")) for name, table in topologies.items()]
    definitions["Network"]["properties"]["topology"] = {
        "description": network["description"],
        "anyOf": [{"enum": list(topologies)}, {"type": "string", "pattern": FILE_PATTERN}, *tabled, _file("kind")],
        "default": network["default"],
    }
    named = [{"enum": list(rules)}, {"type": "string", "pattern": FILE_PATTERN}]
    own = [_block(name, "kind", tables[rule], getdoc(rule)) for name, rule in rules.items()]
    definitions["Rule"] = {"anyOf": [*named, *own, _file("kind")]}
    one: _Schema = {"$ref": "#/definitions/Rule"}
    for place, key in (("Rules", "use"), ("HardFork", "use"), ("Node", "rules")):
        definitions[place]["properties"][key]["anyOf"] = [one, {"type": "array", "items": one}]
    definitions["Simulation"]["properties"]["engine"]["enum"] = engine_names()
    # Which keys a command has depends on it and on whom it is for.
    del definitions["TimelineEntry"]["additionalProperties"]
    known = dict.fromkeys((*COMMON_COMMANDS, *(name for block in blocks.values() for name in block.commands)))
    definitions["TimelineEntry"]["properties"]["do"]["examples"] = list(known)
    definitions["Scenario"]["properties"]["participants"]["propertyNames"] = {"pattern": f"^{NAME_PATTERN}$"}
    # What was copied into the actors, the participants and the topologies is not referred to any more.
    copied = {of[root] for root in roots} - {of[Scenario]}
    kept: dict[str, Json] = {name: part for name, part in definitions.items() if name not in copied}
    return {
        "$schema": DRAFT,
        "title": "monerosim scenario",
        "$ref": f"#/definitions/{of[Scenario]}",
        "definitions": kept,
    }


def _usable(names: Iterable[str], load: Callable[[str], T]) -> dict[str, T]:
    found = {}
    for name in names:
        with suppress(PluginError):
            found[name] = load(name)
    return found


def _structs(kind: object) -> Iterator[type[msgspec.Struct]]:
    """List a structure and those in its fields."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
        for field in fields_of(kind):
            yield from _structs(field.type)
    for part in get_args(kind):
        yield from _structs(part)


def _complete(kind: type[msgspec.Struct], table: _Schema) -> _Schema:
    """Add the defaults that are made by functions, and leave out null, which TOML does not have."""
    properties: dict[str, _Schema] = {}
    for field in fields_of(kind):
        described = dict(table["properties"][field.encode_name])
        choices = [choice for choice in described.get("anyOf", []) if choice != {"type": "null"}]
        if choices:
            described["anyOf"] = choices
        default = field_default(field)
        described.pop("default", None)
        if default is not NODEFAULT and default is not None:
            described["default"] = msgspec.to_builtins(default, enc_hook=encode_hook)
        properties[field.encode_name] = described
    return {**table, "properties": properties}


def _block(name: str, key: str, table: _Schema, description: str | None) -> _Schema:
    """Describe a table that names what it configures under ``key``."""
    named = {"const": name, "description": (description or "").partition("\n")[0]}
    return {
        "type": "object",
        "title": name,
        "properties": {key: named, **table["properties"]},
        "required": [key, *table.get("required", [])],
        "additionalProperties": False,
    }


def _file(key: str) -> _Schema:
    """Describe a table that names a class in a file of the scenario's own; what else it has, that class knows."""
    named = {"type": "string", "pattern": FILE_PATTERN, "description": "A file below the scenario's directory."}
    return {"type": "object", "title": "./FILE.py:CLASS", "properties": {key: named}, "required": [key]}


def _participant(table: _Schema, configs: dict[str, _Schema]) -> _Schema:
    """Describe a participant: composed freely, or by the kind of one of the behaviours."""
    own = {key: value for key, value in table["properties"].items() if key not in {"kind", "settings"}}
    own["actors"] = {**own["actors"], "items": {"$ref": "#/definitions/Actor"}}
    free = {"type": "object", "title": "composed", "properties": own, "additionalProperties": False}
    kinds = []
    for name, config in configs.items():
        kind = {**table["properties"]["kind"], "const": name}
        kinds.append(
            {
                "type": "object",
                "title": name,
                "properties": {"kind": kind, **config["properties"], **own},
                "required": ["kind", *(key for key in config.get("required", []) if key not in own)],
                "additionalProperties": False,
            }
        )
    file = _file("kind")
    file["properties"] |= own
    return {"description": table.get("description", ""), "anyOf": [free, *kinds, file]}
