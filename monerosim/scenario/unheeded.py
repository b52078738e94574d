"""What a scenario asks for in vain: keys and flags that its engine does not heed."""

from collections.abc import Iterator, Mapping

import msgspec

from monerosim.config import field_default, fields_of
from monerosim.engine import Engine
from monerosim.plan.allowed_flags import MODELLED
from monerosim.plan.flags import flag_name
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario, Wallet


def unheeded_problems(scenario: Scenario, engine: Engine | None) -> list[RawProblem]:
    """Find values other than the defaults that the scenario's engine does not heed, and warn of each."""
    if engine is None:
        return []
    name = scenario.simulation.engine
    findings = [
        RawProblem(path=path, message=f"the engine {name} does not heed it: {reason}", severity="warning")
        for key, reason in engine.unheeded.items()
        for path in _set(scenario, tuple(key.split(".")), ())
    ]
    return [*findings, *_flags(scenario, engine)]


def _set(value: object, keys: Path, path: Path) -> Iterator[Path]:
    """List the values below a key, ``*`` for each of a mapping, that are not the defaults."""
    if keys and keys[0] == "*" and isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _set(inner, keys[1:], (*path, name))
    elif keys and isinstance(value, msgspec.Struct):
        for field in fields_of(type(value)):
            inner = getattr(value, field.name)
            if field.encode_name == keys[0] and inner != field_default(field):
                yield from _set(inner, keys[1:], (*path, field.encode_name))
    elif not keys and isinstance(value, msgspec.Struct):
        for field in fields_of(type(value)):
            yield from _set(value, (field.encode_name,), path)
    elif not keys:
        yield path


def _flags(scenario: Scenario, engine: Engine) -> Iterator[RawProblem]:
    """Find flags that an engine without programs does not heed."""
    if engine.real_programs:
        return
    name, nothing = scenario.simulation.engine, frozenset[str]()
    listed: list[tuple[Path, tuple[str, ...], frozenset[str]]] = [
        (("binaries", "monerod_flags"), scenario.binaries.monerod_flags, MODELLED),
        (("binaries", "wallet_flags"), scenario.binaries.wallet_flags, nothing),
    ]
    for group, participant in scenario.participants.items():
        path: Path = ("participants", group)
        if isinstance(participant.node, Node):
            listed.append(((*path, "node", "flags"), participant.node.flags, MODELLED))
        if isinstance(participant.wallet, Wallet):
            listed.append(((*path, "wallet", "flags"), participant.wallet.flags, nothing))
    for path, flags, heeded in listed:
        for index, flag in enumerate(flags):
            if flag_name(flag) not in heeded:
                here = (*path, index)
                message = f"the engine {name} does not heed {flag_name(flag)}: it starts no programs"
                yield RawProblem(path=here, message=message, severity="warning", depends_on=(here,))
