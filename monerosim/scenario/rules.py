"""The rules that nodes go by in place of monerod's: which, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from monerosim.config import PARTICIPANT
from monerosim.engine import Engine
from monerosim.monero.fees import RING_SIZE
from monerosim.monero.versions import parse_version
from monerosim.plugins import PluginFiles
from monerosim.rules import RULES, FirstSeen, Rule
from monerosim.scenario.compose import Composition, owners_of_nodes
from monerosim.scenario.convert import Reader, quote
from monerosim.scenario.mentions import mentioned, who_is_missing
from monerosim.scenario.named import load_named
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario
from monerosim.units import format_duration

_USUAL: Path = ("rules", "use")


class RulePart(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, configured."""

    use: str
    """Its name, or its file and class."""
    rule: Rule
    path: Path
    """Where the scenario names it."""

    @property
    def is_monerods(self) -> bool:
        """Whether it is monerod's own rules."""
        return type(self.rule) is FirstSeen


class ReadRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of all nodes."""

    usual: tuple[RulePart, ...]
    """Of participants that have none of their own."""
    groups: Mapping[str, tuple[RulePart, ...]]
    """Of the others."""
    forks: tuple[tuple[RulePart, ...], ...]
    """From each hard fork on, in the order of the scenario."""

    @property
    def ring_size(self) -> int:
        """How many outputs have to be in the chain before anybody can pay, by the rule that wants most."""
        parts = [part for some in (self.usual, *self.groups.values(), *self.forks) for part in some]
        formats = [part.rule.format() for part in parts]
        return max([RING_SIZE, *(found.ring_size for found in formats if found is not None)])

    def of(self, group: str) -> tuple[RulePart, ...]:
        """Return the rules of a participant's node."""
        return self.groups.get(group, self.usual)


def read_rules(
    scenario: Scenario, composed: Mapping[str, Composition], files: PluginFiles, engine: Engine | None
) -> tuple[ReadRules, list[RawProblem]]:
    """Find the rules that a scenario names, configure and check them.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        files: Where its own files are.
        engine: The engine that plays it; None if there is none such.
    """
    findings: list[RawProblem] = []
    usual = _read(scenario.rules.use, _USUAL, files, findings)
    groups = {
        name: _read(composition.node.rules, ("participants", name, "node", "rules"), files, findings)
        for name, composition in composed.items()
        if isinstance(composition.node, Node) and composition.node.rules is not None
    }
    forks = tuple(
        _read(fork.use, ("rules", "hard_forks", index, "use"), files, findings)
        for index, fork in enumerate(scenario.rules.hard_forks)
    )
    for parts in (usual, *groups.values(), *forks):
        findings += _together(parts)
        for part in parts:
            findings += who_is_missing(scenario, composed, part.rule, part.path)
            findings += _without_node(scenario, composed, part)
    if engine is not None and engine.real_programs:
        own = [part for parts in (usual, *groups.values()) for part in parts if not part.is_monerods]
        findings += [_only_modelled(scenario, part) for part in own]
    if engine is not None and engine.real_programs:
        findings += _fixed(scenario, engine)
    else:
        findings += _forks_in_vain(scenario, composed)
    findings += _upgrades_in_vain(scenario, composed)
    return ReadRules(usual=usual, groups=groups, forks=forks), findings


def _upgrades_in_vain(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Find upgrades after the end."""
    duration = scenario.simulation.duration
    for name, composition in composed.items():
        upgrade = composition.node.upgrade if isinstance(composition.node, Node) else None
        if upgrade is not None and upgrade.at >= duration:
            path: Path = ("participants", name, "node", "upgrade", "at")
            message = f"comes at {format_duration(upgrade.at)}, but the run ends at {format_duration(duration)}"
            depends_on: tuple[Path, ...] = (("simulation", "duration"),)
            yield RawProblem(path=path, message=message, severity="warning", depends_on=depends_on)


def _forks_in_vain(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Find hard forks that no node knows of or that are two at a height."""
    nodes = [it.node for it in composed.values() if isinstance(it.node, Node)]
    named = [node.version or scenario.network.version for node in nodes]
    named += [node.upgrade.version for node in nodes if node.upgrade is not None]
    versions = set(map(parse_version, named))
    heights: dict[int, Path] = {}
    for index, fork in enumerate(scenario.rules.hard_forks):
        path: Path = ("rules", "hard_forks", index)
        if fork.height in heights:
            message = f"there is a hard fork at height {fork.height} already"
            yield RawProblem(path=(*path, "height"), message=message, depends_on=(heights[fork.height],))
        heights.setdefault(fork.height, (*path, "height"))
        if all(version < parse_version(fork.since) for version in versions):
            message = f"no node runs {fork.since} or later, so none knows of this hard fork"
            yield RawProblem(path=(*path, "since"), message=message, severity="warning")


def _fixed(scenario: Scenario, engine: Engine) -> Iterator[RawProblem]:
    """Find hard forks where nodes are real programs, and upgrades without a program."""
    name, depends_on = scenario.simulation.engine, (("simulation", "engine"),)
    hint = 'leave it out, or play the scenario on the engine "embedded"'
    for index in range(len(scenario.rules.hard_forks)):
        message = f'on the engine "{name}" the hard forks are those of regtest'
        path: Path = ("rules", "hard_forks", index)
        yield RawProblem(path=path, message=message, hint=hint, depends_on=depends_on)
    for group, participant in scenario.participants.items():
        if not isinstance(participant.node, Node) or participant.node.upgrade is None:
            continue
        path = ("participants", group, "node", "upgrade")
        if not engine.upgrades:
            message = f'on the engine "{name}" a node keeps its program: name another with binary'
            yield RawProblem(path=path, message=message, depends_on=depends_on)
        elif participant.node.upgrade.binary is None:
            message = f'on the engine "{name}" another version is another program: name it with binary'
            yield RawProblem(path=path, message=message, depends_on=(*depends_on, (*path, "binary")))


def _read(given: object, path: Path, files: PluginFiles, findings: list[RawProblem]) -> tuple[RulePart, ...]:
    listed = [(path, given)] if isinstance(given, str | Mapping) else []
    if isinstance(given, Sequence) and not isinstance(given, str):
        listed = [((*path, index), one) for index, one in enumerate(given)]
    parts = (_read_one(one, here, files, findings) for here, one in listed)
    return tuple(part for part in parts if part is not None)


def _read_one(given: object, path: Path, files: PluginFiles, findings: list[RawProblem]) -> RulePart | None:
    name, options, where = given, dict[str, object](), path
    if isinstance(given, Mapping):
        options = {str(key): value for key, value in given.items() if key != "kind"}
        name, where = given.get("kind"), (*path, "kind")
    kind = load_named(RULES, name, where, files, findings)
    if kind is None or not isinstance(name, str):
        return None
    reader = Reader()
    rule = reader.read(options, kind, path)
    findings += reader.findings
    return RulePart(use=name, rule=rule, path=path) if isinstance(rule, Rule) and not reader.findings else None


def _together(parts: Sequence[RulePart]) -> Iterator[RawProblem]:
    """Find rules that say both which chain is preferred: the second one would hardly ever be asked."""
    deciding = [part for part in parts if type(part.rule).prefers is not Rule.prefers]
    for part in deciding[1:]:
        message = f"{quote(deciding[0].use)} says already which chain a node prefers"
        yield RawProblem(path=part.path, message=message, depends_on=(deciding[0].path,))


def _without_node(scenario: Scenario, composed: Mapping[str, Composition], part: RulePart) -> Iterator[RawProblem]:
    """Find participants that a rule names and that have no node: rules are of nodes."""
    for path, name, _ in mentioned(part.rule, part.path, PARTICIPANT):
        if owners_of_nodes(scenario, composed, name) == []:
            depends_on = tuple(("participants", name, key) for key in ("kind", "node", "count"))
            yield RawProblem(path=path, message=f"{quote(name)} has no node of its own", depends_on=depends_on)


def _only_modelled(scenario: Scenario, part: RulePart) -> RawProblem:
    engine = scenario.simulation.engine
    message = f'on the engine "{engine}" nodes go by monerod\'s own rules, not by {quote(part.use)}'
    hint = 'leave it out, or play the scenario on the engine "embedded"'
    return RawProblem(path=part.path, message=message, hint=hint, depends_on=(("simulation", "engine"),))
