"""The rules that nodes go by in place of monerod's: which, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from monerosim.config import PARTICIPANT
from monerosim.engine import Engine
from monerosim.plugins import PluginError, PluginFiles, names_file
from monerosim.rules import FirstSeen, Rule, load_rule, rule_names
from monerosim.scenario.compose import Composition, owners_of_nodes
from monerosim.scenario.convert import Reader, nearest, quote, show
from monerosim.scenario.mentions import mentioned, who_is_missing
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario

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
    for parts in (usual, *groups.values()):
        findings += _together(parts)
        for part in parts:
            findings += who_is_missing(scenario, composed, part.rule, part.path)
            findings += _without_node(scenario, composed, part)
            if engine is not None and engine.real_programs and not part.is_monerods:
                findings.append(_only_modelled(scenario, part))
    return ReadRules(usual=usual, groups=groups), findings


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
    kind = _load(name, where, files, findings)
    if kind is None or not isinstance(name, str):
        return None
    reader = Reader()
    rule = reader.read(options, kind, path)
    findings += reader.findings
    return RulePart(use=name, rule=rule, path=path) if isinstance(rule, Rule) and not reader.findings else None


def _load(name: object, path: Path, files: PluginFiles, findings: list[RawProblem]) -> type[Rule] | None:
    known = rule_names()
    if not isinstance(name, str):
        message = f'needs kind = "NAME", got {show(name)}'
        findings.append(RawProblem(path=path, message=message, hint=nearest("", known), unreadable=(path,)))
    elif not names_file(name) and name not in known:
        message = f"unknown rule {quote(name)}"
        findings.append(RawProblem(path=path, message=message, hint=nearest(name, known), unreadable=(path,)))
    else:
        try:
            return load_rule(name, files)
        except PluginError as error:
            hint = nearest(error.given, error.valid)
            findings.append(RawProblem(path=path, message=str(error), hint=hint, unreadable=(path,)))
    return None


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
