"""The scenario's timeline: whom each entry tells what to do, and what is wrong with it."""

from collections.abc import Iterator, Mapping

import msgspec

from monerosim.agent.commands import COMMON_COMMANDS, SET, settable, understands
from monerosim.agent.condition_registry import INSTALLED_CONDITIONS, find_condition
from monerosim.agent.conditions import CONDITIONS, EVERYBODY
from monerosim.config import Config, change_config
from monerosim.engine import Engine
from monerosim.plugins import PluginError
from monerosim.scenario.compose import Composition, Part, actor_names, composition_keys, group_of, member_names
from monerosim.scenario.conditions import condition_problems
from monerosim.scenario.convert import Reader, build, nearest, quote, unknown_key
from monerosim.scenario.mentions import nobody, who_is_missing
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario, TimelineEntry
from monerosim.units import format_duration


def members_of(scenario: Scenario, who: str) -> list[str]:
    """List the hosts that a participant's, a group's or a member's name means; none if there is no such participant."""
    if who in scenario.participants:
        return member_names(who, scenario.participants[who].count)
    return [] if group_of(scenario, who) is None else [who]


def timeline_problems(
    scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None
) -> list[RawProblem]:
    """Check that each entry names somebody, something that one of its behaviours can do, and what it takes.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        engine: None if there is none such.
    """
    return list(_Checker(scenario, composed, engine).findings())


class _Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A behaviour's configuration once some entries have come."""

    config: Config
    places: Mapping[str, Path]
    """Which table set a key last, if not the participant's."""
    mistakes: frozenset[str]
    """What is wrong with it."""


class _Checker:
    def __init__(self, scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None) -> None:
        self._scenario = scenario
        self._engine = engine
        self._composed = composed
        self._settings: dict[tuple[str, Path, str], _Setting] = {}
        """What earlier entries have set, by name and behaviour; a solo miner is a user at the same place."""

    def findings(self) -> Iterator[RawProblem]:
        """Go through the entries in the order of their times, since a setting may build on an earlier one."""
        for index, entry in sorted(enumerate(self._scenario.timeline), key=lambda one: one[1].at):
            path: Path = ("timeline", index)
            duration = self._scenario.simulation.duration
            if entry.at >= duration:
                message = f"comes at {format_duration(entry.at)}, but the run ends at {format_duration(duration)}"
                depends_on: tuple[Path, ...] = (("simulation", "duration"),)
                yield RawProblem(path=(*path, "at"), message=message, severity="warning", depends_on=depends_on)
            yield from self._entry(entry, path)

    def _entry(self, entry: TimelineEntry, path: Path) -> Iterator[RawProblem]:
        try:
            kind = find_condition(entry.do)
        except PluginError as error:
            yield RawProblem(path=(*path, "do"), message=str(error), depends_on=((*path, "do"),))
            return
        if kind is not None and kind.for_all:
            yield from condition_problems(self._scenario, self._composed, self._engine, entry, kind, path)
            return
        group = entry.who if entry.who in self._composed else group_of(self._scenario, entry.who)
        if entry.who == EVERYBODY:
            message = "is missing: expected a participant or a group"
            yield RawProblem(path=(*path, "who"), message=message, unreadable=((*path, "who"),))
            return
        if group is None:
            yield nobody((*path, "who"), entry.who, self._composed)
            return
        depends_on = composition_keys(self._scenario.participants[group], ("participants", group))
        composition = self._composed[group]
        named = dict(zip(actor_names(composition.parts), composition.parts, strict=True))
        parts = [part for name, part in named.items() if entry.actor in ("", name)]
        able = [part for part in parts if understands(part.behaviour, entry.do, entry.arguments)]
        if kind is not None and not able:
            yield from condition_problems(self._scenario, self._composed, self._engine, entry, kind, path)
            return
        if not parts:
            message = f'"{group}" has no actor {quote(entry.actor)}' if entry.actor else f'"{group}" has no actors'
            where: Path = (*path, "actor" if entry.actor else "who")
            hint = nearest(entry.actor, named)
            yield RawProblem(path=where, message=message, hint=hint, depends_on=((*path, "actor"), *depends_on))
            return
        if not able:
            yield from self._unable(entry, parts, path, group)
        for part in able:
            yield from self._arguments(entry, part, path, group)

    def _unable(self, entry: TimelineEntry, parts: list[Part], path: Path, group: str) -> Iterator[RawProblem]:
        made = composition_keys(self._scenario.participants[group], ("participants", group))
        depends_on = ((*path, "do"), (*path, "actor"), *made)
        uses = " and ".join(dict.fromkeys(quote(part.use) for part in parts))
        if entry.do == SET and not entry.arguments:
            depends_on = (*depends_on, (*path, "arguments"))
            yield RawProblem(
                path=path, message="sets nothing: write the keys and their new values beside it", depends_on=depends_on
            )
        elif entry.do == SET:
            keys = {key for part in parts for key in settable(part.behaviour)}
            fixed = {key for part in parts for key in part.behaviour.immutable_settings}
            unknown = [key for key in entry.arguments if key not in keys]
            for key in unknown:
                refusal = (
                    f"cannot change {quote(key)} once it has begun" if key in fixed else f"has no key {quote(key)}"
                )
                message = f"the actor {uses} {refusal}"
                yield RawProblem(path=(*path, key), message=message, hint=nearest(key, keys), depends_on=depends_on)
            if not unknown:
                message = f"no single actor has all of {', '.join(entry.arguments)}: make it several entries"
                yield RawProblem(path=path, message=message, depends_on=depends_on)
            for part in parts:
                known = {key: value for key, value in entry.arguments.items() if key in settable(part.behaviour)}
                yield from self._set(entry.who, known, part, path, group)
        else:
            conditions = {*CONDITIONS, *INSTALLED_CONDITIONS.names()}
            commands = {*COMMON_COMMANDS, *conditions, *(name for part in parts for name in part.behaviour.commands)}
            message = f"the actor {uses} does not understand {quote(entry.do)}"
            yield RawProblem(
                path=(*path, "do"), message=message, hint=nearest(entry.do, commands), depends_on=depends_on
            )

    def _arguments(self, entry: TimelineEntry, part: Part, path: Path, group: str) -> Iterator[RawProblem]:
        if entry.do == SET:
            yield from self._set(entry.who, entry.arguments, part, path, group)
        elif entry.do in COMMON_COMMANDS:
            fields = [field for field in TimelineEntry.__struct_fields__ if field != "arguments"]
            for key in entry.arguments:
                yield unknown_key((*path, key), fields, entry.arguments)
        else:
            reader = Reader()
            message = reader.read(entry.arguments, part.behaviour.commands[entry.do], path)
            yield from reader.findings
            if isinstance(message, msgspec.Struct):
                yield from who_is_missing(self._scenario, self._composed, message, path)

    def _set(
        self, who: str, arguments: Mapping[str, object], part: Part, path: Path, group: str
    ) -> Iterator[RawProblem]:
        """Check new values, and whether they go together with those that stay as they are."""
        usual = self._settings.get((group, part.path, part.use)) or _beginning(part)
        before = self._settings.get((who, part.path, part.use), usual)
        kind = part.behaviour.Config
        reader = Reader()
        values = reader.read_fields(arguments, kind, path)
        yield from reader.findings
        changed = change_config(msgspec.structs.asdict(before.config), values, kind)
        config, mistakes = build(kind, changed, whole=False)
        if not isinstance(config, Config):
            return
        places = {**before.places, **dict.fromkeys(arguments, path)}
        for mistake in mistakes:
            if mistake.message not in before.mistakes:
                keys = [(places.get(str(key[0]), part.path), key) for key in mistake.depends_on]
                depends_on = tuple((*place, *key) for place, key in keys) + tuple((*place, "at") for place, _ in keys)
                finding = mistake.at(path, arguments)
                yield msgspec.structs.replace(finding, depends_on=depends_on)
        told = frozenset(mistake.message for mistake in mistakes)
        self._settings[who, part.path, part.use] = _Setting(config=config, places=places, mistakes=told)
        missing = who_is_missing(self._scenario, self._composed, config, path)
        yield from (finding for finding in missing if finding.path[len(path)] in arguments)


def _beginning(part: Part) -> _Setting:
    _, mistakes = build(part.behaviour.Config, msgspec.structs.asdict(part.config), whole=False)
    return _Setting(config=part.config, places={}, mistakes=frozenset(mistake.message for mistake in mistakes))
