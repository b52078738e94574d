"""What the scenarios of a swarm reached: keys, values of enumerations, kinds, pairs of kinds, commands, faults."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import msgspec

from monerosim.agent.commands import COMMON_COMMANDS
from monerosim.agent.conditions import CONDITIONS
from monerosim.config import fields_of
from monerosim.plan.restarts import Restarts
from monerosim.rules import load_rule, rule_names
from monerosim.scenario.tables import Alert, HardFork, Node, Participant, Scenario, TimelineEntry, Upgrade, Wallet
from monerosim.swarm.cases import MISHAPS, Case
from monerosim.swarm.inspection import SHOWN
from monerosim.swarm.scenarios import behaviours
from monerosim.swarm.values import choices, structure
from monerosim.topology import load_topology, topology_names

ENOUGH = 50
"""How often each is to be reached."""

ENOUGH_PAIRS = 5

ENOUGH_RUNS = 0.05
"""The share of the runs that is to show each of :data:`monerosim.swarm.inspection.SHOWN`."""

_SERVICES: Mapping[str, type[msgspec.Struct]] = {"node": Node, "wallet": Wallet, "restarts": Restarts}


class Reached:
    """Counts what valid scenarios, and their runs, have reached."""

    def __init__(self) -> None:
        self._behaviours = behaviours()
        self._topologies = {name: load_topology(name) for name in topology_names()}
        self._rules = {name: load_rule(name) for name in rule_names()}
        self.counts: Counter[str] = Counter(dict.fromkeys(self._everything(), 0))
        """How often each key, value, kind, command and fault was in a valid scenario; all of them are there."""
        self.pairs: Counter[tuple[str, str]] = Counter(dict.fromkeys(combinations(sorted(self._behaviours), 2), 0))
        self.shown: Counter[str] = Counter(dict.fromkeys(SHOWN, 0))
        self.valid = 0
        self.played = 0

    def add(self, case: Case) -> None:
        """Count a valid scenario."""
        self.valid += 1
        if case.document is not None:
            found = list(self._of(case.document))
            self.counts.update({what for what in found if what in self.counts})
            kinds = sorted({what.removeprefix("kind ") for what in found if what.startswith("kind ")})
            self.pairs.update(pair for pair in combinations(kinds, 2) if pair in self.pairs)
        if case.mishap != "none":
            self.counts[f"fault {case.mishap}"] += 1

    def add_run(self, shows: tuple[str, ...]) -> None:
        """Count a run, and what it showed."""
        self.played += 1
        self.shown.update(shows)

    def missing(self) -> list[str]:
        """Name what was not reached often enough, and how often it was."""
        few = [f"{what} ({count})" for what, count in self.counts.items() if count < ENOUGH]
        few += [f"{one} with {two} ({count})" for (one, two), count in self.pairs.items() if count < ENOUGH_PAIRS]
        if self.played:
            few += [
                f"runs with {what} ({count} of {self.played})"
                for what, count in self.shown.items()
                if count < ENOUGH_RUNS * self.played
            ]
        return few

    def _everything(self) -> Iterator[str]:
        for field in fields_of(Scenario):
            yield field.encode_name
            table = structure(field.type)
            if table is not None:
                yield from _keys(field.encode_name, table)
        yield from _keys("participant", Participant)
        yield from _keys("timeline", TimelineEntry)
        yield from (key for key in _keys("alerts", Alert) if key != "alerts.command")
        for name, service in _SERVICES.items():
            yield from _keys(name, service)
        for name, topology in self._topologies.items():
            yield f"topology {name}"
            yield from _keys(name, topology)
        yield from (*_keys("hard_forks", HardFork), *_keys("upgrade", Upgrade))
        for name, rule in self._rules.items():
            yield f"rule {name}"
            yield from _keys(name, rule)
        for command in (*COMMON_COMMANDS, *CONDITIONS):
            yield f"command {command}"
        for name, behaviour in self._behaviours.items():
            yield f"kind {name}"
            yield from _keys(name, behaviour.Config)
            for command, message in behaviour.commands.items():
                yield f"command {command}"
                yield from _keys(f"{name} {command}", message)
        yield from (f"fault {mishap}" for mishap in MISHAPS if mishap != "none")

    def _of(self, document: Mapping[str, Any]) -> Iterator[str]:
        for field in fields_of(Scenario):
            if field.encode_name in document:
                yield field.encode_name
                table = structure(field.type)
                if table is not None:
                    yield from _given(field.encode_name, table, document[field.encode_name])
        topology = document.get("network", {}).get("topology")
        name = topology.get("kind") if isinstance(topology, dict) else topology
        if name in self._topologies:
            yield f"topology {name}"
            yield from _given(name, self._topologies[name], topology)
        yield from self._of_forks(document.get("rules", {}))
        uses: dict[str, list[str]] = {}
        for who, participant in document.get("participants", {}).items():
            uses[who] = list(_uses(participant))
            yield from self._of_participant(participant)
        for alert in document.get("alerts", ()):
            yield from _given("alerts", Alert, alert)
        for entry in document.get("timeline", ()):
            yield from _given("timeline", TimelineEntry, entry)
            yield f"command {entry.get('do')}"
            who = entry.get("who", "")
            for use in uses.get(who, uses.get(who.rpartition("-")[0], [])):
                message = self._behaviours[use].commands.get(entry["do"]) if use in self._behaviours else None
                if message is not None:
                    yield from _given(f"{use} {entry['do']}", message, {**entry, **entry.get("arguments", {})})

    def _of_forks(self, table: Mapping[str, Any]) -> Iterator[str]:
        yield from self._of_rules(table.get("use", ()))
        for fork in table.get("hard_forks", ()):
            yield from self._of_rules(fork.get("use", ()))
            yield from _given("hard_forks", HardFork, fork)

    def _of_rules(self, given: object) -> Iterator[str]:
        for one in given if isinstance(given, list) else (given,):
            name = one.get("kind") if isinstance(one, dict) else one
            if isinstance(name, str) and name in self._rules:
                yield f"rule {name}"
                yield from _given(name, self._rules[name], one)

    def _of_participant(self, participant: Mapping[str, Any]) -> Iterator[str]:
        yield from _given("participant", Participant, participant)
        for key, service in _SERVICES.items():
            yield from _given(key, service, participant.get(key))
        if isinstance(node := participant.get("node"), dict):
            yield from self._of_rules(node.get("rules", ()))
            yield from _given("upgrade", Upgrade, node.get("upgrade"))
        settings = {**participant, **participant.get("settings", {})}
        tables = [settings] if "kind" in participant else []
        for use, table in zip(_uses(participant), [*tables, *participant.get("actors", ())], strict=True):
            if use in self._behaviours:
                yield f"kind {use}"
                yield from _given(use, self._behaviours[use].Config, table)


def _uses(participant: Mapping[str, Any]) -> Iterator[str]:
    """Name the behaviours of a participant."""
    if "kind" in participant:
        yield participant["kind"]
    yield from (actor["use"] for actor in participant.get("actors", ()))


def _keys(name: str, table: type[msgspec.Struct]) -> Iterator[str]:
    """Name the keys of a table, and the values of those that have few."""
    for field in fields_of(table):
        yield f"{name}.{field.encode_name}"
        yield from (f"{name}.{field.encode_name} = {_show(value)}" for value in choices(field.type))


def _given(name: str, table: type[msgspec.Struct], values: object) -> Iterator[str]:
    """Name the keys that a table has, and their values."""
    if not isinstance(values, Mapping):
        return
    for key in table.__struct_encode_fields__:
        if key in values:
            yield f"{name}.{key}"
            value = values[key]
            yield from (f"{name}.{key} = {_show(item)}" for item in (value if isinstance(value, list) else [value]))


def _show(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
